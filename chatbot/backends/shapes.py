"""JSON of a given shape as a grammar of llguidance: which schemas are taken, and how they are put.

    Grammar({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})

The library reads JSON Schema in full; a small model needs less room than that. White space is one
space after a colon or a comma, fields come in the schema's order and no others, numbers have an
end, and no character is written as a number (backslash and u), so that an answer cannot wander.
Knows no tokens and no models.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llguidance import LLParserLimits

Json = Mapping[str, Any]

LARGEST = 10**15 - 1
"""Of numbers without limits of their own: as many digits as a double keeps."""
SMALLEST = 1e-9
"""Numbers are multiples of it, so that what stands behind the point has an end."""

DEEPEST = 32
"""Schemas within one another."""
TOO_DEEP = "The schema is nested too deeply."
ROW, STEP, FUEL = 50_000, 500_000, 1_000_000
"""What one token may cost: branches at a place, branches looked at, work of the lexer.

An object of 5000 fields that may be left out has 20,000 branches.
"""

NOTES = {
    *("title", "description", "default", "examples", "format", "deprecated"),
    *("readOnly", "writeOnly", "$schema", "$id", "$comment", "$defs", "definitions"),
}
"""What a schema says to people, and where it keeps parts to refer to."""
GUIDED = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const"),
    *("anyOf", "$ref", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"),
}
"""What an answer is held to."""
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")

_RANGES = (("minItems", "maxItems"), ("minLength", "maxLength"), ("minimum", "maximum"))
_ESCAPES = '"\\bfnrt'
_AS_NUMBER = re.compile(r"(?<!\\)(?:\\\\)*\\u|\x7f")
"""A character that the library can only write as a number."""
_ANYTHING = "any"


class BadShape(Exception):
    """A schema that is none, or says what is not taken. The sentence names the field."""


class Grammar:
    """One shape. `text` is what llguidance reads; it never changes, so answers may share it.

    `exact`: whatever it lets through fits the schema to the letter. It does not where a limit is
    beyond what the library counts with. Raises BadShape.
    """

    def __init__(self, schema: Json) -> None:
        self.exact = True
        try:
            self.text = _text(_Plan(schema, limits=True).whole())
        except BadShape:
            self.exact = False
            self.text = _text(_Plan(schema, limits=False).whole())


def parser_limits() -> "LLParserLimits":
    """What reading a schema and holding one answer to it may cost."""
    from llguidance import LLParserLimits

    return LLParserLimits(
        max_items_in_row=ROW, step_max_items=STEP, step_lexer_fuel=FUEL, verbose_errors=False
    )


def _text(plan: Json) -> str:
    """The library's grammar. Raises BadShape where it takes none of it."""
    from llguidance import LLMatcher

    escapes = _ESCAPES + "u" * bool(_AS_NUMBER.search(json.dumps(plan, ensure_ascii=False)))
    try:
        text = LLMatcher.grammar_from_json_schema(
            json.dumps(plan),
            overrides={
                "whitespace_flexible": False,
                "item_separator": ", ?",
                "key_separator": ": ?",
                "json_allowed_escapes": escapes,
            },
        )
    except ValueError as error:
        raise BadShape("The schema holds a text or a number that is not JSON.") from error
    wrong, says = LLMatcher.validate_grammar_with_warnings(text, limits=parser_limits())
    if wrong:
        raise BadShape(f"No answer can be held to this schema: {says[0].splitlines()[0]:.200}")
    return text


