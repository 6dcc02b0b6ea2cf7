"""JSON of a shape, character by character: what an automaton lets through is what the schema says.

The judge of each text is `jsonschema`, which is none of ours.
"""

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.backends import shapes
from chatbot.backends.shapes import BadShape, Grammar

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"enum": ["a", "b c"]}, "minItems": 1, "maxItems": 2},
        "boss": {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
    },
    "required": ["name", "boss"],
    "additionalProperties": False,
}
SCHEMAS = [
    PERSON,
    {"type": "string", "minLength": 1, "maxLength": 3},
    {"type": ["boolean", "null"]},
    {"type": "number"},
    {"type": "integer", "minimum": -3, "maximum": 3},
    {"const": {"a": [1, None]}},
    {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}, "maxItems": 2},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"const": 1}}},
    {"type": "object"},
    {"properties": {"only": {"type": "string"}}, "additionalProperties": False},
    {},
]


@st.composite
def walks(draw):
    """A schema, and a text that its automaton lets through."""
    schema = draw(st.sampled_from(SCHEMAS))
    grammar = Grammar(schema)
    state, text = grammar.start, ""
    for _ in range(400):
        ways = [c for c in '{}[]":, \\abceglmnorstufyo0123456789.-' if not dead(grammar, state, c)]
        if grammar.may_end(state) and (not ways or draw(st.booleans())):
            return schema, text
        ends = [c for c in '"]}' if c in ways]
        char = draw(st.sampled_from(ends if ends and len(text) > 60 else ways))
        state, text = grammar.step(state, char), text + char
    return schema, ""


def dead(grammar, state, char):
    return grammar.step(state, char) == grammar.dead


@settings(max_examples=60, deadline=None)
@given(walks())
def test_what_passes_fits_the_schema(walk):
    schema, text = walk
    if text:
        jsonschema.validate(json.loads(text), schema)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('{"name":"Bo","boss":null}', True),
        ('{"name": "B\\"o\\n", "age": 120, "boss": {"name":"y","boss":null}}', True),
        ('{"name": "Größe 東京 😀", "tags": ["b c", "a"], "boss": null}', True),
        ('{"name":"Bo"}', False),
        ('{"boss":null,"name":"Bo"}', False),  # fields come in the schema's order
        ('{"name":"Bo","age":121,"boss":null}', False),
        ('{"name":"Bo","age":01,"boss":null}', False),
        ('{"name":"Bo","tags":[],"boss":null}', False),
        ('{"name":"Bo","tags":["a","a","a"],"boss":null}', False),
        ('{"name":"Bo","boss":null,"more":1}', False),
        ('{"name":"Bo",  "boss":null}', False),  # one space at most, or an answer may never end
        ('{"name":"a\nb","boss":null}', False),
        ('{"name":"Bo","boss":null}}', False),
        ("", False),
    ],
)
def test_an_object_is_held_to_its_schema(text, passes):
    assert Grammar(PERSON).takes(text) is passes


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2.5, {"b": []}]}, "x", -0.25, True, None])
def test_without_a_schema_any_json_passes(value):
    assert Grammar({}).takes(json.dumps(value))


@pytest.mark.parametrize(
    ("schema", "exact"),
    [(PERSON, True), ({"type": "number", "minimum": 0}, False), ({"type": "integer"}, True)],
)
def test_it_says_whether_an_answer_needs_a_look(schema, exact):
    assert Grammar(schema).exact is exact


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "string", "pattern": "a+"}, "`pattern`"),
        ({"type": "text"}, "`type`"),
        ({"$ref": "#/$defs/none"}, "`#/$defs/none`"),
        ({"$ref": "https://example.org/x"}, "https://example.org/x"),
        ({"enum": []}, "`enum`"),
        ({"type": "array", "minItems": -1}, "`minItems`"),
        ({"type": "array", "minItems": True}, "`minItems`"),
        ({"type": "integer", "minimum": "0"}, "`minimum`"),
        ({"type": "object", "properties": {}, "required": ["a"]}, "`required`"),
        ({"type": "object", "properties": {"a": {}}, "required": [[]]}, "`required`"),
        ({"type": "object", "properties": []}, "`properties`"),
        ({"items": 3, "type": "array"}, "A schema is an object"),
        ({"minLength": "1"}, "`minLength`"),
        ({"enum": [1], "properties": {"a": {"maximum": None}}}, "`maximum`"),
        ({"type": "string", "additionalProperties": ["a"]}, "A schema is an object"),
        ([], "A schema is an object"),
    ],
)
def test_a_schema_that_is_none_is_refused_by_its_field(schema, says):
    with pytest.raises(BadShape, match=re.escape(says)):
        Grammar(schema)


def test_a_schema_that_is_nested_too_deeply_is_refused():
    deep = {"type": "boolean"}
    for _ in range(5000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(BadShape, match="nested"):
        Grammar(deep)


def test_a_schema_that_begins_with_itself_lets_nothing_through():
    grammar = Grammar({"anyOf": [{"$ref": "#"}]})
    assert not grammar.may_end(grammar.start)
    assert dead(grammar, grammar.start, "{")


def test_a_long_text_is_kept_once():
    grammar, long = Grammar({"const": "a" * 5000}), json.dumps("a" * 5000)
    assert grammar.takes(long)
    assert not grammar.takes(long[:-2] + '"')
    assert len({id(node[1]) for node in grammar._nodes if node[0] == "text"}) == 1


def test_what_is_remembered_has_an_end(monkeypatch):
    monkeypatch.setattr(shapes, "MOST_STEPS", 10)
    grammar = Grammar({"type": "string", "maxLength": 100})
    assert grammar.takes(json.dumps("a" * 100))
    assert len(grammar._steps) <= 10


def test_a_part_is_read_once_however_it_is_referred_to(monkeypatch):
    read = []
    monkeypatch.setattr(shapes, "_check", read.append)
    ways = [f"#{'/' * n}$defs/a{'/' * m}" for n in range(1, 9) for m in range(8)]
    Grammar({"anyOf": [{"$ref": way} for way in ways], "$defs": {"a": {"type": "null"}}})
    assert read[1:] == [{"type": "null"}]
