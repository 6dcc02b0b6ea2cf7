import asyncio

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from chatbot import errors
from chatbot.backends.cancel import CancelToken
from chatbot.backends.scripted import End, Fail, Say, Script, ScriptedModel, Wait, split


def play(text, model=None, **options):
    """The chunks of one answer."""

    async def main():
        stream = (model or ScriptedModel()).astream([HumanMessage(text)], **options)
        return [chunk async for chunk in stream]

    return asyncio.run(main())


async def collect(stream, into):
    async for chunk in stream:
        into.append(chunk)


def text_of(chunks):
    return "".join(chunk.content for chunk in chunks)


def reason(chunks):
    return chunks[-1].response_metadata.get("finish_reason")


@pytest.mark.parametrize(
    ("message", "commands", "text"),
    [
        ("hello", {}, "Thank you. You wrote: hello"),
        ("!say  two spaces\n", {}, " two spaces\n"),
        ("!say", {}, ""),
        ("!tokens 5 !rate 2.5 hi", {"tokens": 5.0, "rate": 2.5}, "Thank you. You wrote: hi"),
        ("!429 now", {"429": None}, "Thank you. You wrote: now"),
        ("!429 2 !once", {"429": 2.0, "once": None}, "Thank you. You wrote: "),
        ("!500 3", {"500": None}, "Thank you. You wrote: 3"),
        ("!hang-after 2", {"hang-after": 2.0}, "Thank you. You wrote: "),
        ("!hangar", {}, "Thank you. You wrote: !hangar"),
        ("!unknown", {}, "Thank you. You wrote: !unknown"),
        ("say !500", {}, "Thank you. You wrote: say !500"),
    ],
)
def test_parse(message, commands, text):
    assert Script.parse(message) == Script(text, commands)


@pytest.mark.parametrize("text", ["", " ", "a", "a b\n\n c ", "é 😀\u200d🔥 x", "\tword"])
def test_split_loses_nothing(text):
    assert "".join(split(text)) == text


def test_steps_in_order():
    steps = list(Script.parse("!delay 2 !rate 4 !say a b").steps())
    assert steps == [Wait(2), Say("a"), Wait(0.25), Say(" b"), Wait(0.25), End("stop", 2)]


def test_break_after_all_tokens_still_breaks():
    assert list(Script.parse("!break 1 !say a").steps())[-1] == Fail("break")


def test_answers_exactly_with_usage_and_reason():
    chunks = play("!say hello there,  friend")
    assert text_of(chunks) == "hello there,  friend"
    assert reason(chunks) == "stop"
    assert chunks[-1].usage_metadata["output_tokens"] == 3
    assert chunks[-1].usage_metadata["input_tokens"] > 0


def test_max_tokens_ends_with_length():
    chunks = play("!tokens 50", max_tokens=7)
    assert (reason(chunks), chunks[-1].usage_metadata["output_tokens"]) == ("length", 7)


def test_a_cut_answer_goes_on_where_it_stopped():
    first = text_of(play("!length !say one two three four"))

    async def continued():
        messages = [HumanMessage("!length !say one two three four"), AIMessage(first)]
        stream = ScriptedModel().astream(messages, continue_final=True)
        return [chunk async for chunk in stream]

    rest = asyncio.run(continued())
    assert first == "one two"
    assert (text_of(rest), reason(rest)) == (" three four", "stop")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("!429 7", errors.BackendRateLimited),
        ("!500", errors.BackendBroken),
        ("!quota", errors.BackendQuota),
        ("!garbage", errors.BackendBroken),
        ("!break 0", errors.BackendBroken),
        ("!hang", errors.BackendTimeout),
        ("!tokens 0 !no-end", errors.BackendBroken),
    ],
)
def test_faults_before_the_first_token(message, error):
    with pytest.raises(error):
        play(message, ScriptedModel(first_token_timeout=0.01))


def test_rate_limit_says_how_long():
    with pytest.raises(errors.BackendRateLimited) as caught:
        play("!429 7")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("message", "error"),
    [("!break 3", errors.BackendBroken), ("!hang-after 3", errors.BackendTimeout)],
)
def test_faults_in_mid_stream_come_after_the_text(message, error):
    seen = []

    stream = ScriptedModel(gap_timeout=0.01).astream([HumanMessage(message)])
    with pytest.raises(error):
        asyncio.run(collect(stream, seen))
    assert len(seen) == 3


def test_no_end_has_no_reason():
    chunks = play("!no-end !say half an answer")
    assert text_of(chunks) == "half an answer"
    assert reason(chunks) is None


def test_once_heals_for_the_same_message_only():
    model = ScriptedModel()
    with pytest.raises(errors.BackendBroken):
        play("!500 !once !say a", model)
    assert text_of(play("!500 !once !say a", model)) == "a"
    with pytest.raises(errors.BackendBroken):
        play("!500 !once !say b", model)


@pytest.mark.parametrize("message", ["!hang", "!hang-after 2", "!rate 1 !tokens 500"])
def test_cancel_ends_it_with_the_reason(message):
    cancel, seen = CancelToken(), []

    async def main():
        asyncio.get_running_loop().call_later(0.05, cancel.cancel)
        await collect(ScriptedModel().astream([HumanMessage(message)], cancel=cancel), seen)

    asyncio.run(main())
    assert reason(seen) == "cancelled"
    assert len(seen) < 10


def test_unknown_option_is_refused_by_name():
    with pytest.raises(errors.BackendRefused, match="beam_width"):
        play("hi", beam_width=3)


def test_synchronous_entrances_say_the_same():
    model = ScriptedModel()
    streamed = list(model.stream([HumanMessage("!say a b c")]))
    whole = model.invoke([HumanMessage("!say a b c")])
    assert text_of(streamed) == whole.content == "a b c"
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata["output_tokens"] == 3


def test_counts_are_estimates_from_characters():
    model = ScriptedModel()
    assert model.count([HumanMessage("1234567"), {"role": "user", "content": "x"}]) == 3
    assert model.get_num_tokens_from_messages([HumanMessage("1234567")]) == 2
