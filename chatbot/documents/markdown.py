"""Markdown with optional front matter: the page's editor and .md files."""

from chatbot.documents.parsed import Parsed


def parse_text(text: str, source: str = "") -> Parsed:
    """An article out of Markdown."""
    raise NotImplementedError


def plain_of_markdown(text: str) -> str:
    """Markdown's words without its signs."""
    raise NotImplementedError
