"""What an article says of itself: front matter of Markdown, columns of a table.

A field that is there and not understood is refused, never guessed: an article whose visibility is
misspelled would otherwise become public.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from chatbot.documents.blocks import one_line
from chatbot.documents.parsed import Unreadable, Visibility
from prompts.errors import PromptError
from prompts.frontmatter import read_yaml

MOST_TAGS = 30
MOST_TAG = 60

_FENCED = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^[A-Za-z_][\w-]*[ \t]*:", re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The fields before a Markdown text and the text. Raises Unreadable."""
    found = _FENCED.match(text)
    if found is None or (found[1].strip() and not _FIELD.search(found[1])):
        return {}, text
    try:
        values, _ = read_yaml("\n" + found[1], "The front matter")
    except PromptError as error:
        raise Unreadable(f"Its front matter cannot be read: {error}") from None
    return (values if isinstance(values, dict) else {}), text[found.end() :]


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that `Parsed` has, checked; others are left out. Raises Unreadable."""
    return {
        "title": one_line(_text(values, "title")),
        "tags": _tags(values.get("tags")),
        "language": _language(_text(values, "language")),
        "visibility": _visibility(_text(values, "visibility")),
        "owner": one_line(_text(values, "owner"))[:200],
        "valid_from": _day(values, "valid_from"),
        "valid_until": _day(values, "valid_until"),
    }


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is not None and not isinstance(value, str | int | float):
        raise Unreadable(f'Its field "{name}" must be text.')
    return "" if value is None else str(value).strip()


def _tags(value: Any) -> tuple[str, ...]:
    rows = re.split(r"[,;]", value) if isinstance(value, str) else value or []
    if not isinstance(rows, list):
        raise Unreadable('Its field "tags" must be a list of words, or words between commas.')
    tags = (one_line(str(row))[:MOST_TAG].strip() for row in rows if row is not None)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MOST_TAGS]


def _language(text: str) -> str:
    if text and not (_LANGUAGE.fullmatch(text) and len(text) <= 20):
        raise Unreadable('Its field "language" must be a code such as en, de or pt-BR.')
    return text.lower()


def _visibility(text: str) -> Visibility | None:
    if (word := text.lower()) == "public":
        return "public"
    if word == "internal":
        return "internal"
    if word:
        raise Unreadable('Its field "visibility" must be public or internal.')
    return None


def _day(values: Mapping[str, Any], name: str) -> date | None:
    text = _text(values, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unreadable(f'Its field "{name}" must be a day such as 2026-03-31.') from None
