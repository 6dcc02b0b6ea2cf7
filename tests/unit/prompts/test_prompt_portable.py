"""Partials and examples written out say the same, whatever stands around them; or are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prompts
from prompts import Prompt, PromptError

VALUES = {"q": "Q", "items": ["a", "b"], "history": [{"role": "user", "content": "H"}]}
HEAD = "---\nname: t\ninputs:\n  - {name: q, kind: text}\n  - {name: items, kind: list}\n"
PIECES = st.sampled_from(
    ["{% include 'partials/a.j2' %}", "{% include 'partials/b.j2' %}", "x", " ", "  ", "\n", "\n\n",
     "{{ q }}", "{% if q %}", "{% endif %}", "user:\n", "{{ history }}\n", "\n{{ history }}\n"]
)  # fmt: skip
INSIDE = st.sampled_from(
    ["x", " ", "\n", "{{ q }}", "{{- q -}}", "{% if q %}y{% endif %}", "{%- if q %} y {% endif -%}",
     "{# note #}", "{#- note -#}", "{% raw %}{{ z }}{% endraw %}", "  {% set s = q %}", "user:",
     "{% include 'partials/b.j2' %}"]
)  # fmt: skip


def same(prompt: Prompt, values: dict[str, Any] | None = None) -> Prompt:
    """The prompt written out, once it is known to render the same."""
    text = prompts.portable(prompt)
    fresh = prompts.parse(text)
    assert not fresh.partials
    assert not fresh.examples
    given = VALUES if values is None else values
    assert prompts.render(fresh, given) == prompts.render(prompt, given)
    assert [one.name for one in fresh.inputs] == [one.name for one in prompt.inputs]
    return fresh


@pytest.mark.parametrize("name", prompts.library_names())
def test_the_built_in_prompts(name: str) -> None:
    prompt = prompts.library()[name]
    same(prompt, prompts.samples(prompt))


def test_a_prompt_that_needs_no_other_stays_as_it_is(read: Callable[..., Prompt]) -> None:
    prompt = read("user:\n{{ q }}\n")
    assert prompts.portable(prompt) == prompt.source


@pytest.mark.parametrize(
    ("body", "partial"),
    [
        ("A {% include 'partials/a.j2' %}\nB", "x"),
        ("A {% include 'partials/a.j2' %}\n\nB", "{% if q %}x{% endif %}"),
        ("  {% include 'partials/a.j2' %}\nB", "  x\n\n"),
        ("A\n{% include 'partials/a.j2' %}\n B", "  {% if q %}\n x\n  {% endif %}\n"),
        ("A {% include 'partials/a.j2' %} B", "{{- q -}}"),
        ("A {% include 'partials/a.j2' %} B", "{%- if q -%} x {%- endif -%}"),
        ("A {%- include 'partials/a.j2' -%} B", " x "),
        (
            "{% for i in items %}{% include 'partials/a.j2' %}{% endfor %}",
            "{{ i }}{{ loop.index }}",
        ),
        ("A {% include 'partials/a.j2' %}\nuser:\nB", "x"),
        ("A {% include 'partials/a.j2' %}\n{{ history }}\nuser:\nB", "x"),
        ("{% include 'partials/a.j2' %}", "{% raw %}{{ y }}{% endraw %}{# z #}"),
        ("{% include 'partials/a.j2' %}\n\nB", "{# z #}"),
        ("{% include 'partials/a.j2' %}", "\\user:\n"),
    ],
)
def test_edges_mean_the_same(read: Callable[..., Prompt], body: str, partial: str) -> None:
    fresh = same(read(f"user:\n{body}\n", {"partials/a.j2": partial}))
    assert "include" not in fresh.source


def test_partials_in_partials(read: Callable[..., Prompt]) -> None:
    partials = {
        "partials/a.j2": "a {% include 'partials/b.j2' %}\n{% include 'partials/b.j2' %}\n",
        "partials/b.j2": "{% set word = q %}{{ word }}",
    }
    same(read("user:\n{% include 'partials/a.j2' %}\n.\n", partials))


@settings(max_examples=150, deadline=None)
@given(body=st.lists(PIECES, max_size=8), one=st.lists(INSIDE, max_size=5))
def test_it_says_the_same_or_is_refused(
    read: Callable[..., Prompt], body: list[str], one: list[str]
) -> None:
    partials = {"partials/a.j2": "".join(one), "partials/b.j2": " b {{ q }}\n"}
    try:
        prompt = read("system:\nx\nuser:\ny" + "".join(body), partials)
        prompts.portable(prompt)
    except PromptError:
        return
    same(prompt)


class TestExamples:
    """They become messages of their own, to the letter."""

    HARD = (
        "{{ q }}", "{% if %}", "{#", "{{{", "{%%}", "{% endraw %}", "user:", "\\user:", "\\\\user:",
        " system: ", "a\n\nassistant:\nb", '"{{"', "  indented", "---", "{",
    )  # fmt: skip

    def test_they_are_written_as_text(self) -> None:
        examples = [{"user": text, "assistant": text} for text in self.HARD]
        source = (
            f"{HEAD}metadata: {{x: 1, chatbot: {{kind: task, examples: {{k: 99}}}}}}\n---\n"
            "system:\nS{% include 'partials/a.j2' %}\n{{ examples }}\n\nuser:\n{{ q }}\n"
        )
        prompt = prompts.parse(source, {"partials/a.j2": "P"}, examples)
        fresh = same(prompt, {"q": "Q"})
        assert "examples" not in fresh.source
        assert "x: 1" in fresh.source

    def test_of_chosen_ones_the_first_go_along(self) -> None:
        source = (
            f"{HEAD}metadata: {{chatbot: {{examples: {{select: similar, k: 2}}}}}}\n---\n"
            "{{ examples }}\nuser:\n{{ q }}\n"
        )
        examples = [{"user": str(n), "assistant": "A"} for n in range(5)]
        fresh = same(prompts.parse(source, None, examples), {"q": "Q"})
        assert len(prompts.render(fresh, {"q": "Q"})) == 5


@pytest.mark.parametrize(
    ("body", "partial", "says"),
    [
        ("{% set a = 1 %}{% include 'partials/a.j2' %}{{ a }}", "{% set a = 2 %}", "named outside"),
        ("a\n{% include 'partials/a.j2' %}:\nx", "user", "cannot be written out"),
    ],
)
def test_what_cannot_stand_in_the_text_is_refused(
    read: Callable[..., Prompt], body: str, partial: str, says: str
) -> None:
    with pytest.raises(PromptError, match=says):
        prompts.portable(read(f"user:\n{body}\n", {"partials/a.j2": partial}))
