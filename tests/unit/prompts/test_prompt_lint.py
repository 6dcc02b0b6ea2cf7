"""Lint: every error at once, warnings for what is hardly meant, the same verdict as `parse`."""

from typing import Any

import pytest

import prompts
from prompts import Problem, PromptError
from tests.support.hostile_prompts import FILES, FINE, READ, RENDERED, File, Hostile

HEAD = """\
---
name: test
description: Tests.
inputs:
  - {name: q, kind: text, required: true, description: Q.}
  - {name: tier, kind: choice, enumValues: [guest, member], default: guest, description: T.}
  - {name: extra, kind: string, description: E.}
  - {name: items, kind: list, description: I.}
  - {name: passages, kind: passages, description: P.}
---
"""
USES = "\nuser:\n{{ q }} {{ tier }} {{ extra|default('') }} {{ items|join }}{{ passages|length }}\n"
EXAMPLES = [{"user": f"Say {n}", "assistant": str(n)} for n in range(5)]
FIRST = 11  # line of a body


def found(body: str, severity: str = "error", **more: Any) -> list[tuple[int, int, str]]:
    problems = prompts.lint(HEAD + body, **more)
    return [(p.line, p.column, p.message) for p in problems if p.severity == severity]


def warned(source: str, **more: Any) -> list[tuple[str, int, int]]:
    """Every problem as code, line, column."""
    return [(p.code, p.line, p.column) for p in prompts.lint(source, **more)]


def codes(body: str, **more: Any) -> list[tuple[str, int, int]]:
    return [one for one in warned(HEAD + body, **more) if one[1] >= FIRST]


