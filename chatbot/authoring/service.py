"""All of authoring in one service: see `chatbot.authoring`."""

from chatbot.authoring.comparing import Comparing


class Authoring(Comparing):
    """Prompts as authors and administrators work on them. Safe to share between threads."""
