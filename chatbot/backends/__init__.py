"""Backends take messages and yield text. They know nothing of prompts, people or rows."""
