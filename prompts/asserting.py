"""One assertion of a test case as it is written: which there are, and what each of them takes.

    {type: not-icontains, value: free of charge, weight: 2}

Names and meanings are promptfoo's, less what runs code; ours are `length`, `tokens`, those on the
rendered messages (`prompt-…`), `declines` and `leaks-prompt`. Knows nothing of answers, which
prompts/checks.py judges.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import regex

from prompts.errors import PromptError, did_you_mean
from prompts.frontmatter import JSON, FrontMatter, Path
from prompts.schema import SchemaError, check

LONGEST_PATTERN = 500
"""Characters of a regular expression."""
MOST_REPEATED = 10_000
"""What all `{m,n}` of a regular expression may come to together: nested ones multiply."""

_COUNT = re.compile(r"\{(\d*),?(\d*)\}")
_FIELDS = frozenset({"type", "value", "threshold", "weight"})
_CODE = ("javascript", "python", "ruby", "webhook", "assert-set")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an answer must be like; `negated` as with `not-`. `weight` 0: shown, not counted."""

    type: str
    value: Any = None
    threshold: float | None = None
    weight: float = 1.0
    negated: bool = False

    @property
    def name(self) -> str:
        """The type as it is written."""
        return f"not-{self.type}" if self.negated else self.type

    @property
    def needs_answer(self) -> bool:
        """Whether a model has to be asked; else the rendered messages are enough."""
        return not self.type.startswith("prompt-")

    def as_json(self) -> list[Any]:
        """Everything that decides the verdict."""
        return [self.name, self.value, self.threshold, self.weight]


@dataclass(frozen=True, slots=True)
class Reader:
    """Checks the fields of one mapping in a YAML file; errors name the place."""

    front: FrontMatter
    path: Path

    def error(self, field: str, message: str, hint: str = "") -> PromptError:
        """Return the error at a field."""
        return self.front.error((*self.path, field), message, hint)

    def known(self, values: dict[str, Any], fields: frozenset[str], why: dict[str, str]) -> None:
        """Refuse fields that are not taken."""
        for field in values:
            if field not in fields:
                hint = why.get(field) or did_you_mean(
                    field, fields, f"There are {', '.join(sorted(fields))}."
                )
                raise self.error(field, f"The field `{field}` is not taken.", hint)

    def mapping(self, value: Any, message: str = "") -> dict[str, Any]:
        """Return a mapping."""
        if not isinstance(value, dict):
            told = message or f"`{self.path[-1]}` must hold `field: value` lines."
            raise self.front.error(self.path, told)
        return value

    def text(self, field: str, value: Any) -> str:
        """Return a text of 1 to 200 characters on one line."""
        told = " ".join(value.split()) if isinstance(value, str) else ""
        if not told or len(told) > 200:
            raise self.error(field, f"A case needs a `{field}`, at most 200 characters long.")
        if not told.isprintable():
            raise self.error(field, f"`{field}` holds a character that nobody sees.", "Delete it.")
        return told

    def flag(self, field: str, value: Any) -> bool:
        """Return a truth value."""
        if not isinstance(value, bool):
            raise self.error(field, f"`{field}` must be true or false.")
        return value

    def whole(self, field: str, value: Any, low: int, high: int) -> int:
        """Return a whole number."""
        if type(value) is not int or not low <= value <= high:
            raise self.error(field, f"`{field}` must be a whole number from {low} to {high}.")
        return value

    def share(self, field: str, value: Any) -> float | None:
        """Return a number from 0 to 1, or None where it is not given."""
        if value is None:
            return None
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise self.error(field, f"`{field}` must be from 0 to 1.")
        return float(value)


def read(front: FrontMatter, path: Path, entry: JSON) -> Assertion:
    """Return the assertion; raises PromptError for what is unknown or does not fit."""
    reader = Reader(front, path)
    values = reader.mapping(entry, "An assertion must hold `type: …`.")
    reader.known(values, _FIELDS, {"provider": "The grader's model is a setting."})
    written = values.get("type")
    name = written if isinstance(written, str) else ""
    negated, base = name.startswith("not-"), name.removeprefix("not-")
    kind = KINDS.get(base)
    if kind is None or (negated and not kind.negatable):
        raise reader.error("type", f"There is no assertion `{name}`.", _instead(name, base))
    weight = values.get("weight", 1)
    if type(weight) not in (int, float) or not 0 <= weight <= 1000:
        raise reader.error("weight", "`weight` must be from 0 to 1000.")
    value, threshold = values.get("value"), values.get("threshold")
    problem = kind.value(value)
    if problem:
        raise reader.error("value", f"`{name}`: {problem}")
    problem = kind.limit(threshold)
    if problem:
        raise reader.error("threshold", f"`{name}`: {problem}")
    return Assertion(
        base, value, None if threshold is None else float(threshold), float(weight), negated
    )


