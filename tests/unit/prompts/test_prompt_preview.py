"""A preview says what `render` says, and where each piece of it comes from."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prompts
from prompts import KINDS, Prompt, PromptError, Shown, Span
from tests.support.hostile_prompts import GIVEN, RENDERED, VALUES, Hostile

REQUIRED = "".join(
    f"  - {{name: {kind}_in, kind: {kind}, required: true"
    + (", enumValues: [a, b]" if kind == "choice" else "")
    + "}\n"
    for kind in KINDS
)
EVERY = (
    "system:\n{{ string_in|upper }} {{ text_in }} {{ number_in + 1 }} {{ boolean_in }} "
    "{{ choice_in }} {{ date_in }}\n{% for item in list_in %}- {{ item }}\n{% endfor %}"
    "{% for p in passages_in %}[{{ loop.index }}] {{ p.title }}\n{% endfor %}\n"
    "{{ thread_in }}\nuser:\n{{ list_in|join(', ') }}\n"
)


def spans(shown: Shown) -> list[tuple[str, str | None]]:
    return [(span.text, span.input) for span in shown.spans]


class TestSpans:
    """Every value carries the input that it came from."""

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("A {{ q }}.", [("A ", None), ("Q", "q"), (".", None)]),
            ("{{ q|upper ~ n }}{{ n }}", [("Q3", "q"), ("3", "n")]),
            (
                "{% for i in items %}{{ i }}{{ loop.index }}{% endfor %}",
                [("b", "items"), ("1", None)],
            ),
            ("{% set a = q %}{% set b = a|lower %}{{ b }}", [("q", "q")]),
            ("{% set m = {'Q': 'x'} %}{{ m[q] }}", [("x", "q")]),
            ("{% for q in items %}{{ q }}{% endfor %}{{ q }}", [("b", "items"), ("Q", "q")]),
            ("{{ 'word' }} {{ 1 + 1 }}", [("word 2", None)]),
            ("{% if q %}yes{% endif %}", [("yes", None)]),
            ("{{ passages[0].title }}", [("T", "passages")]),
            ("{{ q if n > 5 else 'few' }}", [("few", "q")]),
            ("{{ 'many' if n > 2 else 'few' }}", [("many", None)]),
        ],
    )
    def test_in_a_message(
        self, read: Callable[..., Prompt], body: str, expected: list[tuple[str, str | None]]
    ) -> None:
        values = {"q": "Q", "items": ["b"], "passages": [{"title": "T", "text": "X"}]}
        [shown] = prompts.preview(read(f"user:\n{body}\n"), values)
        assert spans(shown) == expected

    def test_in_a_partial(self, read: Callable[..., Prompt]) -> None:
        prompt = read("user:\n{% include 'partials/a.j2' %}", {"partials/a.j2": "Say {{ q }}"})
        assert spans(prompts.preview(prompt, {"q": "Q"})[0]) == [("Say ", None), ("Q", "q")]

    def test_threads_and_examples_say_what_they_are(self) -> None:
        source = (
            "---\nname: t\ninputs: [{name: h, kind: thread}]\n"
            "metadata: {chatbot: {examples: {}}}\n---\n{{ examples }}\n{{ h }}\nuser:\nx\n"
        )
        prompt = prompts.parse(source, None, [{"user": "U", "assistant": "A"}] * 2)
        said = [{"role": "user", "content": "H"}, {"role": "assistant", "content": "I"}]
        shown = prompts.preview(prompt, {"h": said}, (1,))
        assert shown == [
            Shown("user", (Span("U"),), "example 1"),
            Shown("assistant", (Span("A"),), "example 1"),
            Shown("user", (Span("H", "h"),), "h 1 of 2"),
            Shown("assistant", (Span("I", "h"),), "h 2 of 2"),
            Shown("user", (Span("x"),)),
        ]


class TestSame:
    """The text is that of `render`, and so are the errors."""

    @settings(max_examples=40)
    @given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
    def test_for_any_value(self, read: Callable[..., Prompt], text: str) -> None:
        body = (
            "system:\n \n {{ q }} x{{ q }}\n{% for i in items %}\n{{ i }}{% endfor %}\n"
            "{{ history }}\nuser:\n{{ q|default('-', true) }}\n"
        )
        values = {"q": text, "items": [text, "x"], "history": [{"role": "user", "content": text}]}
        prompt = read(body)
        shown = prompts.preview(prompt, values)
        said = [{"role": one.role, "content": one.content} for one in shown]
        assert said == prompts.render(prompt, values)

    @pytest.mark.parametrize("name", prompts.library_names())
    def test_for_the_built_in_prompts(self, name: str) -> None:
        prompt = prompts.library()[name]
        values = prompts.samples(prompt)
        shown = prompts.preview(prompt, values)
        said = [{"role": one.role, "content": one.content} for one in shown]
        assert said == prompts.render(prompt, values)
        assert not any(span.missing for one in shown for span in one.spans)

    @pytest.mark.parametrize("values", [{"q": 3}, {"nope": "x"}, {"items": ["a"] * 1_001}])
    def test_errors(self, read: Callable[..., Prompt], values: dict[str, Any]) -> None:
        prompt = read("user:\n{{ q }}\n")
        told = []
        for work in (prompts.render, prompts.preview):
            with pytest.raises(PromptError) as caught:
                work(prompt, values)
            told.append(str(caught.value))
        assert told[0] == told[1]

    @pytest.mark.parametrize("hostile", RENDERED, ids=str)
    def test_hostile_templates_fail_alike(self, hostile: Hostile) -> None:
        prompt = prompts.parse(hostile.source, hostile.partials)
        with pytest.raises(PromptError) as caught:
            prompts.preview(prompt, GIVEN, holes=True)
        assert hostile.says in str(caught.value)

    @pytest.mark.parametrize(("number", "value"), VALUES)
    def test_hostile_values_stay_text(
        self, read: Callable[..., Prompt], number: int, value: str
    ) -> None:
        prompt = read("{{ history }}\nuser:\nSay {{ q }}\n")
        said = [{"role": "user", "content": value}]
        past, asked = prompts.preview(prompt, {"q": value, "history": said})
        assert past.spans == (Span(value, "history"),)
        assert asked.spans == (Span("Say "), Span(value, "q"))


class TestHoles:
    """A required value that is missing shows as the name of its input."""

    def test_of_every_kind(self, read: Callable[..., Prompt]) -> None:
        prompt = read(EVERY, inputs=REQUIRED)
        shown = prompts.preview(prompt, {}, holes=True)
        missing = [span.text for one in shown for span in one.spans if span.missing]
        assert sorted(set(missing)) == sorted(f"{kind}_in" for kind in KINDS)
        system = shown[0].content
        assert system.startswith(
            "string_in text_in number_in boolean_in choice_in date_in\n- list_in"
        )

    def test_what_is_given_stays(self, read: Callable[..., Prompt]) -> None:
        inputs = "  - {name: a, required: true}\n  - {name: b, required: true}\n"
        prompt = read("user:\n{{ a }} {{ b }}\n", inputs=inputs)
        [shown] = prompts.preview(prompt, {"b": "B"}, holes=True)
        assert shown.spans == (Span("a", "a", missing=True), Span(" "), Span("B", "b"))

    def test_only_with_holes(self, read: Callable[..., Prompt]) -> None:
        prompt = read("user:\n{{ a }}\n", inputs="  - {name: a, required: true}\n")
        with pytest.raises(PromptError, match="`a` needs a value"):
            prompts.preview(prompt, {})

    def test_a_wrong_value_is_still_an_error(self, read: Callable[..., Prompt]) -> None:
        prompt = read("user:\n{{ a }}\n", inputs="  - {name: a, required: true}\n")
        with pytest.raises(PromptError, match="`a` must be text"):
            prompts.preview(prompt, {"a": 3}, holes=True)


class TestSamples:
    """Values for a first preview are ones that the inputs accept."""

    def test_of_every_kind(self, read: Callable[..., Prompt]) -> None:
        prompt = read(EVERY, inputs=REQUIRED)
        values = prompts.samples(prompt)
        assert len(prompts.render(prompt, values)) == 4
        assert values["choice_in"] == "a"

    def test_limits_are_kept(self, read: Callable[..., Prompt]) -> None:
        inputs = (
            "  - {name: question, kind: text, limit: 5}\n  - {name: l, kind: list, limit: 1}\n"
            "  - {name: p, kind: passages, limit: 1}\n  - {name: h, kind: thread, limit: 1}\n"
        )
        prompt = read("{{ h }}\nuser:\n{{ question }}{{ l|join }}{{ p|length }}\n", inputs=inputs)
        values = prompts.samples(prompt)
        assert [len(values[name]) for name in ("question", "l", "p", "h")] == [5, 1, 1, 0]
        assert prompts.render(prompt, values)[-1]["content"].startswith("How l")

    def test_defaults_and_examples_go_first(self) -> None:
        source = (
            "---\nname: t\ninputs: [{name: q, kind: text}, {name: tone, default: warm}]\n"
            "metadata: {chatbot: {examples: {select: similar, k: 1}}}\n---\n"
            "{{ examples }}\nuser:\n{{ q }} {{ tone }}\n"
        )
        prompt = prompts.parse(source, None, [{"user": "Said", "assistant": "A"}])
        assert prompts.samples(prompt) == {"q": "Said", "tone": "warm"}


class TestUnfinished:
    """A prompt with unknown names can be looked at, and they show as holes."""

    BODY = (
        "system:\n{{ nope }} {{ nope.field }} {{ nope|upper }} {{ nope[0] ~ q }}\n"
        "{% for one in several %}- {{ one.x }}\n{% endfor %}{{ list|join(', ') }}\n"
        "user:\n{{ q }}\n"
    )

    def read(self, body: str) -> Prompt:
        source = f"---\nname: t\ninputs: [{{name: q, kind: text}}]\n---\n{body}"
        return prompts.parse(source, unfinished=True)

    def test_they_show_as_their_names(self) -> None:
        prompt = self.read(self.BODY)
        assert prompt.undeclared == ("nope", "several", "list")
        system, user = prompts.preview(prompt, {"q": "Q"}, holes=True)
        assert system.content == "nope nope nope nope\n- several\nlist"
        assert {span.text for span in system.spans if span.missing} == {"nope", "several", "list"}
        assert user.spans == (Span("Q", "q"),)

    def test_they_are_not_rendered(self) -> None:
        prompt = self.read(self.BODY)
        for work in (prompts.render, prompts.preview):
            with pytest.raises(PromptError, match="'nope' is undefined") as caught:
                work(prompt, {"q": "Q"})
            assert (caught.value.line, caught.value.column) == (6, 4)

    def test_all_else_is_refused_as_ever(self) -> None:
        for body in ("user:\n{{ nope.__class__ }}", "system:\nx", "x", "user:\n{{ nope() }}"):
            with pytest.raises(PromptError):
                self.read(body)

    def test_a_finished_one_is_the_same(self) -> None:
        prompt = self.read("user:\n{{ q }}\n")
        assert prompt == prompts.parse(prompt.source)
        assert prompt.undeclared == ()
