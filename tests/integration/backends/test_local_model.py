"""A real checkpoint through LangChain's entrances: text, counts, ends, cancelling, many at once."""

import asyncio
import subprocess
import sys
import threading

import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chatbot import errors
from chatbot.backends.cancel import CancelToken
from chatbot.backends.checkpoint import read_manifest
from chatbot.backends.local import LocalModel

GREEDY = {"temperature": 0, "max_tokens": 40}
WORDS = ["parcel", "invoice", "café", "東京", "😀 late", "order 10482", "привет", "a\n\nb", "  x  "]
QUESTIONS = [
    f"{verb} the {word}{end}"
    for verb in ("Where is", "Please send", "I lost", "What about", "Cancel")
    for word in WORDS
    for end in ("?", " today and tomorrow.")
]


def messages(question, system="Be kind."):
    return [SystemMessage(system), HumanMessage(question)]


async def chunks_of(model, question, **options):
    return [chunk async for chunk in model.astream(messages(question), **GREEDY | options)]


def answer(model, question, **options):
    return model.invoke(messages(question), **GREEDY | options)


def plain(*contents):
    """A talk that begins with the system message."""
    roles = ["system", "user", "assistant", "user"]
    return [{"role": r, "content": c} for r, c in zip(roles, ("Be kind.", *contents), strict=False)]


def expected(reference, *contents, **options):
    """The greedy answer of `generate`."""
    model, tokenizer = reference
    ids = tokenizer.apply_chat_template(
        plain(*contents), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        out = model.generate(**ids, max_new_tokens=40, do_sample=False, **options)
    return tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)


def test_greedy_equals_generate(model, reference):
    for question in QUESTIONS:
        assert answer(model, question).content == expected(reference, question)


def test_eight_at_once_each_equal_themselves_alone(model, reference):
    questions = QUESTIONS[:24]

    async def together():
        return await asyncio.gather(*(chunks_of(model, question) for question in questions))

    for question, chunks in zip(questions, asyncio.run(together()), strict=True):
        assert "".join(chunk.content for chunk in chunks) == expected(reference, question)


def test_counts_are_real(model, reference):
    result = answer(model, "Where is the parcel?", max_tokens=7)
    ids = reference[1].apply_chat_template(
        plain("Where is the parcel?"), add_generation_prompt=True, return_dict=False
    )
    assert result.usage_metadata["input_tokens"] == len(ids)
    assert model.count(messages("Where is the parcel?")) == len(ids)
    assert result.usage_metadata["output_tokens"] == 7
    assert result.response_metadata["finish_reason"] == "length"
    assert result.response_metadata["model_name"] == "tiny@1"


def test_next_turn_equals_a_fresh_start(model, reference):
    first = answer(model, "Where is the parcel?").content
    talk = [*messages("Where is the parcel?"), AIMessage(first), HumanMessage("And the invoice?")]
    again = model.invoke(talk, **GREEDY).content
    for _ in range(20):  # other talk pushes the kept caches about
        answer(model, "Something else", max_tokens=3)
    assert model.invoke(talk, **GREEDY).content == again
    turns = ("Where is the parcel?", first, "And the invoice?")
    assert again == expected(reference, *turns)


def test_continued_answer_goes_on_exactly(model):
    whole = answer(model, "Where is the parcel?", max_tokens=30).content
    half = answer(model, "Where is the parcel?", max_tokens=15).content.rstrip("\ufffd")
    talk = [*messages("Where is the parcel?"), AIMessage(half)]
    rest = model.invoke(talk, continue_final=True, temperature=0, max_tokens=3).content
    assert rest
    assert not rest.startswith(whole[:5])
    assert (
        model.invoke(
            [*messages("Where is the parcel?"), AIMessage("")], continue_final=True, **GREEDY
        ).content
        == answer(model, "Where is the parcel?").content
    )


def test_same_seed_same_answer(model):
    def draw(seed):
        return answer(model, "Where?", temperature=1.5, top_p=0.9, top_k=50, seed=seed).content

    assert draw(7) == draw(7)
    assert len({draw(seed) for seed in range(5)}) > 1