class TestErrors:
    """What `parse` refuses, all of it, each where it stands."""

    def test_every_broken_tag_is_named(self) -> None:
        body = (
            "user:\n{{ nope }} {{ q ! }} {{ }}\n{% macro a() %}\n"
            "{% for i in ) %}{{ i }}{% endfor %}\n{% if q == %}{% elif %}x{% endif %}\n"
            "{{ q|uper }} {{ q.__x }} {{ 2 ** 9 }}\n{% set a = %}{{ a }}\n"
            "{{ q q }}\n{{ 'open }}\n{% endif %}\n{{ q"
        )
        assert [place[:2] for place in found(body)] == [
            (12, 4), (12, 17), (12, 22), (13, 4), (14, 13), (15, 12), (15, 22), (16, 6), (16, 18),
            (16, 29), (17, 12), (18, 6), (19, 4), (20, 4), (21, 1),
        ]  # fmt: skip

    def test_unclosed_blocks_are_named_by_the_innermost(self) -> None:
        body = "user:\n{% for i in items %}\n{% if i %}\n{{ i }}\n{% endfor %}\n{% if q %}\n"
        assert found(body) == [
            (13, 4, "`{% if %}` is never closed."),
            (16, 4, "`{% if %}` is never closed."),
        ]

    def test_what_is_left_of_a_broken_block_brings_no_other_errors(self) -> None:
        body = "user:\n{% for item in items| %}{{ item }}{% else %}{{ q }}{% endfor %}\n"
        assert [place[:2] for place in found(body)] == [(12, 23)]
        body = "user:\n{% set word = q ~ %}{{ word }}\n"
        assert [place[:2] for place in found(body)] == [(12, 19)]

    def test_every_field_is_judged(self) -> None:
        source = (
            "---\nname: My\ninputs:\n  - {name: q, kind: strng}\n  - {name: q, kind: text}\n"
            "  - {name: n, kind: number, limit: 3}\n  - text\n"
            "model: {options: {temperature: 9}}\nmetadata: {chatbot: {kind: talk, title: 3}}\n"
            "color: red\n---\nuser:\n{{ q }} {{ n }}\n"
        )
        errors = [p for p in prompts.lint(source) if p.severity == "error"]
        assert [(p.line, p.column) for p in errors] == [
            (2, 1), (4, 15), (6, 29), (7, 5), (8, 19), (9, 22), (9, 34), (10, 1),
        ]  # fmt: skip

    def test_a_faulty_input_is_not_undeclared_too(self) -> None:
        source = (
            "---\nname: t\ninputs: [{name: h, kind: thread, limit: x}]\n---\n{{ h }}\nuser:\nx\n"
        )
        errors = [p for p in prompts.lint(source) if p.severity == "error"]
        assert [(p.line, p.column) for p in errors] == [(3, 34)]

    def test_the_body_is_read_behind_yaml_that_cannot_be(self) -> None:
        source = "---\nname: [\n---\nuser:\n{{ anything }} {% if %}x{% endif %} {{ 1 ** 2 }}\n"
        problems = prompts.lint(source)
        assert [(p.line, p.column) for p in problems][1:] == [(5, 22), (5, 40)]
        assert "is not YAML" in problems[0].message

    def test_faults_in_partials_name_them(self) -> None:
        partials = {
            "partials/a.j2": "{{ huh }} {% endif %}\nuser:\n{% include 'partials/b.j2' %}",
            "partials/b.j2": "{% include 'partials/a.j2' %}{{ q|nope }}\0",
        }
        body = 'user:\n{% include "partials/a.j2" %}{% include "partials/c.j2" %}\n'
        problems = [p for p in prompts.lint(HEAD + body, partials) if p.severity == "error"]
        assert [(p.partial, p.line, p.column) for p in problems] == [
            (None, 12, 33),
            ("partials/a.j2", 1, 4),
            ("partials/a.j2", 1, 14),
            ("partials/a.j2", 2, 1),
            ("partials/b.j2", 1, 4),
            ("partials/b.j2", 1, 35),
            ("partials/b.j2", 1, 42),
        ]
        assert "include each other" in problems[4].message

    def test_every_role_line_and_slot_out_of_place(self) -> None:
        head = HEAD.replace("---\nuser", "").replace(
            "inputs:\n", "inputs:\n  - {name: h, kind: thread, description: H.}\n"
        )
        body = (
            "Hello\nUser:\n{% if q %}\nuser:\n{{ h }}\n{% endif %}\nuser:\n{{ h }}.\n{{ h }}\nx\n"
        )
        errors = [p for p in prompts.lint(head + body) if p.severity == "error"]
        assert [(p.line, p.column) for p in errors] == [
            (12, 1), (13, 1), (15, 1), (16, 4), (19, 4), (21, 1),
        ]  # fmt: skip

    def test_every_character_that_is_not_allowed(self) -> None:
        problems = found("user:\na\0b\u200b\n\u202e{{ q }}\n")
        assert [place[:2] for place in problems] == [(12, 2), (12, 4), (13, 1)]

    def test_what_is_no_text_or_too_long_is_one_error(self) -> None:
        assert [p.message for p in prompts.lint(b"\xff")] == ["This is not UTF-8 text."]
        assert [p.line for p in prompts.lint("x" * 70_000)] == [1]

    def test_faulty_examples_are_named(self) -> None:
        problems = prompts.lint(HEAD + USES, examples=[{"user": "a"}])
        [error] = [p for p in problems if p.severity == "error"]
        assert (error.partial, error.line) == ("examples.jsonl", 1)

    @pytest.mark.parametrize("tag", ["{#", "{#-", "{% raw %}", "{{", "{%"])
    def test_a_tag_that_begins_at_the_very_end(self, tag: str) -> None:
        assert [place[:2] for place in found(f"user:\nx{tag}")] == [(12, 2)]
        with pytest.raises(PromptError, match="never closed"):
            prompts.parse(f"{HEAD}user:\nx{tag}")

    def test_at_most_a_hundred_are_told(self) -> None:
        assert len(prompts.lint(HEAD + "user:\n" + "{{ nope }}\n" * 500)) == 100

    def test_deep_nesting_is_an_error_and_no_crash(self) -> None:
        for bomb in ("{% if q %}" * 2_000, "{{ " + "(" * 9_000, "{{ q" + "|upper" * 120 + " }}"):
            assert found("user:\n" + bomb)


