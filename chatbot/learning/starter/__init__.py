"""The recipe of the shipped model: tokenizer, language, chat, polish, checkpoint.

`python -m chatbot.learning.starter --data DIR --out DIR` runs it.
"""
