"""All of authoring in one service: see `chatbot.authoring`."""

from chatbot.authoring.exchanging import Exchanging


class Authoring(Exchanging):
    """Prompts as authors and administrators work on them. Safe to share between threads."""
