"""What can be wrong with a prompt or with the values given to it. Knows nothing else.

    PromptError     the author's text or a value is wrong; says where, what and how to mend it
    ValueRefused    the same while rendering, before the place is known; never leaves this package
    Faults          where errors go: the first is raised, or all are kept (lint)

Sentences name inputs, tags and lengths, never the text of a value: they may be shown and logged.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class PromptError(Exception):
    """A prompt that cannot be read, or values that it cannot be rendered with.

    `line` and `column` count from 1 in the prompt's file, or in the partial that `partial` names;
    both are None when the fault is in a value. `input_name` is the input whose value is wrong.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        hint: str = "",
        *,
        partial: str | None = None,
        input_name: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint
        self.partial = partial
        self.input_name = input_name

    def __str__(self) -> str:
        place = f"{self.partial}, " if self.partial else ""
        if self.line is not None:
            place += f"line {self.line}, column {self.column}"
        sentence = f"{self.message} {self.hint}".strip()
        return f"{place.removesuffix(', ')}: {sentence}" if place else sentence


class TooMuch(PromptError):
    """A text of a size or depth that nobody means: reading ends here, whatever else is wrong."""


class Undeclared(PromptError):
    """A name that is neither an input nor set: all else of the prompt can be looked at."""


class ValueRefused(Exception):
    """An expression came out as something that cannot be printed, joined or looped over."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Faults:
    """Where errors in an author's text go: raised at once, or kept so that the reading goes on.

    `with faults:` lets a PromptError of the block through, or keeps it and goes on after the block.
    TooMuch, and the next once `MOST` are kept, are let through: the reading ends there.
    """

    MOST = 100

    def __init__(self, *, keep: bool = False) -> None:
        self.found: list[PromptError] = []
        self.keep = keep

    def add(self, error: PromptError) -> None:
        """Keep an error, or raise it."""
        if not self._takes(error):
            raise error
        self.found.append(error)

    def __enter__(self) -> None:
        """Begin a block that may fail."""

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> bool:
        """Keep the error of a block, where errors are kept and there is room for it."""
        if not isinstance(error, PromptError) or not self._takes(error):
            return False
        self.found.append(error)
        return True

    def _takes(self, error: PromptError) -> bool:
        room = len(self.found) < self.MOST
        return self.keep and room and not isinstance(error, TooMuch)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return "Did you mean `x`?" for the closest known word, or `otherwise`."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else otherwise
