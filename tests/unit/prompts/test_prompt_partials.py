"""Partials: put in place, named in errors, part of the version."""

from collections.abc import Callable
from typing import Any

import pytest

from prompts import PromptError, parse

TONE = {"partials/tone.j2": "Be kind.\n"}


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ('{% include "partials/tone.j2" %}\nNext.', "Be kind.\nNext."),
        ("{%- include 'partials/tone.j2' -%}\nNext.", "Be kind.\nNext."),
        ('{% include "partials/tone.j2" %} Next.', "Be kind. Next."),
        ('Now: {% include "partials/tone.j2" %}', "Now: Be kind."),
        ('{% if q %}{% include "partials/tone.j2" %}{% endif %}', "Be kind."),
    ],
)
def test_a_line_of_its_own_stays_one(user: Callable[..., str], body: str, content: str) -> None:
    assert user(body, TONE, q="x") == content


def test_a_partial_sees_inputs_and_loops_but_sets_nothing_outside(user: Callable[..., str]) -> None:
    partials = {"partials/line.j2": "{% set mark = loop.index %}{{ mark }}{{ item }}{{ q }}"}
    body = '{% for item in items %}{% include "partials/line.j2" %} {% endfor %}'
    assert user(body, partials, items=["a", "b"], q="!") == "1a! 2b!"
    with pytest.raises(PromptError, match="`mark` is not declared"):
        user(f"{body}{{{{ mark }}}}", partials)


def test_only_what_is_included_is_part_of_the_version(read: Callable[..., Any]) -> None:
    body = 'user:\n{% include "partials/tone.j2" %}'
    unused = {**TONE, "partials/other.j2": "{{ broken"}
    prompt = read(body, unused)
    assert dict(prompt.partials) == TONE
    assert prompt.sha == read(body, TONE).sha
    assert prompt.sha != read(body, {"partials/tone.j2": "Be curt.\n"}).sha
    assert parse(prompt.source, prompt.partials).sha == prompt.sha


@pytest.mark.parametrize(
    ("texts", "where", "says"),
    [
        ({"a": "{% include 'partials/a.j2' %}"}, "partials/a.j2, line 1", "a.j2 → partials/a.j2"),
        (
            {"a": "{% include 'partials/b.j2' %}", "b": "\n{% include 'partials/a.j2' %}"},
            "partials/b.j2, line 2",
            "a.j2 → partials/b.j2 → partials/a.j2",
        ),
        (
            {x: f"{{% include 'partials/{y}.j2' %}}" for x, y in ("ab", "bc", "cd")} | {"d": "."},
            "partials/c.j2, line 1",
            "3 deep",
        ),
        ({"a": "{{ nope }}"}, "partials/a.j2, line 1, column 4", "`nope` is not declared"),
        ({"a": "x\nuser:\ny"}, "partials/a.j2, line 2, column 1", "inside a block or partial"),
        ({"a": "{% if q %}"}, "partials/a.j2, line 1, column 4", "never closed"),
        ({"a": "\n{{ 9 ** 9 }}"}, "partials/a.j2, line 2", "not allowed"),
        ({"a": "x\0"}, "partials/a.j2, line 1, column 2", "U+0000"),
        ({"b": "x"}, "line 11, column 4", "Did you mean `partials/b.j2`"),
        ({}, "line 11, column 4", "no partial `partials/a.j2`"),
    ],
)
def test_faults_name_the_partial(
    read: Callable[..., Any], texts: dict[str, str], where: str, says: str
) -> None:
    partials = {f"partials/{name}.j2": text for name, text in texts.items()}
    with pytest.raises(PromptError) as caught:
        read("user:\n{% include 'partials/a.j2' %}", partials)
    assert str(caught.value).startswith(where)
    assert says in str(caught.value)


def test_includes_are_counted(read: Callable[..., Any]) -> None:
    body = "user:\n" + "{% include 'partials/tone.j2' %}\n" * 51
    with pytest.raises(PromptError, match="50 in all") as caught:
        read(body, TONE)
    assert caught.value.line == 61


def test_a_fault_while_rendering_names_the_partial(user: Callable[..., str]) -> None:
    partials = {"partials/a.j2": "one\n  {{ n / 0 }}"}
    with pytest.raises(PromptError, match="divides by zero") as caught:
        user("{% include 'partials/a.j2' %}", partials)
    assert (caught.value.partial, caught.value.line, caught.value.column) == ("partials/a.j2", 2, 6)