class _Plan:
    """A schema put in other words: the same answers, but only one way to write each.

    A part that is referred to is read once, in however many ways that is said.
    """

    def __init__(self, root: Json, *, limits: bool) -> None:
        self._root, self._limits = root, limits
        self._names: dict[int, str] = {}
        self._waiting: list[Any] = []

    def whole(self) -> Json:
        """The plan with all its parts. Raises BadShape."""
        start = self._named(self._root)
        parts = {_ANYTHING: self._anything()}
        for schema in self._taken():
            _check(schema)
            parts[self._names[id(schema)]] = self._part(schema)
        return {**start, "$defs": parts}

    def _taken(self) -> Iterator[Any]:
        while self._waiting:
            yield self._waiting.pop()

    def _named(self, schema: Any) -> Json:
        if id(schema) not in self._names:
            self._names[id(schema)] = f"part{len(self._names)}"
            self._waiting.append(schema)
        return _ref(self._names[id(schema)])

    def _part(self, schema: Any) -> Json:
        if schema is True:
            return _ref(_ANYTHING)
        if "$ref" in schema:
            return self._named(target(self._root, str(schema["$ref"])))
        if "anyOf" in schema:
            return _either([self._part(one) for one in _some(schema, "anyOf")])
        if "enum" in schema or "const" in schema:
            return {"enum": _some(schema, "enum") if "enum" in schema else [schema["const"]]}
        named = schema.get("type", "object" if "properties" in schema else None)
        if named is None:
            return _ref(_ANYTHING)
        types = named if isinstance(named, list) else [named]
        return _either([self._of_type(one, schema) for one in dict.fromkeys(types)])

    def _of_type(self, kind: str, schema: Json) -> Json:
        if kind == "object":
            return self._object(schema)
        if kind in ("integer", "number"):
            return self._number(kind, schema)
        put: dict[str, Any] = {"type": kind}
        if kind == "array":
            put["items"] = self._part(schema.get("items", True))
        counts = {"array": _RANGES[0], "string": _RANGES[1]}.get(kind, ())
        return put | {key: schema[key] for key in counts if key in schema}

    def _object(self, schema: Json) -> Json:
        fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        others = False if fields or more is False else self._part(more)
        return {
            "type": "object",
            "properties": {name: self._part(inner) for name, inner in fields.items()},
            "required": schema.get("required", []),
            "additionalProperties": others,
        }

    def _number(self, kind: str, schema: Json) -> Json:
        said = {key: schema[key] for key in _RANGES[2] if key in schema and self._limits}
        put: dict[str, Any] = {"type": kind} | said
        if said.get("maximum", 0) >= -LARGEST:
            put.setdefault("minimum", -LARGEST)
        if said.get("minimum", 0) <= LARGEST:
            put.setdefault("maximum", LARGEST)
        return put if kind == "integer" else put | {"multipleOf": SMALLEST}

    def _anything(self) -> Json:
        """Any JSON at all."""
        inner = _ref(_ANYTHING)
        whole = [self._of_type(kind, {}) for kind in ("string", "number", "boolean", "null")]
        whole += [{"type": "array", "items": inner}]
        return _either([*whole, {"type": "object", "additionalProperties": inner}])


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _either(ways: Sequence[Json]) -> Json:
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def target(root: Json, where: str) -> Any:
    """The part of a schema that `$ref` names, within it alone. Raises BadShape."""
    steps = where.removeprefix("#").strip("/").split("/") if where != "#" else []
    found: Any = root
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if not where.startswith("#") or not isinstance(found, Mapping) or name not in found:
            raise BadShape(f"The schema refers to `{where:.60}`, which does not stand in it.")
        found = found[name]
    return found


def _check_fields(schema: Any) -> None:
    if not isinstance(schema, Mapping):
        raise BadShape("A schema is an object that says `type`, `enum`, `anyOf` or `$ref`.")
    for key in schema:
        if key not in NOTES | GUIDED:
            raise BadShape(f"The schema's field `{key!s:.40}` is not taken. Leave it out.")


def _check_limits(schema: Json) -> None:
    for key in (*_RANGES[0], *_RANGES[1]):
        count = schema.get(key, 0)
        if type(count) is not int or count < 0:
            raise BadShape(f"The schema's `{key}` is a whole number from 0.")
    if any(type(schema.get(key, 0)) not in (int, float) for key in _RANGES[2]):
        raise BadShape("The schema's `minimum` and `maximum` are numbers.")
    for least, most in _RANGES:
        if least in schema and most in schema and schema[least] > schema[most]:
            raise BadShape(f"The schema's `{least}` is above its `{most}`: nothing fits both.")


def _check(schema: Any, deep: int = 0) -> None:
    """Refuse what is no schema, also where the grammar leaves it out: the look does not."""
    if schema is True:
        return
    if deep > DEEPEST:
        raise BadShape(TOO_DEEP)
    _check_fields(schema)
    _check_limits(schema)
    named = schema.get("type", "object")
    types = named if isinstance(named, list) else [named]
    if not types or not all(one in TYPES for one in types):
        raise BadShape(f"The schema's `type` is one of {', '.join(TYPES)}.")
    fields, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(fields, Mapping):
        raise BadShape("The schema's `properties` are an object of schemas.")
    if not isinstance(required, list) or not all(
        isinstance(one, str) and one in fields for one in required
    ):
        raise BadShape("The schema's `required` names fields that stand in `properties`.")
    more = schema.get("additionalProperties", True)
    inner = [*fields.values(), schema.get("items", True), more is False or more]
    for one in (*inner, *(_some(schema, "anyOf") if "anyOf" in schema else ())):
        _check(one, deep + 1)


def _some(schema: Json, key: str) -> list[Any]:
    found = schema[key]
    if not isinstance(found, list) or not found:
        raise BadShape(f"The schema's `{key}` is a list of at least one.")
    return found
