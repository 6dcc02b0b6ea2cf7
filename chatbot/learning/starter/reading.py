"""Reads the corpus's own files: passages, and the situations about them.

Everything that looks at the corpus (recipe, evaluation, linter) comes here. Knows the names
of the files; what of it may be learned is holdout.py's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.learning.starter.sources import json_lines

CORPUS = Path(__file__).parent / "corpus"
TEXT_SKILLS = ("rewrite", "summary")
"""Skills whose situations carry a text to work on, and no wordings of a question."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages and situations of some files, in their order."""

    passages: tuple[Record, ...]
    records: tuple[Record, ...]


def read(folder: Path = CORPUS) -> Corpus:
    """Read all files of the folder. Raises ValueError for a line that is no JSON."""

    def lines(kind: str) -> tuple[Record, ...]:
        return tuple(r for path in sorted(folder.glob(f"*.{kind}.jsonl")) for r in json_lines(path))

    return Corpus(lines("passages"), lines("records"))


@cache
def corpus() -> Corpus:
    """Return the project's corpus, read once."""
    return read()
