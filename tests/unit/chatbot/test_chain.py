"""render | budget | model, with fallback before the first token only."""

import asyncio

import pytest

import prompts
from chatbot.backends.cancel import CancelToken
from chatbot.backends.scripted import ScriptedModel
from chatbot.chain import Past, Piece, Plan, Sent, answer, budget, choose, render
from chatbot.errors import (
    BackendBroken,
    ContextTooSmall,
    ModelUnavailable,
    PromptInvalid,
)

PROMPT = prompts.parse(
    """---
name: plain
description: Answers.
inputs:
  - {name: history, kind: thread}
  - {name: question, kind: text, required: true}
metadata: {chatbot: {kind: chat}}
---
system:
Be brief.
{{ history }}
user:
{{ question }}
"""
)


def plan(question: str, exchanges: int = 0, **more) -> Plan:
    history = [
        Past(n, "user" if n % 2 == 0 else "assistant", f"message {n}") for n in range(2 * exchanges)
    ]
    return Plan(PROMPT, {"question": question}, tuple(history), **more)


def models(**made: ScriptedModel):
    async def open_model(label: str) -> ScriptedModel:
        if label not in made:
            raise ModelUnavailable(f"{label} is not there.")
        return made[label]

    return open_model


def play(asked: Plan, labels: list[str], cancel: CancelToken | None = None, **made):
    """All pieces and traces of an answer."""
    sent: list[Sent] = []

    async def scene() -> list[Piece]:
        pieces = answer(asked, labels, models(**made), cancel or CancelToken(), sent.append)
        return [piece async for piece in pieces]

    return asyncio.run(scene()), sent


def text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def test_an_answer_streams_and_its_trace_is_filled():
    pieces, [sent] = play(plan("!say hello there", 1), ["a"], a=ScriptedModel())

    assert text(pieces) == "hello there"
    assert pieces[-1].finish == "stop"
    assert [message["role"] for message in sent.messages] == ["system", "user", "assistant", "user"]
    assert sent.history_ids == [0, 1]
    assert sent.prompt_tokens > 0


def test_the_next_model_answers_when_the_first_cannot_begin():
    pieces, sent = play(plan("!say from b"), ["gone", "b"], b=ScriptedModel(label="b@1"))

    assert text(pieces) == "from b"
    assert sent[-1].model == "b@1"
    assert "gone" in sent[-1].notes[0]


def test_the_next_model_answers_after_a_refusal_before_the_first_token():
    once = ScriptedModel(label="a@1")
    pieces, sent = play(plan("!500 !once !say x"), ["a", "a@again"], **{"a": once, "a@again": once})

    assert text(pieces) == "x"
    assert len(sent) == 2


def test_nothing_falls_back_after_the_first_token():
    with pytest.raises(BackendBroken):
        play(plan("!break 1 one two"), ["a", "b"], a=ScriptedModel(), b=ScriptedModel(label="b@1"))


def test_the_last_models_error_is_told():
    with pytest.raises(ModelUnavailable, match="gone is not there"):
        play(plan("x"), ["gone"])


def test_a_cancelled_turn_does_not_fall_back():
    cancel = CancelToken()
    cancel.cancel()
    pieces, sent = play(plan("!hang"), ["a", "b"], cancel, a=ScriptedModel(), b=ScriptedModel())

    assert pieces[-1].finish == "cancelled"
    assert len(sent) == 1


def test_the_oldest_history_goes_first_and_the_trace_says_so():
    small = ScriptedModel(context=60)
    sent = Sent("a", "scripted")
    kept = budget(render(plan("the question", 40)), small, sent)

    assert kept[0] == {"role": "system", "content": "Be brief."}
    assert kept[-1] == {"role": "user", "content": "the question"}
    assert kept[1]["role"] == "user"
    assert kept[-2]["content"] == "message 79"
    assert small.count(kept) <= 45
    assert sent.history_ids == list(range(80 - (len(kept) - 2), 80))
    assert "did not fit" in sent.notes[0]


def test_as_much_history_as_fits_is_kept():
    small = ScriptedModel(context=60)
    kept = budget(render(plan("the question", 40)), small, Sent("a", "scripted"))
    one_more = render(plan("the question", 40), 80 - len(kept)).messages

    assert small.count(one_more) > 45


def test_a_question_that_alone_is_too_long_is_refused():
    with pytest.raises(ContextTooSmall):
        budget(render(plan("word " * 200, 3)), ScriptedModel(context=60), Sent("a", "scripted"))


def test_a_continued_answer_ends_with_its_beginning():
    pieces, [sent] = play(plan("!say one two three", continued="one two"), ["a"], a=ScriptedModel())

    assert sent.messages[-1] == {"role": "assistant", "content": "one two"}
    assert text(pieces) == " three"


def test_a_value_of_the_wrong_kind_is_a_sentence():
    with pytest.raises(PromptInvalid, match="question"):
        render(Plan(PROMPT, {"question": ["a", "list"]}))


def test_sampling_of_the_prompt_reaches_the_model_and_unknown_ones_are_noted():
    prompt = prompts.parse(
        PROMPT.source.replace(
            "inputs:",
            "model:\n"
            "  options: {temperature: 0.3, topP: 0.5, maxOutputTokens: 7, stopSequences: [END]}\n"
            "inputs:",
        )
    )
    model = ScriptedModel(takes=frozenset({"temperature"}))
    sent = Sent("a", "scripted")
    budget(render(Plan(prompt, {"question": "x"})), model, sent)

    assert sent.parameters == {"temperature": 0.3, "max_tokens": 7, "stop": ["END"]}
    assert "top_p" in sent.notes[0]


def test_equal_messages_have_equal_hashes():
    one, other = Sent("a", "x", messages=[{"role": "user", "content": "é\ud800"}]), Sent("b", "y")
    other.messages = list(one.messages)

    assert one.rendered_hash == other.rendered_hash
    other.messages.append({"role": "assistant", "content": ""})
    assert one.rendered_hash != other.rendered_hash


WITH_EXAMPLES = prompts.parse(
    """---
name: shown
inputs:
  - {name: question, kind: text, required: true}
metadata: {chatbot: {examples: {select: similar, k: 2, by: question}}}
---
{{ examples }}
user:
{{ question }}
""",
    None,
    [
        {"user": "Where is my parcel?", "assistant": "On its way."},
        {"user": "How do I return shoes?", "assistant": "Within 30 days."},
        {"user": "Are you open on Sunday?", "assistant": "No."},
    ],
)


def test_examples_are_those_most_like_what_is_asked_the_likest_last() -> None:
    asked = Plan(WITH_EXAMPLES, {"question": "Is the parcel open, on Sunday?"})
    model = ScriptedModel()
    pieces, [sent] = play(asked, [model.label], **{model.label: model})
    assert [message["content"] for message in sent.messages] == [
        "Where is my parcel?",
        "On its way.",
        "Are you open on Sunday?",
        "No.",
        "Is the parcel open, on Sunday?",
    ]
    assert sent.chosen == (0, 2)
    assert pieces


def test_a_chosen_plan_renders_the_same_again() -> None:
    asked = choose(Plan(WITH_EXAMPLES, {"question": "returning my shoes"}))
    assert asked.chosen is not None
    assert asked.chosen[-1] == 1
    again = Plan(WITH_EXAMPLES, {"question": "returning my shoes"}, chosen=asked.chosen)
    assert render(again).messages == render(asked).messages


def test_a_prompt_without_a_choice_of_examples_is_left_as_it_is() -> None:
    asked = plan("Hello")
    assert choose(asked) is asked
