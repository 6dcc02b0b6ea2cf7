"""What lint says about a place in a prompt. Knows no check."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prompts.errors import PromptError, Undeclared


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend. An error keeps the prompt from being used, a warning does not.

    `line` and `column` count from 1 in the prompt's file, or in the file that `partial` names;
    `code` names the check, "error" for what keeps a text from being read; "undeclared" for an
    unknown name, which does not keep it from being looked at.
    """

    severity: Literal["error", "warning"]
    message: str
    line: int
    column: int
    hint: str = ""
    partial: str | None = None
    code: str = ""


def of_error(error: PromptError) -> Problem:
    """Return the problem that an error in a text comes to."""
    line, column = error.line or 1, error.column or 1
    code = "undeclared" if isinstance(error, Undeclared) else "error"
    return Problem("error", error.message, line, column, error.hint, error.partial, code)


def warning(code: str, error: PromptError) -> Problem:
    """Return a warning at the place of an error that was not raised."""
    line, column = error.line or 1, error.column or 1
    return Problem("warning", error.message, line, column, error.hint, error.partial, code)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return them by place, the prompt's file first; of several errors in one place, the first."""
    seen: set[tuple[str, int, int]] = set()
    kept: list[Problem] = []
    for problem in problems:
        place = (problem.partial or "", problem.line, problem.column)
        if problem.severity == "error" and place in seen:
            continue
        seen.add(place)
        kept.append(problem)
    return sorted(kept, key=lambda one: (one.partial or "", one.line, one.column))