class TestVerdict:
    """`parse` accepts exactly what has no error."""

    SOUND = HEAD + USES

    @pytest.mark.parametrize("cut", range(0, len(SOUND), 7))
    def test_half_a_prompt(self, cut: int) -> None:
        self.check(self.SOUND[:cut])
        self.check(self.SOUND[:cut] + self.SOUND[cut + 5 :])

    @staticmethod
    def check(source: str) -> None:
        errors = [p for p in prompts.lint(source) if p.severity == "error"]
        refused: PromptError | None = None
        try:
            prompts.parse(source)
        except PromptError as error:
            refused = error
        assert (refused is not None) == bool(errors)
        places = [(p.line, p.column) for p in errors]
        assert refused is None or (refused.line, refused.column) in places

    @pytest.mark.parametrize("hostile", [*READ, *FILES], ids=str)
    def test_a_hostile_text_has_that_error(self, hostile: Hostile | File) -> None:
        problems = prompts.lint(hostile.source, hostile.partials)
        told = [f"{p.message} {p.hint}" for p in problems if p.severity == "error"]
        assert any(hostile.says in sentence for sentence in told), told
        assert all(p.line >= 1 and p.column >= 1 for p in problems)

    @pytest.mark.parametrize("fine", [*RENDERED, *FINE], ids=str)
    def test_what_fails_with_values_only_has_no_error(self, fine: Hostile | File) -> None:
        problems = prompts.lint(fine.source, fine.partials)
        assert [p for p in problems if p.severity == "error"] == []

    @pytest.mark.parametrize("name", prompts.library_names())
    def test_the_built_in_prompts_have_no_problem(self, name: str) -> None:
        prompt = prompts.library()[name]
        examples = [one.stored for one in prompt.examples]
        assert prompts.lint(prompt.source, prompt.partials, examples) == []


class TestWarnings:
    """What can be used but is hardly meant."""

    def test_a_sound_prompt_has_none(self) -> None:
        assert prompts.lint(HEAD + USES) == []

    def test_what_nobody_described(self) -> None:
        source = "---\nname: t\ninputs: [{name: q}]\n---\nuser:\n{{ q|default('x') }}\n"
        assert warned(source) == [("no-description", 2, 1), ("no-description", 3, 11)]

    def test_what_is_not_used(self) -> None:
        source = HEAD.replace("kind: text,", "kind: thread,") + "user:\nHi\n"
        assert [one for one in warned(source) if one[0] != "error"] == [
            ("unused-thread", 5, 6), ("unused-input", 6, 6), ("unused-input", 7, 6),
            ("unused-input", 8, 6), ("unused-input", 9, 6),
        ]  # fmt: skip

    def test_nothing_counts_as_unused_while_a_tag_is_broken(self) -> None:
        body = USES.replace("{{ tier }}", "{{ tier | }}")
        assert [one[0] for one in warned(HEAD + body)] == ["error"]

    def test_partials_that_nobody_includes(self) -> None:
        partials = {"partials/a.j2": "A", "partials/b.j2": "B"}
        problems = prompts.lint(HEAD + USES + '{% include "partials/b.j2" %}', partials)
        assert [(p.code, p.partial) for p in problems] == [("unused-partial", "partials/a.j2")]

    @pytest.mark.parametrize(
        ("text", "code", "column"),
        [
            ("{% set q = 'x' %}", "shadowed", 8),
            ("{% for items in passages %}{% endfor %}", "shadowed", 8),
            ("{{ extra }}", "may-be-nothing", 4),
            ("{{ extra|upper }}", "may-be-nothing", 4),
            ("{{ 'a' ~ extra }}", "may-be-nothing", 10),
            ("{{ items }}", "wrong-kind", 4),
            ("{% for i in q %}{% endfor %}", "wrong-kind", 13),
            ('{% if tier == "gold" %}{% endif %}', "no-choice", 15),
            ('{{ "x" if tier in ["guest", "gold"] else "y" }}', "no-choice", 29),
            ("{% for p in passages %}{{ p.url }}{% endfor %}", "no-field", 28),
            ("Say {q} now", "single-brace", 5),
            ('{"a": "{{ q }}"}', "json", 11),
            ('{"a": {{ q }}}', "json", 10),
            ("pаssword", "alike", 2),  # the second letter is Cyrillic
            ("soft\u00adhyphen", "invisible", 5),
            ("Use sk-abcdefghijklmnopqrstuvwx please", "secret", 5),
        ],
    )
    def test_one_slip(self, text: str, code: str, column: int) -> None:
        assert codes(USES + text) == [(code, 14, column)]

    @pytest.mark.parametrize(
        "text",
        [
            "{% set x = q %}{{ x }}",
            "{% if extra %}{{ extra }}{% endif %}",
            "{% if not extra %}-{% else %}{{ extra }}{% endif %}",
            "{{ extra|default('x') }} {{ extra|tojson }} {{ 'x' if extra else 'y' }}",
            "{% for i in items %}{{ i }}{% endfor %}",
            '{% if tier == "member" %}{% endif %}',
            "{% for p in passages %}{{ p.title }}{{ p.text }}{% endfor %}",
            "${q} {{'{'}}q} {{ q }} {other}",
            '{"a": {{ q|tojson }}, "b": {{ items|tojson }}}',
            'He said "{{ q }}".',
            "Größe, привет, ελληνικά, 5 μm, 日本語, ➜ 👩\u200d💻 naïve",
        ],
    )
    def test_no_slip(self, text: str) -> None:
        assert codes(USES + text) == []

    def test_the_order_of_messages(self) -> None:
        body = "system:\na" + USES + "system:\nb\nassistant:\nc\n"
        assert codes(body) == [("late-system", 15, 1), ("assistant-last", 17, 1)]


