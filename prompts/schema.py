"""The JSON schema of an answer: a plain subset, checked when read. Knows no prompt and no model.

    check_schema({"type": "object", …})      raises PromptError for what is no schema of ours
    breach({"type": "integer"}, "x")         "must be a whole number, not a text"

`type properties required additionalProperties items enum const minimum maximum minLength maxLength
minItems maxItems description title`; nothing that refers elsewhere.
"""

from collections.abc import Callable, Mapping
from typing import Any

from prompts.errors import PromptError, did_you_mean
from prompts.frontmatter import JSON

_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "object": ("an object", lambda value: isinstance(value, dict)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "string": ("a text", lambda value: isinstance(value, str)),
    "integer": (
        "a whole number",
        lambda value: type(value) is int or (type(value) is float and value.is_integer()),
    ),
    "number": ("a number", lambda value: type(value) in (int, float)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "null": ("null", lambda value: value is None),
}
_MAX_DEPTH = 12
_Path = tuple[str | int, ...]


class SchemaError(Exception):
    """What is wrong with a schema, and where in it."""

    def __init__(self, path: _Path, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


def check_schema(schema: object) -> None:
    """Raise PromptError for what is not a schema of the subset."""
    try:
        check(schema)
    except SchemaError as error:
        raise PromptError(error.message, hint=error.hint) from None


def check(schema: object, path: _Path = ()) -> None:
    """Raise SchemaError at the first part that is not of the subset."""
    if not isinstance(schema, Mapping):
        raise SchemaError(path, "A schema must hold `type: …` and its like.")
    if len(path) > 2 * _MAX_DEPTH:
        raise SchemaError(path, "The schema is nested too deeply.")
    for key, value in schema.items():
        test = _KEYS.get(key)
        if test is None:
            hint = did_you_mean(str(key), _KEYS, f"There are {', '.join(sorted(_KEYS))}.")
            raise SchemaError((*path, key), f"The schema's field `{key}` is not taken.", hint)
        test(value, (*path, key))


def breach(schema: Mapping[str, Any], value: object, where: str = "The answer") -> str:
    """Return a sentence on what in a JSON value breaks a checked schema, or nothing."""
    for key, rule in schema.items():
        judge = _RULES.get(key)
        sentence = judge(rule, value, where, schema) if judge else ""
        if sentence:
            return sentence
    return ""


# --- reading a schema --------------------------------------------------------------------------


def _type(value: object, path: _Path) -> None:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name in _TYPES for name in names):
        raise SchemaError(path, f"`type` is one of {', '.join(_TYPES)}.")


def _properties(value: object, path: _Path) -> None:
    if not isinstance(value, Mapping):
        raise SchemaError(path, "`properties` must hold `name: {type: …}` lines.")
    for name, inner in value.items():
        check(inner, (*path, name))


def _additional(value: object, path: _Path) -> None:
    if not isinstance(value, bool):
        check(value, path)


def _texts(value: object, path: _Path) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SchemaError(path, f"`{path[-1]}` must be a list of names.")


def _enum(value: object, path: _Path) -> None:
    if not isinstance(value, list) or not value:
        raise SchemaError(path, "`enum` must be a list of values.")


def _anything(_value: object, _path: _Path) -> None:
    pass


def _number(value: object, path: _Path) -> None:
    if type(value) not in (int, float):
        raise SchemaError(path, f"`{path[-1]}` must be a number.")


def _count(value: object, path: _Path) -> None:
    if not (type(value) is int and value >= 0):
        raise SchemaError(path, f"`{path[-1]}` must be a whole number from 0.")


def _word(value: object, path: _Path) -> None:
    if not isinstance(value, str):
        raise SchemaError(path, f"`{path[-1]}` must be a text.")


_KEYS: dict[str, Callable[[object, _Path], None]] = {
    "type": _type,
    "properties": _properties,
    "required": _texts,
    "additionalProperties": _additional,
    "items": check,
    "enum": _enum,
    "const": _anything,
    "minimum": _number,
    "maximum": _number,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "description": _word,
    "title": _word,
}


# --- judging a value ---------------------------------------------------------------------------


def _same(one: JSON, other: JSON) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _of_type(rule: Any, value: object, where: str, _schema: Mapping[str, Any]) -> str:
    names = rule if isinstance(rule, list) else [rule]
    if any(_TYPES[name][1](value) for name in names):
        return ""
    return f"{where} must be {' or '.join(_TYPES[name][0] for name in names)}."


def _has(rule: Any, value: object, where: str, _schema: Mapping[str, Any]) -> str:
    if not isinstance(value, dict):
        return ""
    lacking = [name for name in rule if name not in value]
    return f"{where} lacks `{lacking[0]}`." if lacking else ""


def _each_field(rule: Any, value: object, _where: str, _schema: Mapping[str, Any]) -> str:
    if not isinstance(value, dict):
        return ""
    found = (breach(rule[name], value[name], f"`{name}`") for name in rule if name in value)
    return next((sentence for sentence in found if sentence), "")


def _no_more(rule: Any, value: object, where: str, schema: Mapping[str, Any]) -> str:
    if not isinstance(value, dict) or rule is True:
        return ""
    more = [name for name in value if name not in schema.get("properties", {})]
    if rule is False:
        return f"{where} has a field that the schema does not name." if more else ""
    found = (breach(rule, value[name], f"`{name}`") for name in more)
    return next((sentence for sentence in found if sentence), "")


def _each_item(rule: Any, value: object, where: str, _schema: Mapping[str, Any]) -> str:
    if not isinstance(value, list):
        return ""
    found = (breach(rule, item, f"Item {n} of {where}") for n, item in enumerate(value, 1))
    return next((sentence for sentence in found if sentence), "")


def _one_of(rule: Any, value: Any, where: str, _schema: Mapping[str, Any]) -> str:
    if any(_same(value, one) for one in rule):
        return ""
    return f"{where} must be one of {', '.join(f'`{one}`' for one in rule)}."


def _just(rule: Any, value: Any, where: str, _schema: Mapping[str, Any]) -> str:
    return "" if _same(value, rule) else f"{where} must be `{rule}`."


def _bound(
    fits: Callable[[Any, Any], bool], size: Callable[[Any], Any], kinds: tuple[type, ...], says: str
) -> Callable[[Any, object, str, Mapping[str, Any]], str]:
    def judge(rule: Any, value: object, where: str, _schema: Mapping[str, Any]) -> str:
        if not isinstance(value, kinds) or isinstance(value, bool) or fits(size(value), rule):
            return ""
        return f"{where} must {says.format(rule)}."

    return judge


def _least(have: Any, rule: Any) -> bool:
    return bool(have >= rule)


def _most(have: Any, rule: Any) -> bool:
    return bool(have <= rule)


def _itself(value: Any) -> Any:
    return value


_RULES: dict[str, Callable[[Any, object, str, Mapping[str, Any]], str]] = {
    "type": _of_type,
    "required": _has,
    "properties": _each_field,
    "additionalProperties": _no_more,
    "items": _each_item,
    "enum": _one_of,
    "const": _just,
    "minimum": _bound(_least, _itself, (int, float), "be at least {}"),
    "maximum": _bound(_most, _itself, (int, float), "be at most {}"),
    "minLength": _bound(_least, len, (str,), "have at least {} characters"),
    "maxLength": _bound(_most, len, (str,), "have at most {} characters"),
    "minItems": _bound(_least, len, (list,), "have at least {} items"),
    "maxItems": _bound(_most, len, (list,), "have at most {} items"),
}
