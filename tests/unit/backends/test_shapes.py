"""JSON of a shape, byte by byte: what a grammar lets through is what the schema says.

The judge of each text is `jsonschema`, which is none of ours.
"""

import json
import re
from threading import Thread

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.backends import shapes
from chatbot.backends.shapes import BadShape, Grammar
from tests.support.letters import END, guided, shaping, takes

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
    """A schema, and a text that its guide lets through."""
    schema = draw(st.sampled_from(SCHEMAS))
    guide, text = shaping().guide(schema, ()), b""
    for _ in range(400):
        allowed = set(guide.next().allowed.tolist())
        ways = sorted(allowed & set(b'{}[]":, \\abceglmnorstufyo0123456789.-\xc3\x9f'))
        if END in allowed and (not ways or draw(st.booleans())):
            return schema, text
        ends = [byte for byte in b'"]}' if byte in ways]
        byte = draw(st.sampled_from(ends if ends and len(text) > 60 else ways))
        guide.take(byte)
        text += bytes([byte])
    return schema, b""


@settings(max_examples=60, deadline=None)
@given(walks())
def test_what_passes_fits_the_schema(walk):
    schema, text = walk
    if text:
        jsonschema.validate(json.loads(text.decode()), schema)


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
        ('{ "name":"Bo","boss":null}', False),
        ('{"name":"a\nb","boss":null}', False),
        ('{"name":"\\u0041","boss":null}', False),  # as above
        ('{"name":"Bo","boss":null}}', False),
        ("", False),
    ],
)
def test_an_object_is_held_to_its_schema(text, passes):
    assert takes(PERSON, text) is passes


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2.5, {"b": []}]}, "x", -0.25, True, None])
def test_without_a_schema_any_json_passes(value):
    assert takes({}, json.dumps(value))


@pytest.mark.parametrize(
    ("schema", "exact"),
    [
        (PERSON, True),
        ({"type": "number", "minimum": 0.5}, True),
        ({"type": "number", "minimum": 1e300}, False),  # more than the library counts with
        ({"type": "integer", "maximum": -(10**30)}, False),
    ],
)
def test_it_says_whether_an_answer_needs_a_look(schema, exact):
    assert Grammar(schema).exact is exact
    assert exact or takes(schema, "12")


@pytest.mark.parametrize(
    ("schema", "passes", "fails"),
    [
        ({"type": "integer"}, ["0", "-7", "9" * 15], ["1.0", "01", "1e3", "9" * 16]),
        ({"type": "number"}, ["-0.25", "1.000000001", "12"], ["1.", "1e3", "0." + "1" * 10]),
        ({"type": "number", "minimum": 0.5, "maximum": 99.25}, ["0.5", "99.25"], ["99.3", "0.4"]),
        ({"type": "number", "minimum": -2, "maximum": 2}, ["-1.5"], ["2.5", "-3"]),
        ({"type": "integer", "minimum": 10**16}, ["1" + "0" * 16], ["1", "9" * 16]),
        ({"type": "integer", "minimum": -5000, "maximum": 9999}, ["-5000", "9999"], ["10000"]),
        ({}, ["[1.5]"], ["[1e5]", "9" * 16]),
    ],
)
def test_numbers_have_limits_and_an_end(schema, passes, fails):
    assert [text for text in passes if not takes(schema, text)] == []
    assert [text for text in fails if takes(schema, text)] == []


@pytest.mark.parametrize("text", [r"a\u0001", r"a\"\\/\n", "東京😀", r"\u007f"])
def test_a_text_of_the_schema_is_written_whatever_it_holds(text):
    assert takes({"const": json.loads(f'"{text}"')}, f'"{text}"')


@pytest.mark.parametrize("name", [r"a\u0001", r"a\"\\/\n", "東京😀"])
def test_a_name_of_the_schema_is_written_whatever_it_holds(name):
    schema = {"type": "object", "properties": {json.loads(f'"{name}"'): {"type": "null"}}}
    assert takes(schema, f'{{"{name}": null}}')


def test_a_long_text_has_its_limit_in_characters():
    schema = {"type": "string", "maxLength": 2000}
    assert takes(schema, json.dumps("é" * 2000, ensure_ascii=False))
    assert not takes(schema, json.dumps("é" * 2001, ensure_ascii=False))


def test_many_fields_may_each_be_left_out():
    schema = {"type": "object", "properties": {f"a{n}": {"type": "null"} for n in range(2000)}}
    assert takes(schema, '{"a7":null, "a1999":null}')
    assert not takes(schema, '{"a1999":null, "a7":null}')


def test_answers_to_one_schema_know_nothing_of_each_other():
    texts = [json.dumps({"name": "Bo" * n, "boss": None}) for n in range(1, 9)]
    found = []
    threads = [Thread(target=lambda text=text: found.append(takes(PERSON, text))) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * len(texts)
    first, second = guided(PERSON, '{"name":"a'), guided(PERSON, "{")
    assert ord("}") in first.next().allowed
    assert second.next().allowed.tolist() == [ord('"')]


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
        ({"type": "array", "maxItems": -1}, "`maxItems`"),
        ({"type": "array", "minItems": 2, "maxItems": 1}, "`minItems`"),
        ({"type": "string", "minLength": 2, "maxLength": 1}, "`minLength`"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "`minimum`"),
        ({"const": "\ud800"}, "not JSON"),
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


@pytest.mark.parametrize("schema", [{"anyOf": [{"$ref": "#"}]}, {"$ref": "#"}])
def test_a_schema_that_begins_with_itself_lets_nothing_through(schema):
    assert guided(schema, "").next().allowed.tolist() == [END]


def test_a_type_that_is_named_twice_is_read_once():
    schema = {"type": "boolean"}
    for _ in range(30):
        schema = {"type": ["array", "array"], "items": schema}
    assert takes(schema, "[" * 30 + "true" + "]" * 30)


def test_a_part_is_read_once_however_it_is_referred_to(monkeypatch):
    read = []
    monkeypatch.setattr(shapes, "_check", read.append)
    ways = [f"#{'/' * n}$defs/a{'/' * m}" for n in range(1, 9) for m in range(8)]
    Grammar({"anyOf": [{"$ref": way} for way in ways], "$defs": {"a": {"type": "null"}}})
    assert read[1:] == [{"type": "null"}]
