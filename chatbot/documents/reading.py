"""Read a file or a folder into articles; bad ones are named and the rest goes on."""

from collections.abc import Iterator
from pathlib import Path

from chatbot.documents.parsed import Bad, Parsed, Tell, quiet

SUFFIXES = (".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".txt", ".csv")


def read(path: Path, *, tell: Tell = quiet) -> Iterator[Parsed | Bad]:
    """The articles of a file, by its suffix. Never raises for a bad file."""
    raise NotImplementedError


def read_folder(path: Path) -> Iterator[Parsed | Bad]:
    """The articles of every file under a folder, in the order of their names."""
    raise NotImplementedError
