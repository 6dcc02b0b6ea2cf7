"""Few-shot examples: pairs of what a user says and what the assistant should answer.

They belong to a prompt version and go in where `{{ examples }}` stands, as messages of their own.
Plain text: nothing in them is read as template, role or tag. Knows no values; which examples are
like a question is for the caller to say (`render(…, chosen=…)`).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.errors import PromptError

SLOT = "examples"
FILE = "examples.jsonl"
MAX_EXAMPLES = 500
MAX_TEXT = 10_000
_FIELDS = frozenset({"user", "assistant"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Example:
    """What a user says, and what the assistant should answer. Blank edges are cut."""

    user: str
    assistant: str

    @property
    def stored(self) -> dict[str, str]:
        """The plain form that is stored and exchanged."""
        return {"user": self.user, "assistant": self.assistant}


def read_examples(text: str) -> tuple[Example, ...]:
    """Return the examples of JSON Lines, `{"user": …, "assistant": …}` on each line.

    Raises PromptError with the line; blank lines are passed over.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    return _counted([_of_line(line, n) for n, line in enumerate(lines, 1) if line.strip()])


def taken(examples: Iterable[Mapping[str, Any]] | None) -> tuple[Example, ...]:
    """Return examples as they are stored, checked; raises PromptError naming the example."""
    return _counted([_checked(item, n) for n, item in enumerate(examples or (), 1)])


def written(examples: Sequence[Example]) -> str:
    """Return the examples as JSON Lines, as `read_examples` takes them."""
    return "".join(json.dumps(one.stored, ensure_ascii=False) + "\n" for one in examples)


def _counted(examples: list[Example]) -> tuple[Example, ...]:
    if len(examples) > MAX_EXAMPLES:
        raise PromptError(f"There are more than {MAX_EXAMPLES} examples.", 1, 1, partial=FILE)
    return tuple(examples)


def _of_line(line: str, number: int) -> Example:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        raise PromptError(
            "This line is not JSON.",
            number,
            column,
            'Write `{"user": "…", "assistant": "…"}` on one line.',
            partial=FILE,
        ) from None
    return _checked(item, number)


def _checked(item: object, number: int) -> Example:
    if not isinstance(item, Mapping) or set(item) != _FIELDS:
        raise _error(number, "An example holds `user` and `assistant`, nothing else.")
    texts = {key: _text(item[key], key, number) for key in ("user", "assistant")}
    return Example(**texts)


def _text(value: object, key: str, number: int) -> str:
    """Return a text without the blank edges that an author's message loses too."""
    if not isinstance(value, str):
        raise _error(number, f"`{key}` must be a text.")
    text = value.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n").rstrip()
    if not text:
        raise _error(number, f"`{key}` is empty.")
    if len(text) > MAX_TEXT:
        raise _error(number, f"`{key}` has more than {MAX_TEXT:,} characters.")
    if found := _CONTROL.search(text):
        raise _error(number, f"`{key}` holds a control character (U+{ord(found.group()):04X}).")
    return text


def _error(number: int, message: str) -> PromptError:
    return PromptError(message, number, 1, partial=FILE)
