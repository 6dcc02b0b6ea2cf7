"""A checkpoint trained on tags: values go in and come out as text, and none from nowhere."""

import asyncio

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chatbot import errors
from chatbot.backends.base import Quotable
from chatbot.backends.checkpoint import Phrases, read_manifest
from chatbot.backends.local import LocalModel
from chatbot.values import TAG, TAGS_A_TYPE, conceal
from tests.support import tiny_model

WILD = {"temperature": 8.0, "max_tokens": 60}
TALK = [
    SystemMessage("You answer customers of Velo Store.\n[1] Returns: within 30 days, for €4.50."),
    HumanMessage("I am Anna Weber, order 48213. Call 030 1234567 by Friday, not ⟨phone 7⟩."),
]
VALUES = {"Velo Store", "30", "€4.50", "Anna Weber", "48213", "030 1234567", "Friday", "⟨phone 7⟩"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tagged@1"
    tiny_model.make(folder, context=1024, trained_on_tags=True)
    return folder


@pytest.fixture(scope="module")
def tagged(folder):
    model = LocalModel.load(folder, read_manifest(folder))
    yield model
    model.close()


def drawn(model, talk, rounds=12, **options):
    return [model.invoke(talk, seed=seed, **WILD | options).content for seed in range(rounds)]


def without(text, values=VALUES):
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "")
    return text


def digits(text):
    """Figures; digits of other alphabets may come about byte by byte."""
    return set(text) & set("0123456789")


def test_answers_hold_values_of_the_prompt_and_no_other_digit(tagged):
    answers = drawn(tagged, TALK)
    assert len({value for value in VALUES for answer in answers if value in answer}) > 4
    for answer in answers:
        assert not TAG.search(without(answer))
        assert not digits(without(answer))


@pytest.mark.parametrize("value", ["48213", "€5", "me@velo.example", "9 am"])
def test_greedy_answers_keep_to_it_too(tagged, value):
    answer = tagged.invoke([HumanMessage(f"Is it {value}?")], temperature=0, max_tokens=80)
    assert not digits(without(answer.content, {value}))


def test_different_talks_in_one_batch_keep_their_own_values(tagged):
    talks = {value: [HumanMessage(f"It is {value}.")] for value in ("€71", "€82", "€93")}

    async def together():
        asks = (tagged.ainvoke(talk, seed=4, **WILD) for talk in talks.values())
        return await asyncio.gather(*asks)

    for value, answer in zip(talks, asyncio.run(together()), strict=True):
        assert not digits(without(answer.content, {value}))


def test_stream_equals_the_whole(tagged):
    async def stream():
        return [chunk.content async for chunk in tagged.astream(TALK, seed=2, **WILD)]

    assert "".join(asyncio.run(stream())) == tagged.invoke(TALK, seed=2, **WILD).content


def test_counts_are_those_of_what_the_model_saw(tagged):
    hidden, _ = conceal([message.content for message in TALK])
    roles = ["system", "user"]
    seen = [{"role": role, "content": text} for role, text in zip(roles, hidden, strict=True)]
    usage = tagged.invoke(TALK, temperature=0, max_tokens=3).usage_metadata
    assert usage["input_tokens"] == tagged.count(TALK) == len(tagged._tokens.encode(seen))
    assert usage["output_tokens"] == 3


def test_stop_string_is_looked_for_in_what_people_see(tagged):
    whole = drawn(tagged, TALK, rounds=40)
    seed, answer = next((s, text) for s, text in enumerate(whole) if "Anna Weber" in text)
    ended = tagged.invoke(TALK, seed=seed, stop=["na Web"], **WILD)
    assert ended.content == answer[: answer.index("na Web")]
    assert ended.response_metadata["finish_reason"] == "stop"


def test_answer_to_go_on_with_keeps_the_numbering(tagged):
    talk = [*TALK, AIMessage("Anna Weber, your order 48213")]
    for seed in range(6):
        rest = tagged.invoke(talk, continue_final=True, seed=seed, **WILD).content
        assert not digits(without(rest))


def test_value_without_a_tag_lends_its_digits(tagged):
    values = [f"€{number}" for number in range(21, 22 + TAGS_A_TYPE)]
    answers = drawn(tagged, [HumanMessage(" or ".join(values))], rounds=20)
    assert digits("".join(without(answer, values) for answer in answers)) == digits(values[-1])


def test_checkpoint_that_is_not_trained_on_tags_sees_values(model):
    assert model.count([HumanMessage("order 48213")]) == len(
        model._tokens.encode([{"role": "user", "content": "order 48213"}])
    )


def test_tokenizer_without_tags_is_refused_in_a_sentence(tmp_path):
    folder = tmp_path / "untagged@1"
    tiny_model.make(folder)
    manifest = read_manifest(folder).model_copy(update={"trained_on_tags": True})
    with pytest.raises(errors.ModelUnavailable, match="trained_on_tags"):
        LocalModel.load(folder, manifest)


PHRASES = Phrases(
    openings=("Of course.",), closings=("Does that help?",), limits=("My sources lack that.",)
)
QUOTED = "Returns are taken within 30 days. Postage is €4.50, as Anna Weber knows."


@pytest.fixture(scope="module")
def quoting(folder):
    manifest = read_manifest(folder).model_copy(update={"phrases": PHRASES})
    model = LocalModel.load(folder, manifest)
    yield model
    model.close()


def test_answer_from_sources_is_made_of_quotation_and_phrases(quoting):
    assert quoting.quotes
    given = Quotable((QUOTED,), only=True)
    answers = set(drawn(quoting, TALK, 20, quotable=given, max_tokens=200))
    framed = {f"{o}{QUOTED}{c}" for o in ("", "Of course. ") for c in ("", " Does that help?")}
    assert answers <= framed | {"My sources lack that.", "Of course. My sources lack that."}
    assert len(answers) > 2


def test_limit_is_said_only_where_it_may_be(quoting):
    given = Quotable((QUOTED,), only=True, limits=False)
    answers = drawn(quoting, TALK, 20, quotable=given, max_tokens=200)
    assert all(QUOTED in answer for answer in answers)


def test_text_that_may_be_copied_leaves_the_rest_free(quoting):
    answers = drawn(quoting, TALK, 4, quotable=Quotable((QUOTED,)))
    assert not any(answer.startswith(QUOTED) for answer in answers)
