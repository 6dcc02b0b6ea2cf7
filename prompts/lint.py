"""All that is wrong or odd in a prompt's text, each with its place and a remedy. Knows no page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prompts.errors import PromptError
from prompts.format import parse


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend. An error keeps the prompt from being used, a warning does not.

    `line` and `column` count from 1 in the prompt's file, or in the file that `partial` names.
    """

    severity: Literal["error", "warning"]
    message: str
    line: int
    column: int
    hint: str = ""
    partial: str | None = None
    code: str = ""


def lint(
    source: str | bytes,
    partials: Mapping[str, str] | None = None,
    examples: Iterable[Mapping[str, Any]] | None = None,
) -> list[Problem]:
    """Return all problems in order of place; `parse` accepts exactly what has no error here."""
    try:
        parse(source, partials, examples)
    except PromptError as error:
        return [
            Problem(
                "error",
                error.message,
                error.line or 1,
                error.column or 1,
                error.hint,
                error.partial,
                "error",
            )
        ]
    return []
