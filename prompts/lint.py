"""All that is wrong or odd in a prompt's text, each with its place and a remedy. Knows no page.

Errors are what `parse` refuses, and it goes on after each; warnings are in doubts.py. Fast enough
to run at every keystroke.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prompts.doubts import doubts
from prompts.errors import Faults, PromptError
from prompts.examples import taken
from prompts.format import read_draft
from prompts.problems import Problem, in_order, of_error
from prompts.source import read_text

__all__ = ["Problem", "lint"]


def lint(
    source: str | bytes,
    partials: Mapping[str, str] | None = None,
    examples: Iterable[Mapping[str, Any]] | None = None,
) -> list[Problem]:
    """Return the problems in order of place; `parse` accepts exactly what has no error here."""
    faults = Faults(keep=True)
    found: list[Problem] = []
    try:
        found = _warnings(source, partials or {}, examples, faults)
    except PromptError as error:  # nothing can be read, or there is more than anybody would
        faults.found.append(error)
    except RecursionError:
        faults.found.append(PromptError("This is nested too deeply.", 1, 1, "Flatten it."))
    return in_order([*map(of_error, faults.found), *found])[: Faults.MOST]


def _warnings(
    source: str | bytes,
    partials: Mapping[str, str],
    examples: Iterable[Mapping[str, Any]] | None,
    faults: Faults,
) -> list[Problem]:
    """Read as far as the text goes, keeping its faults; return what is doubtful in it."""
    shown: tuple[Any, ...] = ()
    with faults:
        shown = taken(examples)
    text = read_text(source, faults=faults)
    return list(doubts(read_draft(text, partials, shown, faults), partials))