class TestExamplesAndOutput:
    """Examples without a place, without need, and too few; an output nobody asks for."""

    def lines(self, body: str, ours: str, examples: list[dict[str, str]] | None) -> list[str]:
        head = HEAD.replace("---\n", f"metadata: {{chatbot: {{{ours}}}}}\n---\n").removeprefix(
            f"metadata: {{chatbot: {{{ours}}}}}\n"
        )
        return [p.code for p in prompts.lint(head + body, examples=examples)]

    def test_examples_that_are_not_shown(self) -> None:
        assert self.lines(USES, "kind: task", EXAMPLES) == ["unused-examples"]
        assert self.lines(USES, "examples: {k: 2}", None) == ["unused-examples"]

    def test_a_place_without_examples(self) -> None:
        assert self.lines("{{ examples }}\n" + USES, "examples: {k: 2}", None) == ["no-examples"]

    @pytest.mark.parametrize(
        ("ours", "codes"),
        [
            ("examples: {k: 2}", []),
            ("examples: {k: 9}", ["few-examples"]),
            ("examples: {select: similar, k: 2}", []),
            ("examples: {select: similar, k: 5}", ["few-examples"]),
        ],
    )
    def test_how_many_there_are(self, ours: str, codes: list[str]) -> None:
        assert self.lines("{{ examples }}\n" + USES, ours, EXAMPLES) == codes

    def test_the_same_example_twice(self) -> None:
        examples = [*EXAMPLES, EXAMPLES[1]]
        assert self.lines("{{ examples }}\n" + USES, "examples: {}", examples) == ["same-example"]

    def test_an_output_that_nobody_asks_for(self) -> None:
        ours = "output: {type: object, properties: {a: {type: string}}, required: [a, b]}"
        assert self.lines(USES, ours, None) == ["output-unasked", "output-required"]
        assert self.lines(USES + "As JSON.", ours, None) == ["output-required"]


def test_problems_are_plain_and_in_order() -> None:
    problems = prompts.lint(HEAD + "user:\n{{ nope }}\n{{ items }} {{ q }}\n")
    assert problems == sorted(problems, key=lambda p: (p.line, p.column))
    assert Problem(
        "error", "`nope` is not declared.", 12, 4, "Declare it under `inputs`.", None, "undeclared"
    ) in problems  # fmt: skip