def _instead(name: str, base: str) -> str:
    if base in _CODE:
        return "Tests run no code."
    if base in KINDS:
        return f"`{base}` has no `not-`: turn its figures round."
    known = [one for kind in KINDS for one in (kind, f"not-{kind}")]
    return did_you_mean(name, known, f"There are {', '.join(KINDS)}.")


# --- what the types take ------------------------------------------------------------------------


def _text(value: Any) -> str:
    if isinstance(value, str) and value:
        return ""
    if type(value) in (int, float):
        return "`value` must be text; put the number in quotes."
    return "`value` must be a text."


def _texts(value: Any) -> str:
    fits = isinstance(value, list) and value and all(isinstance(v, str) and v for v in value)
    return "" if fits else "`value` must be a list of texts."


def _anything(value: Any) -> str:
    return "" if value is not None else "it needs a `value`."


def _nothing(value: Any) -> str:
    return "" if value is None else "it takes no `value`."


def _pattern(value: Any) -> str:
    if not isinstance(value, str) or not value:
        return "`value` must be a regular expression."
    if len(value) > LONGEST_PATTERN:
        return f"`value` has more than {LONGEST_PATTERN} characters."
    counts = [int(high or low or 1) for low, high in _COUNT.findall(value)]
    if math.prod(max(count, 1) for count in counts) > MOST_REPEATED:
        return "`value` repeats too much: make the numbers in braces smaller."
    try:
        regex.compile(value)
    except regex.error as error:
        return f"`value` is no regular expression: {error.msg}."
    except RecursionError:
        return "`value` is nested too deeply."
    return ""


def _schema(value: Any) -> str:
    if value is None:
        return ""
    try:
        check(value)
    except SchemaError as error:
        return f"{error.message} {error.hint}".strip()
    return ""


def _range(value: Any) -> str:
    """A whole number is the most; `{min, max}` bounds both ways."""
    bounds = {"max": value} if type(value) is int else value
    if (
        isinstance(bounds, dict)
        and bounds
        and bounds.keys() <= {"min", "max"}
        and all(type(bound) is int and bound >= 0 for bound in bounds.values())
    ):
        return ""
    return "`value` must be a whole number, or `{min: 1, max: 9}`."


def _no_limit(value: Any) -> str:
    return "" if value is None else "it takes no `threshold`."


def _share(value: Any) -> str:
    fits = value is None or (type(value) in (int, float) and 0 <= value <= 1)
    return "" if fits else "`threshold` must be from 0 to 1."


def _whole(value: Any) -> str:
    fits = value is None or (type(value) is int and value >= 0)
    return "" if fits else "`threshold` must be a whole number from 0."


def _most(value: Any) -> str:
    fits = type(value) in (int, float) and 0 < value < 1e9
    return "" if fits else "it needs a `threshold`: the most that is allowed."


@dataclass(frozen=True, slots=True)
class Kind:
    """What an assertion of a type takes: each check returns a sentence, or nothing."""

    value: Callable[[Any], str]
    limit: Callable[[Any], str] = _no_limit
    negatable: bool = True


KINDS: dict[str, Kind] = {
    "contains": Kind(_text),
    "icontains": Kind(_text),
    "contains-all": Kind(_texts),
    "contains-any": Kind(_texts),
    "icontains-all": Kind(_texts),
    "icontains-any": Kind(_texts),
    "regex": Kind(_pattern),
    "equals": Kind(_anything),
    "starts-with": Kind(_text),
    "is-json": Kind(_schema),
    "contains-json": Kind(_schema),
    "similar": Kind(_text, _share),
    "levenshtein": Kind(_text, _whole),
    "word-count": Kind(_range),
    "length": Kind(_range),
    "latency": Kind(_nothing, _most, negatable=False),
    "tokens": Kind(_nothing, _most, negatable=False),
    "cost": Kind(_nothing, _most, negatable=False),
    "is-refusal": Kind(_nothing),
    "declines": Kind(_nothing),
    "leaks-prompt": Kind(_nothing, _whole),
    "llm-rubric": Kind(_text, _share),
    "prompt-contains": Kind(_text),
    "prompt-icontains": Kind(_text),
    "prompt-regex": Kind(_pattern),
    "prompt-tokens": Kind(_nothing, _most, negatable=False),
}
"""Every type, by its name without `not-`."""
