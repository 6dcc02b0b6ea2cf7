"""Says how good a model is at this product's work: `chatbot evaluate MODEL --suite starter`.

cases.py and public.py make the questions, running.py has them answered, judging.py and
topics.py judge each reply, measures.py counts; suite.py is the way through all of them.
"""