def test_repetition_penalty_equals_generate(model, reference):
    ours = answer(model, "Say it again", repetition_penalty=1.3).content
    assert ours == expected(reference, "Say it again", repetition_penalty=1.3)


def test_stop_string_ends_before_it(model):
    whole = answer(model, "Where is the parcel?").content
    stop = whole[20:23]
    ended = answer(model, "Where is the parcel?", stop=[stop])
    assert ended.content == whole[: whole.index(stop)]
    assert ended.response_metadata["finish_reason"] == "stop"


def test_cancel_keeps_the_text_and_frees_the_place(model):
    cancel = CancelToken()

    async def main():
        seen = []
        options = {"temperature": 0, "max_tokens": 400, "cancel": cancel}
        async for chunk in model.astream(messages("Where?"), **options):
            seen.append(chunk)
            cancel.cancel()
        return seen

    seen = asyncio.run(main())
    assert seen[-1].response_metadata["finish_reason"] == "cancelled"
    assert seen[-1].usage_metadata["output_tokens"] < 100
    assert model._worker._active == {}


def test_cancel_one_of_eight(model, reference):
    cancel = CancelToken()

    async def cancelled():
        options = {"temperature": 0, "max_tokens": 400, "cancel": cancel}
        stream = model.astream(messages("Where?"), **options)
        seen = []
        async for chunk in stream:
            seen.append(chunk)
            cancel.cancel()
        return seen

    async def main():
        others = [chunks_of(model, question) for question in QUESTIONS[:7]]
        return await asyncio.gather(cancelled(), *others)

    gone, *others = asyncio.run(main())
    assert gone[-1].response_metadata["finish_reason"] == "cancelled"
    for question, chunks in zip(QUESTIONS[:7], others, strict=True):
        assert "".join(chunk.content for chunk in chunks) == expected(reference, question)


def test_reader_that_leaves_frees_the_place_and_not_the_callers_token(model):
    cancel = CancelToken()

    async def main():
        stream = model.astream(messages("Where?"), max_tokens=400, cancel=cancel)
        await anext(stream)
        await stream.aclose()

    asyncio.run(main())
    answer(model, "Next")
    assert model._worker._active == {}
    assert not cancel.cancelled


def test_too_long_for_the_context(model):
    with pytest.raises(errors.ContextTooSmall):
        answer(model, "word " * 2000)


def test_context_ends_the_answer(model):
    question = "the parcel " * 235
    room = model.context - model.count(messages(question))
    result = answer(model, question, max_tokens=10_000)
    assert 0 < room < 30
    assert result.usage_metadata["output_tokens"] == room
    assert result.response_metadata["finish_reason"] == "length"


@pytest.mark.parametrize(
    "options",
    [{"temperature": -1}, {"top_p": 2}, {"top_k": "many"}, {"seed": True}, {"temperature": 1e9}],
)
def test_bad_options_are_refused_by_name(model, options):
    with pytest.raises(errors.BackendRefused, match=next(iter(options))):
        answer(model, "Where?", **options)


def test_unknown_role_is_refused(model):
    with pytest.raises(errors.BackendRefused, match="function"):
        model._tokens.encode([{"role": "function", "content": "x"}])


def test_closed_model_says_so(checkpoint):
    model = LocalModel.load(checkpoint, read_manifest(checkpoint))
    threading.Timer(0.1, model.close).start()

    def until_closed():
        while True:
            answer(model, "Where?", max_tokens=200)

    with pytest.raises(errors.ModelUnavailable):
        until_closed()


def test_process_that_ends_in_mid_answer_ends_cleanly(checkpoint):
    program = (
        "import asyncio, sys; from pathlib import Path;"
        "from chatbot.backends.registry import Registry;"
        "model = Registry(Path(sys.argv[1]), default='tiny').open();"
        "stream = model.astream([('user', 'Hello')], max_tokens=400, temperature=0);"
        "asyncio.run(anext(stream)); sys.exit(5)"
    )
    command = [sys.executable, "-c", program, str(checkpoint.parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 5, ended.stderr
