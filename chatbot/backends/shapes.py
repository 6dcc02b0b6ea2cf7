"""JSON of a given shape as an automaton of characters: what may follow what was written.

    Grammar({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})

It is a pushdown automaton walked in all its branches at once: a state is the set of stacks of what
is still to come, so shapes may nest and refer to themselves. White space is one space after a
colon or a comma, fields come in the schema's order, and no character is written as a number
(backslash and u), so that an answer cannot wander. Knows no tokens and no models.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

ENDLESS = -1
"""How often a part may come again where nothing limits it."""
DIGITS = 15
"""Most digits of a number before its point, and behind it: what a double keeps."""
RANGE = 1000
"""A whole number between two limits no further apart is one of so many texts."""

DEEPEST = 32
"""Schemas within one another."""
TOO_DEEP = "The schema is nested too deeply."
MOST_STEPS = 200_000
"""Steps that are remembered: some 40 MB."""

NOTES = {
    *("title", "description", "default", "examples", "format", "deprecated"),
    *("readOnly", "writeOnly", "$schema", "$id", "$comment", "$defs", "definitions"),
}
"""What a schema says to people, and where it keeps parts to refer to."""
GUIDED = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const"),
    *("anyOf", "$ref", "minItems", "maxItems", "minLength", "maxLength"),
}
"""What the automaton holds an answer to."""
CHECKED = {"minimum", "maximum"}
"""What is looked at when the answer is there, unless it is a range of few whole numbers."""
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")

_OPENS = {"[": "]", "{": "}"}
_DONE = 0


class BadShape(Exception):
    """A schema that is none, or says what is not taken. The sentence names the field."""


class Grammar:
    """One shape. `exact`: whatever it lets through fits the schema to the letter.

    Not safe to share between threads while it is walked. Raises BadShape.
    """

    def __init__(self, schema: Json) -> None:
        self._root, self.exact, self._depth = schema, True, 0
        self._nodes: list[tuple[Any, ...]] = []
        self._node_ids: dict[tuple[Any, ...], int] = {}
        self._stacks: list[tuple[int, int]] = [(-1, -1)]  # the first is the end of everything
        self._stack_ids: dict[tuple[int, int], int] = {}
        self._refs: dict[int, int] = {}
        self._any = -1
        self._opened: dict[int, tuple[int, ...]] = {}
        self._states: dict[frozenset[int], int] = {}
        self._members: list[frozenset[int]] = []
        self._steps: dict[tuple[int, str], int] = {}
        self.dead = self._state(frozenset())
        node = self._ref(schema)
        self.start = self._state(frozenset((self._push(node, _DONE),)))

    def step(self, state: int, char: str) -> int:
        """The state after one more character; `dead` where it may not come."""
        known = self._steps.get((state, char))
        if known is None:
            after = {
                following
                for stack in self._members[state]
                for top in self._open(stack)
                if (following := self._after(top, char)) is not None
            }
            if len(self._steps) >= MOST_STEPS:
                self._steps.clear()
            known = self._steps[state, char] = self._state(frozenset(after))
        return known

    def may_end(self, state: int) -> bool:
        """Whether what was written is whole."""
        return any(_DONE in self._open(stack) for stack in self._members[state])

    def takes(self, text: str) -> bool:
        """Whether a whole text has the shape, written as this automaton writes it."""
        state = self.start
        for char in text:
            state = self.step(state, char)
        return self.may_end(state)

    # Walking -------------------------------------------------------------------------------------

    def _state(self, stacks: frozenset[int]) -> int:
        if stacks not in self._states:
            self._states[stacks] = len(self._members)
            self._members.append(stacks)
        return self._states[stacks]

    def _push(self, node: int, rest: int) -> int:
        key = (node, rest)
        if key not in self._stack_ids:
            self._stack_ids[key] = len(self._stacks)
            self._stacks.append(key)
        return self._stack_ids[key]

    def _after(self, stack: int, char: str) -> int | None:
        """The stack after a character; None where its top is another one."""
        if stack == _DONE:
            return None
        node, rest = self._stacks[stack]
        kind, what = self._nodes[node][:2]
        if kind == "text":
            place = self._nodes[node][2]
            if what[place] != char:
                return None
            return rest if place + 1 == len(what) else self._push(self._text(what, place + 1), rest)
        fits = (char >= " " and char not in '"\\') if what == "inside" else char in what
        return rest if fits else None

    def _open(self, stack: int) -> tuple[int, ...]:
        """The stacks that this one may be taken for, each with a character on its top, or done."""
        known = self._opened.get(stack)
        if known is None:
            self._opened[stack] = ()  # a part that begins with itself ends here
            known = self._opened[stack] = tuple(dict.fromkeys(self._opening(stack)))
        return known

    def _opening(self, stack: int) -> Sequence[int]:
        if stack == _DONE:
            return (stack,)
        node, rest = self._stacks[stack]
        kind, *what = self._nodes[node]
        if kind in ("text", "class"):
            return (stack,)
        if kind == "seq":
            for part in reversed(what[0]):
                rest = self._push(part, rest)
            return self._open(rest)
        if kind == "alt":
            return [top for one in what[0] for top in self._open(self._push(one, rest))]
        if kind == "ref":
            return self._open(self._push(self._refs[what[0]], rest))
        if kind == "any":
            return self._open(self._push(self._any, rest))
        part, least, most = what
        found = list(self._open(rest)) if least <= 0 else []
        if most != 0:
            again = self._node("many", part, max(least - 1, 0), most - (most > 0))
            found += self._open(self._push(part, self._push(again, rest)))
        return found

    # Parts ---------------------------------------------------------------------------------------

    def _node(self, *key: Any) -> int:
        if key not in self._node_ids:
            self._node_ids[key] = len(self._nodes)
            self._nodes.append(key)
        return self._node_ids[key]

    def _text(self, text: str, place: int = 0) -> int:
        """A text from a place on; it is one for all of them, since it may be long."""
        return self._node("text", text, place)

    def _seq(self, *parts: int) -> int:
        return self._node("seq", parts)

    def _alt(self, *parts: int) -> int:
        return parts[0] if len(parts) == 1 else self._node("alt", parts)

    def _many(self, part: int, least: int = 0, most: int = ENDLESS) -> int:
        return self._node("many", part, least, most)

    def _string(self, least: int = 0, most: int = ENDLESS) -> int:
        escape = self._seq(self._text("\\"), self._node("class", '"\\/bfnrt'))
        char = self._alt(self._node("class", "inside"), escape)
        return self._seq(self._text('"'), self._many(char, least, most), self._text('"'))

    def _number(self, *, whole: bool) -> int:
        digit, first = self._node("class", "0123456789"), self._node("class", "123456789")
        some = self._alt(self._text("0"), self._seq(first, self._many(digit, 0, DIGITS - 1)))
        number = self._seq(self._many(self._text("-"), 0, 1), some)
        if whole:
            return number
        behind = self._seq(self._text("."), self._many(digit, 1, DIGITS))
        return self._seq(number, self._many(behind, 0, 1))

    def _list(self, opens: str, part: int, least: int, most: int) -> int:
        """Parts between brackets, a comma between two."""
        empty = self._text(opens + _OPENS[opens])
        if most == 0:
            return empty
        more = self._many(self._seq(self._comma(), part), max(least - 1, 0), most - (most > 0))
        full = self._seq(self._text(opens), part, more, self._text(_OPENS[opens]))
        return full if least > 0 else self._alt(empty, full)

    def _comma(self) -> int:
        return self._seq(self._text(","), self._many(self._text(" "), 0, 1))

    def _field(self, name: int, value: int) -> int:
        return self._seq(name, self._text(":"), self._many(self._text(" "), 0, 1), value)

    # Reading a schema ----------------------------------------------------------------------------

    def _ref(self, schema: Any) -> int:
        """A part that may refer to itself; read once, in however many ways it is referred to."""
        part = id(schema)
        if part not in self._refs:
            _check(schema)
            self._refs[part] = -1
            self._refs[part] = self._read(schema)
        return self._node("ref", part)

    def _read(self, schema: Any) -> int:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadShape(TOO_DEEP)
        try:
            return self._part(schema)
        finally:
            self._depth -= 1

    def _part(self, schema: Any) -> int:
        if schema is True:
            return self._anything()
        if "$ref" in schema:
            return self._ref(target(self._root, str(schema["$ref"])))
        if "anyOf" in schema:
            return self._alt(*(self._read(one) for one in _some(schema, "anyOf")))
        if "enum" in schema or "const" in schema:
            values = _some(schema, "enum") if "enum" in schema else [schema["const"]]
            return self._alt(*(self._text(_written(value)) for value in values))
        named = schema.get("type", "object" if "properties" in schema else None)
        if named is None:
            return self._anything()
        types = named if isinstance(named, list) else [named]
        return self._alt(*(self._of_type(one, schema) for one in types))

    def _of_type(self, kind: str, schema: Json) -> int:
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            least, most = _count(schema, "minItems", 0), _count(schema, "maxItems", ENDLESS)
            return self._list("[", self._read(schema.get("items", True)), least, most)
        if kind == "string":
            return self._string(
                _count(schema, "minLength", 0), _count(schema, "maxLength", ENDLESS)
            )
        if kind in ("integer", "number"):
            return self._between(schema, whole=kind == "integer")
        words = ("true", "false") if kind == "boolean" else ("null",)
        return self._alt(*map(self._text, words))

    def _between(self, schema: Json, *, whole: bool) -> int:
        least, most = schema.get("minimum"), schema.get("maximum")
        if whole and least is not None and most is not None and 0 <= most - least <= RANGE:
            inside = range(-int(-least // 1), int(most // 1) + 1)
            if inside:
                return self._alt(*(self._text(str(number)) for number in inside))
        self.exact = self.exact and least is None and most is None
        return self._number(whole=whole)

    def _object(self, schema: Json) -> int:
        fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        if not fields:
            if more is False:
                return self._text("{}")
            return self._list("{", self._field(self._string(), self._read(more)), 0, ENDLESS)
        needed = frozenset(schema.get("required", []))
        parts = [
            (self._field(self._text(_written(name)), self._read(inner)), name in needed)
            for name, inner in fields.items()
        ]
        return self._seq(self._text("{"), self._fields(parts))

    def _fields(self, parts: Sequence[tuple[int, bool]]) -> int:
        """The fields in their order, those that may be left out or not; then the end."""
        first = later = self._text("}")
        for part, needed in reversed(parts):
            alone = self._seq(part, later)
            behind = self._seq(self._comma(), part, later)
            first, later = (
                (alone, behind) if needed else (self._alt(alone, first), self._alt(behind, later))
            )
        return first

    def _anything(self) -> int:
        """Any JSON at all."""
        again = self._node("any")
        if self._any < 0:
            self._any = self._alt(
                self._string(),
                self._number(whole=False),
                *map(self._text, ("true", "false", "null")),
                self._list("[", again, 0, ENDLESS),
                self._list("{", self._field(self._string(), again), 0, ENDLESS),
            )
        return again


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
        if key not in NOTES | GUIDED | CHECKED:
            raise BadShape(f"The schema's field `{key!s:.40}` is not taken. Leave it out.")


def _check(schema: Any, deep: int = 0) -> None:
    """Refuse what is no schema, also where the automaton passes over it: the look does not."""
    if schema is True:
        return
    if deep > DEEPEST:
        raise BadShape(TOO_DEEP)
    _check_fields(schema)
    for key in ("minItems", "maxItems", "minLength", "maxLength"):
        _count(schema, key, ENDLESS if key.startswith("max") else 0)
    if any(type(schema.get(key, 0)) not in (int, float) for key in CHECKED):
        raise BadShape("The schema's `minimum` and `maximum` are numbers.")
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


def _count(schema: Json, key: str, default: int) -> int:
    found = schema.get(key, default)
    if type(found) is not int or found < min(0, default):
        raise BadShape(f"The schema's `{key}` is a whole number from 0.")
    return found


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
