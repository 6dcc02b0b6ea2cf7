"""A small prompt to change, test and publish."""


def greeting_prompt(system="Be brief.", *, name="greeting", before="", more=""):
    """Its text. `before` stands before the question, `more` in what we say of the prompt."""
    return f"""---
name: {name}
description: Greets.
inputs:
  - {{name: question, kind: text, required: true, description: What is asked.}}
metadata:
  chatbot: {{kind: task{more}}}
---
system:
{system}

user:
{before}{{{{ question }}}}
"""
