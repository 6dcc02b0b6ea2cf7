"""Typed inputs: what a prompt declares, and the check of what it is given. Knows no template.

What comes out of `accept` is plain JSON of exact built-in types, nothing else ever reaches a
template. Errors name the input and say lengths and types, never the value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias, cast, get_args

from prompts.errors import PromptError, did_you_mean
from prompts.frontmatter import JSON

Kind: TypeAlias = Literal[
    "string", "text", "number", "boolean", "choice", "date", "list", "thread", "passages"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Characters of a text or of one item, or items of a collection, unless the input sets its `limit`.
LIMITS: dict[Kind, int] = {
    "string": 10_000,
    "text": 100_000,
    "list": 1_000,
    "thread": 10_000,
    "passages": 100,
}
MAX_LIMIT = 1_000_000
_ITEM_LIMIT = 10_000
_PASSAGE_LIMIT = 20_000
_ROLES = frozenset({"user", "assistant"})
_COLLECTIONS = frozenset({"list", "thread", "passages"})


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input: a field of the prompt's form.

    `limit` counts characters of a string or text, items of a list, thread or passages. An input
    that is neither given nor has a default is an empty list for those three, else None. An empty
    text, which a form sends for an empty field, counts as not given where a default can stand in.
    """

    name: str
    kind: Kind
    required: bool = False
    default: JSON = None
    choices: tuple[str, ...] = ()
    description: str = ""
    limit: int | None = None

    def accept(self, value: object) -> JSON:
        """Return the value as plain JSON; raises PromptError naming this input."""
        if value is None or (isinstance(value, str) and not value and self._wants_more):
            return self._absent()
        accepted = _ACCEPT[self.kind](self, value)
        if self.required and accepted == [] and self.kind == "list":
            raise self.error("needs a value", "Fill it in.")
        return accepted

    def error(self, problem: str, hint: str = "") -> PromptError:
        """Return the error "Input `name` …"."""
        return PromptError(f"Input `{self.name}` {problem}.", hint=hint, input_name=self.name)

    @property
    def _wants_more(self) -> bool:
        """Whether an empty text is no value for this input."""
        return self.required or self.default is not None or self.kind in ("choice", "date")

    def _absent(self) -> JSON:
        if self.required:
            raise self.error("needs a value", "Fill it in.")
        if isinstance(self.default, list):
            return list(self.default)
        return [] if self.default is None and self.kind in _COLLECTIONS else self.default

    @property
    def most(self) -> int:
        """Characters or items that it takes: its `limit`, or its kind's usual one."""
        return self.limit or LIMITS.get(self.kind, MAX_LIMIT)

    def check_limit(self, count: int, unit: str) -> None:
        """Raise PromptError when there are more than `most`."""
        if count > self.most:
            raise self.error(
                f"has {count:,} {unit}, at most {self.most:,} are allowed", "Shorten it."
            )


def accept_values(inputs: tuple[Input, ...], values: Mapping[str, Any]) -> dict[str, JSON]:
    """Return every declared input with its checked value or default; raises PromptError."""
    accepted = {spec.name: spec.accept(values.get(spec.name)) for spec in inputs}
    for name in values:
        if name not in accepted:
            known = ", ".join(f"`{spec.name}`" for spec in inputs) or "none"
            raise PromptError(
                f"There is no input `{name}`.",
                hint=did_you_mean(str(name), accepted, f"This prompt has {known}."),
                input_name=str(name),
            )
    return accepted


def _text(spec: Input, value: object, where: str = "") -> str:
    """Return an exact `str` that can be stored and sent."""
    if not isinstance(value, str):
        raise spec.error(f"must be text{where}, not {_kind_of(value)}")
    text = str.__str__(value)
    if "\0" in text:
        raise spec.error(f"holds a NUL character{where}", "Delete it.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise spec.error(f"holds half a surrogate pair{where}", "Delete it.") from None
    return text


def _limited_text(spec: Input, value: object) -> str:
    text = _text(spec, value)
    spec.check_limit(len(text), "characters")
    return text


def _number(spec: Input, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise spec.error(f"must be a number, not {_kind_of(value)}")
    if not abs(value) < 1e15:  # NaN is not less than anything
        raise spec.error("is no number, or too large")
    return int(value) if value == int(value) else float(value)


def _boolean(spec: Input, value: object) -> bool:
    if not isinstance(value, bool):
        raise spec.error(f"must be true or false, not {_kind_of(value)}")
    return value


def _choice(spec: Input, value: object) -> str:
    text = _text(spec, value)
    if text not in spec.choices:
        raise spec.error("is none of its choices", f"Choose one of: {', '.join(spec.choices)}.")
    return text


def _date(spec: Input, value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = _text(spec, value)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise spec.error("is not a date", "Write it as YYYY-MM-DD.") from None


def _list(spec: Input, value: object) -> JSON:
    """Take a list of texts, or one text with an item a line (what a form sends)."""
    if isinstance(value, str):
        value = [line.strip() for line in value.splitlines() if line.strip()]
    items: list[JSON] = []
    for i, item in enumerate(_items(spec, value), 1):
        text = _text(spec, item, f" (item {i})")
        if len(text) > _ITEM_LIMIT:
            raise spec.error(f"has an item ({i}) of more than {_ITEM_LIMIT:,} characters")
        items.append(text)
    return items


def _thread(spec: Input, value: object) -> JSON:
    messages: list[JSON] = []
    for i, item in enumerate(_items(spec, value), 1):
        message = _entry(spec, item, ("role", "content"), i)
        role = message["role"]
        if not isinstance(role, str) or role not in _ROLES:
            raise spec.error(f"has a message ({i}) whose role is neither user nor assistant")
        content = _text(spec, message["content"], f" (message {i})")
        messages.append({"role": str.__str__(role), "content": content})
    return messages


def _passages(spec: Input, value: object) -> JSON:
    passages: list[JSON] = []
    for i, item in enumerate(_items(spec, value), 1):
        passage = _entry(spec, item, ("title", "text"), i)
        texts = {key: _text(spec, passage[key], f" (passage {i})") for key in ("title", "text")}
        if sum(map(len, texts.values())) > _PASSAGE_LIMIT:
            raise spec.error(f"has a passage ({i}) of more than {_PASSAGE_LIMIT:,} characters")
        passages.append(cast("JSON", texts))
    return passages


def _items(spec: Input, value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise spec.error(f"must be a list, not {_kind_of(value)}")
    spec.check_limit(len(value), "items")
    return list(value)


def _entry(spec: Input, item: object, keys: tuple[str, str], number: int) -> dict[str, object]:
    if not isinstance(item, dict) or len(item) != len(keys) or not all(k in item for k in keys):
        raise spec.error(f"must hold only {keys[0]} and {keys[1]} in each entry (see {number})")
    return item


def _kind_of(value: object) -> str:
    return "a number" if type(value) in (int, float) else type(value).__name__


_ACCEPT: dict[Kind, Callable[[Input, object], JSON]] = {
    "string": _limited_text,
    "text": _limited_text,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "date": _date,
    "list": _list,
    "thread": _thread,
    "passages": _passages,
}
