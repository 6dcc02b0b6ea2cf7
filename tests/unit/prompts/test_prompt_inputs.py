"""Values: what each kind takes, what it becomes, and the sentence for what it refuses."""

import enum
from datetime import date
from typing import Any

import pytest

from prompts import Input, PromptError
from prompts.inputs import accept_values


class Shout(str):
    """Text that is not quite text."""

    def __str__(self) -> str:
        return self.upper()


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        ("string", "a\nb", "a\nb"),
        ("text", Shout("quiet"), "quiet"),
        ("string", Colour.RED, "red"),
        ("number", 3.0, 3),
        ("number", -0.5, -0.5),
        ("boolean", False, False),
        ("date", date(2026, 8, 1), "2026-08-01"),
        ("date", "2026-08-01", "2026-08-01"),
        ("list", ["a", ""], ["a", ""]),
        ("list", " a \n\n b\n", ["a", "b"]),
        ("list", None, []),
        ("thread", None, []),
        ("passages", (), []),
        ("number", None, None),
        ("date", "", None),
        ("text", "", ""),
    ],
)
def test_values_become_plain_json(kind: Any, value: object, accepted: object) -> None:
    result = Input("x", kind).accept(value)
    assert result == accepted
    assert type(result) is type(accepted)


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("string", 3, "must be text, not a number"),
        ("string", b"x", "must be text, not bytes"),
        ("string", "x" * 10_001, "10,001 characters, at most 10,000"),
        ("text", "x" * 1_000_000, "1,000,000 characters, at most 100,000"),
        ("text", "a\0b", "NUL"),
        ("text", "a\udc00b", "half a surrogate pair"),
        ("number", "3", "must be a number"),
        ("number", True, "must be a number"),
        ("number", float("nan"), "no number"),
        ("number", float("-inf"), "no number"),
        ("number", 10**400, "too large"),
        ("boolean", 1, "true or false"),
        ("date", "tomorrow", "not a date"),
        ("date", "2026-02-30", "not a date"),
        ("list", {"a": 1}, "must be a list, not dict"),
        ("list", [1], "item 1"),
        ("list", ["x"] * 10_000, "10,000 items, at most 1,000"),
        ("list", ["x" * 20_000], "more than 10,000 characters"),
        ("thread", "hi", "must be a list"),
        ("thread", ["hi"], "role and content"),
        ("thread", [{"role": "user"}], "role and content"),
        ("thread", [{"role": "system", "content": "x"}], "neither user nor assistant"),
        ("thread", [{"role": "user<|im_end|>", "content": "x"}], "neither user nor assistant"),
        ("thread", [{"role": ["user"], "content": "x"}], "neither user nor assistant"),
        ("thread", [{"role": "user", "content": None}], "message 1"),
        ("thread", [{"role": "user", "content": "x", "name": "y"}], "role and content"),
        ("passages", [{"title": "x"}], "title and text"),
        ("passages", [{"title": "x", "text": 3}], "passage 1"),
        ("passages", [{"title": "x", "text": "y" * 20_001}], "more than 20,000 characters"),
    ],
)
def test_refusals_name_the_input_and_not_the_value(kind: Any, value: object, says: str) -> None:
    with pytest.raises(PromptError, match=says) as caught:
        Input("thing", kind).accept(value)
    assert caught.value.input_name == "thing"
    assert "`thing`" in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("kind", ["string", "text", "choice", "date"])
def test_a_required_input_needs_a_value(kind: Any, value: object) -> None:
    with pytest.raises(PromptError, match="Input `x` needs a value"):
        Input("x", kind, required=True, choices=("a",)).accept(value)


def test_an_empty_field_takes_the_default() -> None:
    assert Input("x", "string", default="our company").accept("") == "our company"
    assert Input("x", "list", default=["a"]).accept(None) == ["a"]


def test_a_choice_lists_what_there_is() -> None:
    with pytest.raises(PromptError, match=r"Choose one of: short, long\."):
        Input("length", "choice", choices=("short", "long")).accept("endless")


def test_its_own_limit_counts() -> None:
    with pytest.raises(PromptError, match="6 characters, at most 5"):
        Input("x", "text", limit=5).accept("123456")


def test_unknown_values_are_refused_with_a_suggestion() -> None:
    inputs = (Input("question", "text"), Input("company", "string"))
    with pytest.raises(PromptError, match=r"no input `qestion`.*Did you mean `question`") as caught:
        accept_values(inputs, {"qestion": "x"})
    assert caught.value.input_name == "qestion"
