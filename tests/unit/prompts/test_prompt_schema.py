"""The form of an answer: which schemas are taken, and what in an answer breaks one."""

from typing import Any

import pytest

import prompts
from prompts import PromptError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 5},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
        "note": {"type": ["string", "null"]},
        "kind": {"const": 1},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"name": "abc", "count": 3, "tags": ["a"], "note": None, "kind": 1}, ""),
        ({"name": "abc", "count": 2.0}, ""),
        ([], "The answer must be an object."),
        ({}, "The answer lacks `name`."),
        ({"name": 3}, "`name` must be a text."),
        ({"name": "x"}, "`name` must have at least 2 characters."),
        ({"name": "xxxxxx"}, "`name` must have at most 5 characters."),
        ({"name": "abc", "count": True}, "`count` must be a whole number."),
        ({"name": "abc", "count": 0}, "`count` must be at least 1."),
        ({"name": "abc", "count": 10}, "`count` must be at most 9."),
        ({"name": "abc", "count": 1.5}, "`count` must be a whole number."),
        ({"name": "abc", "tags": []}, "`tags` must have at least 1 items."),
        ({"name": "abc", "tags": ["a", "b", "a"]}, "`tags` must have at most 2 items."),
        ({"name": "abc", "tags": ["a", "c"]}, "Item 2 of `tags` must be one of `a`, `b`."),
        ({"name": "abc", "note": 1}, "`note` must be a text or null."),
        ({"name": "abc", "kind": True}, "`kind` must be `1`."),
        ({"name": "abc", "more": 1}, "The answer has a field that the schema does not name."),
    ],
)
def test_what_breaks_a_schema(value: object, sentence: str) -> None:
    prompts.check_schema(SCHEMA)
    assert prompts.breach(SCHEMA, value) == sentence


def test_further_fields_may_have_a_schema() -> None:
    schema = {"properties": {"a": {}}, "additionalProperties": {"type": "number"}}
    assert prompts.breach(schema, {"a": "x", "b": 1}) == ""
    assert prompts.breach(schema, {"a": "x", "b": "y"}) == "`b` must be a number."


@pytest.mark.parametrize(
    ("schema", "place", "says"),
    [
        ("3", (6, 3), "must hold"),
        ("{type: text}", (6, 12), "`type` is one of"),
        ("{type: []}", (6, 12), "`type` is one of"),
        ("{typ: object}", (6, 12), "Did you mean `type`"),
        ("{$ref: x}", (6, 12), "is not taken"),
        ("{pattern: a+}", (6, 12), "is not taken"),
        ("{properties: [a]}", (6, 12), "must hold `name"),
        ("{properties: {a: 3}}", (6, 25), "must hold"),
        ("{required: a}", (6, 12), "a list of names"),
        ("{enum: []}", (6, 12), "a list of values"),
        ("{minimum: x}", (6, 12), "must be a number"),
        ("{maxLength: -1}", (6, 12), "whole number from 0"),
        ("{items: {items: {description: 3}}}", (6, 28), "must be a text"),
        ("{additionalProperties: 3}", (6, 12), "must hold"),
    ],
)
def test_what_is_no_schema(schema: str, place: tuple[int, int], says: str) -> None:
    source = (
        "---\nname: t\ndescription: d\nmetadata:\n chatbot:\n"
        f"  output: {schema}\n---\nuser:\nJSON\n"
    )
    with pytest.raises(PromptError, match=says) as caught:
        prompts.parse(source)
    assert (caught.value.line, caught.value.column) == place


def test_a_prompt_keeps_its_schema() -> None:
    source = "---\nname: t\nmetadata: {chatbot: {output: {type: object}}}\n---\nuser:\nJSON\n"
    assert prompts.parse(source).output == {"type": "object"}
    assert prompts.parse("---\nname: t\n---\nuser:\nx\n").output is None


def test_a_deep_schema_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(2_000):
        schema = {"items": schema}
    with pytest.raises(PromptError, match="nested too deeply"):
        prompts.check_schema(schema)
