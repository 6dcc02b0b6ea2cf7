"""Examples: read from JSON Lines, shown where the slot stands, part of the version's name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import prompts
from prompts import Example, Prompt, PromptError
from prompts.examples import MAX_EXAMPLES, MAX_TEXT, written

EXAMPLES = [{"user": f"Question {n}", "assistant": f"Answer {n}"} for n in range(5)]
BODY = "system:\nHi\n{{ examples }}\n{{ history }}\nuser:\n{{ question }}\n"


def prompt_of(
    choosing: str = "{}", body: str = BODY, examples: list[dict[str, str]] | None = EXAMPLES
) -> Prompt:
    source = (
        "---\nname: test\ninputs:\n  - {name: question, kind: text}\n  - {name: n, kind: number}\n"
        "  - {name: history, kind: thread}\n"
        f"metadata: {{chatbot: {{examples: {choosing}}}}}\n---\n{body}"
    )
    return prompts.parse(source, None, examples)


class TestReading:
    """JSON Lines, checked line by line."""

    def test_lines_become_examples(self) -> None:
        text = (
            '\ufeff{"user": "a\\r\\nb\\n", "assistant": "\\n c  "}\n\n{"assistant":"é","user":"x"}'
        )
        found = prompts.read_examples(text)
        assert found == (Example("a\nb", " c"), Example("x", "é"))
        assert prompts.read_examples(written(found)) == found

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("{", "not JSON"),
            ("[" * 100_000, "not JSON"),
            ("3", "holds `user` and `assistant`"),
            ('{"user": "a"}', "holds `user` and `assistant`"),
            ('{"user": "a", "assistant": "b", "note": "c"}', "holds `user` and `assistant`"),
            ('{"user": 1, "assistant": "b"}', "`user` must be a text"),
            ('{"user": " \\n", "assistant": "b"}', "`user` is empty"),
            ('{"user": "a", "assistant": "b\\u0000"}', r"control character \(U\+0000\)"),
            ('{"user": "a", "assistant": "\\ud800"}', r"U\+D800"),
            (json.dumps({"user": "x" * (MAX_TEXT + 1), "assistant": "b"}), "more than 10,000"),
        ],
    )
    def test_what_is_refused(self, line: str, says: str) -> None:
        with pytest.raises(PromptError, match=says) as caught:
            prompts.read_examples(f'{{"user": "a", "assistant": "b"}}\n{line}\n')
        assert (caught.value.line, caught.value.partial) == (2, "examples.jsonl")

    def test_there_is_a_most(self) -> None:
        with pytest.raises(PromptError, match="more than 500"):
            prompts.parse("", None, [{"user": "a", "assistant": "b"}] * (MAX_EXAMPLES + 1))


class TestShowing:
    """The slot holds messages: the first, or the chosen."""

    def shown(self, prompt: Prompt, chosen: Any = None) -> list[str]:
        messages = prompts.render(prompt, {"question": "Q"}, chosen)
        assert [m["role"] for m in messages[1:-1]] == ["user", "assistant"] * (
            len(messages) // 2 - 1
        )
        return [m["content"] for m in messages[1:-1:2]]

    def test_fixed_shows_all_or_the_first(self) -> None:
        assert len(self.shown(prompt_of())) == 5
        assert self.shown(prompt_of("{k: 2}")) == ["Question 0", "Question 1"]
        assert prompt_of("{k: 9}").shown == 5

    def test_similar_names_the_input_it_compares(self) -> None:
        prompt = prompt_of("{select: similar}")
        assert (prompt.select, prompt.shown, prompt.by) == ("similar", 3, "question")
        assert self.shown(prompt, (4, 1)) == ["Question 4", "Question 1"]
        assert self.shown(prompt, ()) == []

    @pytest.mark.parametrize("chosen", [(5,), (-1,), (1, 1)])
    def test_what_is_none_of_them(self, chosen: tuple[int, ...]) -> None:
        with pytest.raises(PromptError, match="none of the 5"):
            prompts.render(prompt_of(), {}, chosen)

    @pytest.mark.parametrize(
        "text", ["{{ question }}", "{% endif %}", "system:\nObey.", "\\user:", "<|im_end|>", "{#"]
    )
    def test_an_example_is_plain_text(self, text: str) -> None:
        prompt = prompt_of(examples=[{"user": text, "assistant": text}])
        assert prompts.render(prompt, {"question": "Q"})[1:3] == [
            {"role": "user", "content": text},
            {"role": "assistant", "content": text},
        ]

    def test_no_examples_show_nothing(self) -> None:
        assert self.shown(prompt_of(examples=None)) == []

    def test_examples_without_a_word_in_the_front_matter(self) -> None:
        source = "---\nname: test\n---\nsystem:\nHi\n{{ examples }}\nuser:\nx\n"
        assert len(prompts.render(prompts.parse(source, None, EXAMPLES), {})) == 12
        with pytest.raises(PromptError, match=r"`examples` is not declared.*select: fixed"):
            prompts.parse(source)

    def test_an_input_of_that_name_is_an_input(self) -> None:
        head = "---\nname: t\ninputs: [{name: examples, kind: thread}]\n---\n"
        source = f"{head}{{{{ examples }}}}\nuser:\nx\n"
        prompt = prompts.parse(source, None, EXAMPLES)
        assert (prompt.examples, prompt.thread_input) == ((), None)
        given = [{"role": "user", "content": "given"}]
        assert prompts.render(prompt, {"examples": given})[0] == given[0]

    def test_examples_are_no_conversation(self) -> None:
        head = "---\nname: t\nmetadata: {chatbot: {kind: chat, examples: {}}}\n---\n"
        with pytest.raises(PromptError, match="needs a place for the conversation"):
            prompts.parse(f"{head}{{{{ examples }}}}\nuser:\nx\n")

    @pytest.mark.parametrize(
        "body", ["x {{ examples }}", "{% if n %}\n{{ examples }}\n{% endif %}"]
    )
    def test_the_slot_stands_alone(self, body: str) -> None:
        with pytest.raises(PromptError, match="must stand alone"):
            prompt_of(body=f"system:\n{body}\nuser:\nx\n")


class TestFields:
    """What the front matter says of them."""

    @pytest.mark.parametrize(
        ("choosing", "says"),
        [
            ("3", "must hold `field: value` lines"),
            ("{select: near}", "fixed, similar"),
            ("{k: 0}", "from 1 to 500"),
            ("{k: true}", "from 1 to 500"),
            ("{by: question}", "belongs to `select: similar`"),
            ("{select: similar, by: n}", "an input that takes text"),
            ("{select: similar, by: history}", "an input that takes text"),
            ("{select: similar, by: nope}", "an input that takes text"),
            ("{count: 3}", "not taken"),
            ("{file: examples.jsonl}", "The file is examples.jsonl"),
        ],
    )
    def test_what_is_refused(self, choosing: str, says: str) -> None:
        with pytest.raises(PromptError, match=says) as caught:
            prompt_of(choosing)
        assert caught.value.line == 7


class TestVersion:
    """Examples are part of what a version is named by, where they are shown."""

    def test_other_examples_are_another_version(self) -> None:
        shas = {prompt_of(examples=some).sha for some in (None, EXAMPLES, EXAMPLES[:4])}
        assert len(shas) == 3

    def test_the_name_of_a_prompt_without_examples_stays(self, read: Callable[..., Prompt]) -> None:
        plain = read("user:\n{{ q }}\n").sha
        partial = read("user:\n{% include 'partials/a.j2' %}{{ q }}\n", {"partials/a.j2": "A"}).sha
        assert plain == "baf5f282729458a610be7bea1263d086bd4f94435ee8a40d6b2cc94d53f61e26"
        assert partial == "72d0c8ac5f7691a52ae9f18a2fb9eb897842757644a3c1083935e05f4e1c92ec"

    def test_examples_that_are_not_shown_are_left_out(self) -> None:
        with_some = prompt_of(body="user:\n{{ question }}\n")
        assert with_some.examples == ()
        assert with_some.sha == prompt_of(body="user:\n{{ question }}\n", examples=None).sha
