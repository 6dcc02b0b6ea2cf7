"""The filters and tests that a template may use, and the three that the reader slips in.

Each takes and gives plain values. Whatever can grow is bounded before it is built: a template must
not be able to ask for a gigabyte. Anything not in FILTERS or TESTS does not exist.
"""

import json
import textwrap
from collections.abc import Callable, Iterable, Sized
from typing import Any, cast

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from prompts.errors import ValueRefused

MAX_CHARACTERS = 256 * 1024
MAX_STEPS = 10_000
MAX_RANGE = 1_000
BUDGET = "$budget"  # no template can name these four
FROM = "$from"
GLUE = "$glue"
LOOP = "$loop"


class Value(str):
    """Text that came from an expression, told apart from the author's own text.

    `input` is the input that it came from, where it came from one.
    """

    input: str | None = None

    def __str__(self) -> str:
        return self


class Hole(str):
    """What stands for a value that nobody can give yet: its name, whatever is asked of it."""

    __slots__ = ()


class Budget:
    """Loop steps that one rendering may still take."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = MAX_STEPS

    def take(self, steps: int) -> None:
        """Count steps; raises ValueRefused when there are too many in all."""
        self.steps -= steps
        if self.steps < 0:
            raise ValueRefused(f"The loops take more than {MAX_STEPS:,} steps.", "Shorten them.")


def printed(value: object) -> Value:
    """Return what an expression prints; raises ValueRefused for what has no plain text."""
    kind = type(value)
    if kind is Value:
        return cast("Value", value)
    if kind is str or kind is Hole:
        return Value(value)
    if kind is int or kind is float or kind is bool:
        return Value(str(value))
    if isinstance(value, Undefined):
        return Value(str(value))  # raises, in Jinja's way
    if value is None:
        raise ValueRefused(
            "This has no value here.", 'Write `|default("…")` after it, or `{% if … %}` around it.'
        )
    if isinstance(value, list | tuple):
        raise ValueRefused(
            "A list cannot be printed as it is.",
            'Write `|join(", ")` or `|tojson` after it, or loop over it.',
        )
    raise ValueRefused(
        "This cannot be printed as it is.", "Write `|tojson` after it, or name one of its fields."
    )


def came_from(value: object, name: str) -> Value:
    """Return what an expression prints, with the input that it came from noted on it."""
    text = Value(printed(value))
    text.input = name
    return text


def glue(parts: list[object]) -> str:
    """Return the texts of `a ~ b ~ c` joined."""
    return _bounded_join("", [printed(part) for part in parts])


@pass_context
def loop(context: Context, items: object) -> Iterable[Any]:
    """Return what a `for` runs over, once its steps are paid for."""
    if type(items) is Hole:
        items = [items]
    if isinstance(items, list | tuple | range):
        context[BUDGET].take(len(items))
        return items
    if isinstance(items, Undefined):
        iter(items)  # raises, in Jinja's way
    raise ValueRefused("A loop needs a list.", "Loop over an input of kind list or passages.")


def bounded_range(*arguments: int) -> range:
    """Return Python's range, at most 1,000 long."""
    numbers = range(*arguments)
    if len(numbers) > MAX_RANGE:
        raise ValueRefused(f"`range` gives at most {MAX_RANGE:,} numbers.", "Ask for fewer.")
    return numbers


def _bounded_join(separator: str, texts: list[str]) -> str:
    length = sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0)
    if length > MAX_CHARACTERS:
        raise _too_long()
    return separator.join(texts)


def _too_long() -> ValueRefused:
    return ValueRefused(f"This makes more than {MAX_CHARACTERS:,} characters.", "Shorten it.")


def _default(value: object, fallback: object = "", boolean: object = False) -> object:
    missing = value is None or isinstance(value, Undefined) or (boolean and not value)
    return fallback if missing else value


