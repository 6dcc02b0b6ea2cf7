"""The text of a prompt and its partials: byte checks, and places in it. Knows no syntax.

Jinja keeps line numbers only. We hand it a *mark* in their place: one integer that says which text
and which character, so that every error, also one at render time, names a line and a column.
"""

import re
from dataclasses import dataclass, field
from typing import TypeVar

from prompts.errors import Faults, PromptError, TooMuch, Undeclared

E = TypeVar("E", bound=PromptError)

MAX_BYTES = 64 * 1024
_TEXT_BITS = 17  # a text has at most 2**16 characters; one bit of air for "just after the end"

_UNSEEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f\ufff9-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def read_text(
    raw: str | bytes,
    partial: str | None = None,
    limit: int = MAX_BYTES,
    faults: Faults | None = None,
) -> str:
    """Return the text with a byte order mark dropped and line ends as `\\n`.

    Refuses bytes that are not UTF-8, more than `limit` of them, control characters, and characters
    that nobody sees (they can hide what a template does). A fault raises PromptError, or is kept,
    with a space in the text for it; too long a text, and what is no text, raise always.
    """
    if isinstance(raw, bytes):
        raw = _decoded(raw, partial)
    if len(raw) > limit or len(raw.encode(errors="replace")) > limit:
        large = f"The text is larger than {limit // 1024} KiB."
        raise PromptError(large, 1, 1, "Shorten it.", partial=partial)
    text = raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _seen(text, partial, faults or Faults())


def _seen(text: str, partial: str | None, faults: Faults) -> str:
    for pattern, what in ((_CONTROL, "A control character"), (_UNSEEN, "An invisible character")):
        for found in pattern.finditer(text):
            line, column = line_and_column(text, found.start())
            code = f"U+{ord(found.group()):04X}"
            with faults:
                raise PromptError(
                    f"{what} ({code}) is not allowed.", line, column, "Delete it.", partial=partial
                )
        text = pattern.sub(" ", text)
    return text


def _decoded(raw: bytes, partial: str | None) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise PromptError(
            "This is not UTF-8 text.", line, column, "Save the file as UTF-8.", partial=partial
        ) from None


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column, both from 1, of a character."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


@dataclass(slots=True)
class Sources:
    """The main text (number 0) and every partial in use, by the number that marks carry."""

    texts: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def add(self, text: str, name: str | None = None) -> int:
        """Keep a text; return its number."""
        self.texts.append(text)
        self.names.append(name)
        return len(self.texts) - 1

    @staticmethod
    def mark(number: int, offset: int) -> int:
        """Return the integer that stands for a character of a text."""
        return (number << _TEXT_BITS) | offset

    @staticmethod
    def unmark(mark: int) -> tuple[int, int]:
        """Return the number of the text and the offset in it."""
        return mark >> _TEXT_BITS, mark & ((1 << _TEXT_BITS) - 1)

    def line_at(self, mark: int) -> str:
        """Return the whole line that holds the marked character, without its end."""
        number, offset = self.unmark(mark)
        text = self.texts[number]
        end = text.find("\n", offset)
        return text[text.rfind("\n", 0, offset) + 1 : end if end >= 0 else len(text)]

    def error(self, mark: int, message: str, hint: str = "") -> PromptError:
        """Return the error that names the marked place."""
        return self._placed(PromptError, mark, message, hint)

    def undeclared(self, mark: int, message: str, hint: str = "") -> Undeclared:
        """Return the error that names the marked place, where an unknown name stands."""
        return self._placed(Undeclared, mark, message, hint)

    def too_much(self, mark: int, message: str, hint: str = "") -> TooMuch:
        """Return the error that names the marked place and ends the reading."""
        return self._placed(TooMuch, mark, message, hint)

    def _placed(self, kind: type[E], mark: int, message: str, hint: str) -> E:
        number, offset = self.unmark(mark)
        line, column = line_and_column(self.texts[number], offset)
        return kind(message, line, column, hint, partial=self.names[number])
