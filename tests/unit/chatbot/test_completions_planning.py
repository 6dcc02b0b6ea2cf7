"""A call's messages and inputs as what a prompt is rendered with."""

import pytest

import prompts
from chatbot.completions import Ask, Said, Schema, Unsupported
from chatbot.completions.planning import check_prompt, dialog_of, given_values, options_of, past_of
from chatbot.completions.shapes import bare, breach, shape_of
from tests.support.calling import said

PROMPT = prompts.parse(
    """---
name: order
description: Says something about an order.
inputs:
  - name: company
    kind: string
  - name: count
    kind: number
  - name: urgent
    kind: boolean
  - name: text
    kind: text
    required: true
metadata:
  chatbot:
    kind: task
---
user:
{{ company }} {{ count }} {{ urgent }} {{ text }}
"""
)


def test_system_texts_come_first_and_what_was_asked_last_is_one_question():
    sent = (Said("user", "a"), Said("system", "s"), Said("assistant", "b"), Said("user", "c"))
    dialog = dialog_of([*sent, Said("developer", "d"), Said("user", "e")])
    assert (dialog.system, dialog.question) == ("s\n\nd", "c\n\ne")
    assert [one.content for one in dialog.before] == ["a", "b"]
    assert [one["role"] for one in dialog.messages] == ["system", "user", "assistant", "user"]


def test_history_is_that_of_a_turn():
    before = said("asked and not answered") + said("asked", "answered")
    assert [(past.role, past.content) for past in past_of(before)] == [
        ("user", "asked and not answered\n\nasked"),
        ("assistant", "answered"),
    ]
    assert len(past_of(said(*map(str, range(200))))) == 64


def test_texts_are_read_as_what_an_input_is():
    given = given_values(PROMPT, dialog_of(said("Where?")), {"count": "3", "urgent": "true"})
    assert given.values == {"count": 3, "urgent": True, "text": "Where?"}
    assert given.told == {"values": {"count": 3, "urgent": True}, "place": "text"}


@pytest.mark.parametrize(
    ("inputs", "param"),
    [({"count": "three"}, "metadata.count"), ({"more": "x"}, "metadata.more")],
)
def test_a_value_that_is_none_is_refused_by_its_name(inputs, param):
    with pytest.raises(Unsupported) as refused:
        given_values(PROMPT, dialog_of(said("Where?")), inputs)
    assert refused.value.param == param


def test_a_message_needs_a_place():
    with pytest.raises(Unsupported):
        given_values(PROMPT, dialog_of(said("Where?")), {"text": "There."})
    with pytest.raises(Unsupported):
        check_prompt(PROMPT, dialog_of(said("a", "b", "c")))


def test_each_choice_has_a_seed_of_its_own_within_64_bits():
    ask = Ask("m", seed=2**63 - 1, stop=("x",), logprobs=True)
    told = [options_of(ask, choice, guided=None) for choice in range(2)]
    assert [one["seed"] for one in told] == [2**63 - 1, -(2**63)]
    assert told[0]["stop"] == ["x"]
    assert told[0]["logprobs"] == 0
    assert "temperature" not in told[0]


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ("```\n[1]\n```\n", "[1]"),
        ("```no fence```", "```no fence```"),
    ],
)
def test_a_fence_is_taken_off(text, alone):
    assert bare(text) == alone


LIST = {
    "type": "object",
    "properties": {
        "v": {"type": "integer", "minimum": 0},
        "next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
    },
    "required": ["v"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"v": 1, "next": {"v": 2, "next": None}}, ""),
        ({"v": -1}, "`v` must be at least 0"),
        ({"v": 1, "next": {}}, "`next` must be"),
        ({"v": 1, "next": {"v": 2, "next": {"v": "x"}}}, "`next` must be"),
        ({"v": 1, "w": 2}, "does not name"),
        ([], "must be an object"),
    ],
)
def test_what_breaks_a_schema_is_said(value, says):
    fault = breach(LIST, value)
    assert (says in fault) if says else not fault


def test_a_shape_says_what_is_wrong_with_a_text():
    shape = shape_of("json")
    assert shape.fault("no") == "It is not JSON."
    assert shape.fault("[" * 100_000) == "It is not JSON."
    assert shape.fault("[]")
    assert not shape.fault("{}")
    assert shape_of(None) is None


def test_parts_that_name_each_other_many_times_are_looked_at_once():
    parts = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 50} for n in range(12)}
    shape = Schema({"$ref": "#/$defs/a0", "$defs": parts | {"a12": {"type": "string"}}})
    assert shape_of(shape).fault('"x"') == ""
    assert "must be" in shape_of(shape).fault("1")


def test_a_part_that_names_itself_fits_what_its_others_do():
    shape = shape_of(Schema({"anyOf": [{"$ref": "#"}, {"type": "string"}]}))
    assert shape.fault('"x"') == ""
    assert shape.fault("1")