def _join(items: object, separator: str = "", attribute: str | None = None) -> str:
    if type(items) is Hole:
        items = [items]
    if not isinstance(items, list | tuple):
        raise ValueRefused("`join` needs a list.")
    if attribute is not None:
        items = [_field(item, attribute) for item in items]
    return _bounded_join(_text(separator), [printed(item) for item in items])


def _field(item: object, name: str) -> object:
    if not isinstance(item, dict) or name not in item:
        raise ValueRefused("The items of this list have no such field.")
    return item[name]


def _tojson(value: object, indent: int | None = None) -> str:
    if isinstance(indent, int) and not 0 <= indent <= 8:
        raise ValueRefused("`tojson` indents by at most 8.")
    if isinstance(value, Undefined):
        str(value)  # raises, in Jinja's way
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_CHARACTERS:
            raise _too_long()
    return "".join(pieces)


def _replace(value: object, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if len(text) + text.count(old) * max(len(new) - len(old), 0) > MAX_CHARACTERS:
        raise _too_long()
    return text.replace(old, new)


def _indent(value: object, width: int = 4) -> str:
    if not isinstance(width, int) or not 0 <= width <= 40:
        raise ValueRefused("`indent` takes a width from 0 to 40.")
    lines = _text(value).split("\n")
    return _bounded_join("\n" + " " * width, lines)


def _truncate(value: object, length: int = 255, end: str = "…") -> str:
    text = _text(value)
    return text if len(text) <= length else text[: max(length - len(end), 0)].rstrip() + end


def _round(value: object, digits: int = 0) -> int | float:
    if not isinstance(value, int | float) or not isinstance(digits, int) or not 0 <= digits <= 10:
        raise ValueRefused("`round` takes a number and from 0 to 10 digits.")
    return round(value, digits) if digits else round(value)


def _length(value: object) -> int:
    if not isinstance(value, Sized) or isinstance(value, Undefined):
        raise ValueRefused("`length` needs a text or a list.")
    return len(value)


def _end(position: int) -> Callable[[object], object]:
    def pick(value: object) -> object:
        if not isinstance(value, list | tuple | str):
            raise ValueRefused("`first` and `last` need a list or a text.")
        return value[position] if value else None

    return pick


def _reversed(value: object) -> object:
    if not isinstance(value, list | tuple | str):
        raise ValueRefused("`reverse` needs a list or a text.")
    return value[::-1]


def _sorted(value: object) -> list[object]:
    if not isinstance(value, list | tuple) or not all(type(x) is str for x in value):
        raise ValueRefused("`sort` and `unique` need a list of texts.")
    return sorted(value)


def _unique(value: object) -> list[object]:
    if not isinstance(value, list | tuple) or not all(type(x) is str for x in value):
        raise ValueRefused("`sort` and `unique` need a list of texts.")
    return list(dict.fromkeys(value))


def _lines(value: object) -> list[str]:
    return _text(value).splitlines()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueRefused("This filter needs a text.", 'Write `|default("")` before it.')
    return value


def _on_text(change: Callable[[str], object]) -> Callable[[object], object]:
    return lambda value: change(_text(value))


FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": _on_text(str.capitalize),
    "count": _length,
    "d": _default,
    "dedent": _on_text(textwrap.dedent),
    "default": _default,
    "first": _end(0),
    "indent": _indent,
    "join": _join,
    "last": _end(-1),
    "length": _length,
    "lines": _lines,
    "lower": _on_text(str.lower),
    "replace": _replace,
    "reverse": _reversed,
    "round": _round,
    "sort": _sorted,
    "title": _on_text(str.title),
    "tojson": _tojson,
    "trim": _on_text(str.strip),
    "truncate": _truncate,
    "unique": _unique,
    "upper": _on_text(str.upper),
    "wordcount": _on_text(lambda text: len(text.split())),
}

TESTS: dict[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "none": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "even": lambda value: value % 2 == 0,
    "odd": lambda value: value % 2 == 1,
    "in": lambda value, items: value in items,
    "equalto": lambda value, other: value == other,
    "eq": lambda value, other: value == other,
}
