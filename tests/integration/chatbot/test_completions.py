"""Calls of the API without HTTP: models and prompts asked, refused, stopped, held to a shape."""

import asyncio
import shutil
from contextlib import aclosing

import pytest

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import build
from chatbot.completions import Ask, Said, Schema, ShapeFailed, Unsupported
from chatbot.completions.keeping import digest_of
from chatbot.errors import (
    BackendBroken,
    ContextTooSmall,
    EmptyText,
    ModelUnavailable,
    NotFound,
    StoreUnavailable,
    TextTooLong,
    UnknownModel,
    UnstorableText,
)
from chatbot.keys import ModelNotAllowed
from store import messages
from store.engine import Database
from tests.conftest import UNSAFE
from tests.integration.chatbot.conftest import settings_for
from tests.support import scenes
from tests.support.calling import Came, asked, call, caller, said, stored
from tests.support.saying import speak
from tests.support.shelf import shelve

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture(scope="module")
def product(sqlite_template, tmp_path_factory):
    """One for the module: each test has a key, and with it conversations, of its own."""
    home = tmp_path_factory.mktemp("home")
    copy = shutil.copy(sqlite_template, home / "calls.db")
    database = Database(f"sqlite:///{copy}", journal=UNSAFE)
    product = build(settings_for(database, home, encoder="none"))
    yield product
    product.close()
    database.close()


@pytest.fixture
def who(product):
    """A key that stores and may use everything."""
    return caller(product)


@pytest.fixture(autouse=True)
def scripted(product):
    """The scripted model in its place, whatever a test put there; a server that takes calls."""
    yield
    product.registry.unload("scripted@1")
    product.completions.closing = False


def trace_of(product, who, came):
    """The trace of the first answer of a call."""
    with product.archive.main.reading() as session:
        _, reply = messages.get(session, who.person.id, came.ended.message)
        return messages.traces(session, [reply.id])[reply.id]


# Models ------------------------------------------------------------------------------------------


def test_a_raw_model_answers_in_pieces_and_says_what_it_took(product, who, play):
    came = play(call(product, who, "!say one two three"))
    assert [one.text for one in came.pieces] == ["one", " two", " three", ""]
    assert came.finish() == "stop"
    assert (came.ended.model, came.ended.reply_tokens) == ("scripted@1", 3)
    assert came.ended.prompt_tokens > 0
    assert came.ended.fingerprint.startswith("fp_")


def test_system_and_earlier_messages_reach_it_as_they_are(product, who, play):
    heard = []
    speak(product.registry, _kept(heard))
    ask = Ask("scripted", (Said("developer", "Be brief."), *said("a", "b", "c")))
    play(asked(product, who, ask))
    assert heard == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def _kept(heard):
    def says(given):
        heard.extend(given)
        return "Yes."

    return says


def test_a_length_is_kept_and_told(product, who, play):
    came = play(call(product, who, "!say one two three", max_tokens=2))
    assert (came.text(), came.finish()) == ("one two", "length")
    assert stored(product, who, came.ended.conversation)[-1] == (
        "assistant",
        "one two",
        "truncated",
    )


def test_the_list_is_what_a_key_may_use(product):
    names = [line.id for line in product.completions.models(caller(product))]
    assert {"scripted@1", "scripted", "starter", "prompt:support", "prompt:rewrite"} <= set(names)
    assert not {"prompt:support-draft", "prompt:grader"} & set(names)
    few = caller(product, "few", models=("scripted@1", "prompt:support"))
    assert [line.id for line in product.completions.models(few)] == [
        "scripted@1",
        "scripted",
        "prompt:support",
    ]
    line = product.completions.model(few, "prompt:support")
    assert (line.kind, line.owned_by, line.context) == ("prompt", "chatbot", 4096)
    assert line.created > 0


REFUSED = [
    ({"model": "gpt-9"}, UnknownModel, None),
    ({"model": "prompt:none"}, UnknownModel, None),
    ({"model": "prompt:support-draft"}, UnknownModel, None),
    ({"n": 0}, Unsupported, "n"),
    ({"n": 9}, Unsupported, "n"),
    ({"temperature": 2.1}, Unsupported, "temperature"),
    ({"top_p": -0.1}, Unsupported, "top_p"),
    ({"max_tokens": 0}, Unsupported, "max_tokens"),
    ({"seed": 2**63}, Unsupported, "seed"),
    ({"stop": ("",)}, Unsupported, "stop"),
    ({"stop": ("a",) * 5}, Unsupported, "stop"),
    ({"logprobs": True}, Unsupported, "logprobs"),
    ({"top_logprobs": 3}, Unsupported, "top_logprobs"),
    ({"shape": Schema({"pattern": "a"})}, Unsupported, "response_format"),
    ({"text": "Once", "messages": ()}, Unsupported, "model"),
    ({"messages": ()}, Unsupported, "messages"),
    ({"messages": said("a", "b")}, Unsupported, "messages"),
    ({"messages": (Said("system", "x"),)}, Unsupported, "messages"),
    ({"messages": said(" \n")}, EmptyText, None),
    ({"messages": said("x" * 200_001)}, TextTooLong, None),
    ({"messages": said("a\0b")}, UnstorableText, None),
    ({"messages": said("a", "\ud800", "b")}, UnstorableText, None),
    ({"messages": said(*["word " * 5000] * 9)}, ContextTooSmall, None),
    ({"conversation": "01890000-0000-7000-8000-000000000000"}, NotFound, None),
]


def test_what_cannot_be_done_is_refused_before_anything_is_stored(product, who, play):
    for ask, error, param in REFUSED:
        with pytest.raises(error) as refused:
            play(asked(product, who, Ask(**{"model": "scripted", "messages": said("hello")} | ask)))
        assert getattr(refused.value, "param", None) == param
    assert product.conversations.recent(who.person) == []


def test_a_key_asks_its_own_models_alone(product, play):
    few = caller(product, models=("prompt:assistant",))
    with pytest.raises(ModelNotAllowed):
        play(call(product, few, "hello"))
    assert play(call(product, few, "!say Hi", model="prompt:assistant")).text() == "Hi"


# What goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written", "status"),
    [
        ("!break 2 !say one two three", "one two", "failed"),
        ("!no-end !say one two", "one two", "truncated"),
        ("!500", "", "failed"),
    ],
)
def test_a_model_that_breaks_off_is_an_error_and_an_honest_status(
    product, who, play, text, written, status
):
    pieces = []

    async def scene():
        run = product.completions.run(who, Ask("scripted", said(text)), CancelToken())
        async for one in run:
            pieces.append(one)  # noqa: PERF401  what came before the error counts

    with pytest.raises(BackendBroken):
        play(scene())
    assert "".join(one.text for one in pieces) == written
    [row] = product.conversations.recent(who.person)
    assert stored(product, who, row.id)[-1] == ("assistant", written, status)


def test_a_reader_that_leaves_stops_the_model_and_what_is_written_is_kept(product, who, play):
    async def scene():
        ask = Ask("scripted", said("!rate 200 !tokens 100000"))
        async with aclosing(product.completions.run(who, ask, CancelToken())) as pieces:
            seen = [await anext(pieces) for _ in range(5)]
        while product.completions._jobs:
            await asyncio.sleep(0.01)
        return "".join(one.text for one in seen)

    seen = play(scene())
    [row] = product.conversations.recent(who.person)
    _, text, status = stored(product, who, row.id)[-1]
    assert status == "stopped"
    assert text.startswith(seen)
    assert len(text) < 5000


def test_a_cancel_ends_a_call_with_what_is_written(product, who, play):
    async def scene():
        cancel, pieces = CancelToken(), []
        ask = Ask("scripted", said("!hang-after 3 !tokens 9"), n=2)
        async for one in product.completions.run(who, ask, cancel):
            pieces.append(one)
            if len(pieces) == 6:
                cancel.cancel()
        return Came(pieces[:-1], pieces[-1])

    came = play(scene())
    assert came.ended.reply_tokens == 6
    assert came.finish() is None
    assert stored(product, who, came.ended.conversation)[-1][2] == "stopped"


def test_a_server_that_stops_interrupts_what_hangs_and_begins_nothing(product, who, play):
    async def scene():
        ask = Ask("scripted", said("!hang-after 1 !tokens 9"))
        pieces = product.completions.run(who, ask, CancelToken())
        first = await anext(pieces)
        await product.completions.close(grace=0.1)
        with pytest.raises(ModelUnavailable, match="The server stopped here"):
            await anext(pieces)
        with pytest.raises(StoreUnavailable):
            await call(product, who, "hello")
        return first.text

    first = play(scene())
    [row] = product.conversations.recent(who.person)
    assert stored(product, who, row.id)[-1] == ("assistant", first, "interrupted")


# Prompts -----------------------------------------------------------------------------------------


def test_a_prompt_is_rendered_as_the_product_renders_its_turns(product, who, play):
    text = "We refund within 14 days after the parcel came back. The money goes to your card."
    shelve(product, "Returns", f"# Refunds\n\n{text}")
    asked_twice = "How long does a refund take until the money is back on my card?"
    one, two = f"!say {text} [1] {asked_twice}", f"{asked_twice} I ask again."

    async def scene():
        turn = await scenes.ask(product, one, prompt="support")
        view = product.conversations.open(product.person(), turn.conversation)
        more = await scenes.ask(product, two, turn.conversation, "k2")
        first = await call(product, who, one, model="prompt:support")
        dialog = [one, view.messages[-1].text, two]
        return turn, more, first, await call(product, who, *dialog, model="prompt:support")

    *turns, first, second = play(scene())
    with product.archive.main.reading() as session:
        rows = [messages.get(session, turn.user_id, turn.reply)[1].id for turn in turns]
        theirs = [messages.traces(session, [row])[row] for row in rows]
    for turn, came in zip(theirs, (first, second), strict=True):
        trace = trace_of(product, who, came)
        assert trace.rendered_hash == turn.rendered_hash
        assert trace.passages == turn.passages
        assert (trace.prompt, trace.version) == (turn.prompt, turn.version)
    assert theirs[0].passages[0]["used"] == "cited"
    assert second.ended.conversation == first.ended.conversation
    assert len(trace_of(product, who, second).history_ids) == 2
    assert product.traces.of(who.person, second.ended.message).exact


def test_inputs_fill_a_prompt_and_the_message_takes_its_place(product, who, play):
    inputs = {"tone": "warm"}
    came = play(call(product, who, "!say Thanks!", model="prompt:rewrite", inputs=inputs))
    trace = trace_of(product, who, came)
    assert (trace.inputs["values"], trace.inputs["place"]) == (inputs, "text")
    assert product.traces.of(who.person, came.ended.message).exact
    assert trace.prompt == "rewrite"
    assert came.ended.version == 1


NOT_TAKEN = [
    ({"inputs": {"colour": "red"}}, "metadata.colour"),
    ({"inputs": {"tone": "rude and loud"}}, "metadata.tone"),
    ({"messages": (Said("system", "Be rude."), *said("hello"))}, "messages"),
    ({"messages": said("a", "b", "c")}, "messages"),
    ({"inputs": {"text": "a", "instruction": "b"}}, "messages"),
]


def test_what_a_prompt_does_not_take_is_refused_by_name(product, who, play):
    for ask, param in NOT_TAKEN:
        ask = Ask(**{"model": "prompt:rewrite", "messages": said("hello")} | ask)
        with pytest.raises(Unsupported) as refused:
            play(asked(product, who, ask))
        assert refused.value.param == param
    assert product.conversations.recent(who.person) == []


def test_a_dialog_keeps_the_version_that_it_began_with(product, who, play):
    first = play(call(product, who, "!say Hi", model="prompt:title"))
    me, authoring = product.person(), product.authoring
    draft = authoring.open(me, "title")
    source = draft.source.replace("user:\n", "user:\nBe quick. ", 1)
    rest = draft.partials, draft.examples
    saved = authoring.save(me, "title", source, *rest, parent=draft.parent, note="Quick")
    weights = {saved.version.sha: 1}
    authoring.publish(me, "title", weights, "production", override="Only a test publishes this.")
    named = {"conversation": first.ended.conversation, "model": "prompt:title"}
    anew = play(call(product, who, "!say Other", model="prompt:title"))
    assert [first.ended.version, anew.ended.version] == [1, 2]
    with pytest.raises(Unsupported):  # a task takes one message: it cannot go on
        play(call(product, who, "!say Ho", **named))


# Keeping: what each kind of database does is in test_completions_kept --------------------------


def test_what_was_said_elsewhere_comes_in_with_the_call(product, who, play):
    came = play(call(product, who, "a", "b", "c", "d", "!say e"))
    kept = [text for _, text, _ in stored(product, who, came.ended.conversation)]
    assert kept == [*"abcd", "!say e", "e"]
    prompted = play(call(product, who, "a", "b", "!say c", model="prompt:assistant"))
    assert product.traces.of(who.person, prompted.ended.message).exact
    assert len(trace_of(product, who, prompted).history_ids) == 2


def test_dialogs_of_other_people_of_the_same_program_are_kept_apart(product, who, play):
    one = play(call(product, who, "!say Hi", metadata={"user": "ann"}))
    two = play(call(product, who, "!say Hi", metadata={"user": "bob"}))
    more = play(call(product, who, "!say Hi", "Hi", "!say Ho", metadata={"user": "ann"}))
    assert more.ended.conversation == one.ended.conversation != two.ended.conversation


def test_a_named_conversation_brings_what_was_said(product, who, play):
    one = play(call(product, who, "!say Hi"))
    heard = []
    speak(product.registry, lambda given: heard.extend(given) or "Yes.")
    two = play(call(product, who, "And now?", conversation=one.ended.conversation))
    assert [row["content"] for row in heard] == ["!say Hi", "Hi", "And now?"]
    assert two.ended.conversation == one.ended.conversation
    other = caller(product, "other")
    with pytest.raises(NotFound):
        play(call(product, other, "And now?", conversation=one.ended.conversation))


def test_a_key_that_stores_nothing_leaves_nothing(product, play):
    who = caller(product, stores=False)
    came = play(call(product, who, "!say Hi", model="prompt:assistant"))
    assert (came.text(), came.ended.conversation, came.ended.message) == ("Hi", None, None)
    assert product.conversations.recent(who.person) == []
    with pytest.raises(Unsupported) as refused:
        play(call(product, who, "x", conversation="01890000-0000-7000-8000-000000000000"))
    assert refused.value.param == "conversation"


def test_a_digest_tells_who_and_what_apart():
    hello = said("hello")
    assert digest_of("", "", hello) == digest_of("", "", said(" hello\n"))
    others = [
        digest_of("support", "", hello),
        digest_of("", "ann", hello),
        digest_of("", "", said("hello", "")),
        digest_of("", "", (Said("assistant", "hello"),)),
    ]
    assert len({digest_of("", "", hello), *others}) == 5


# JSON of a shape ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['{"n": 1}', '```json\n{"n": 1}\n```'])
def test_an_answer_of_the_shape_is_given_without_its_fence(product, who, play, text):
    came = play(call(product, who, f"!say {text}", shape=Schema(NUMBER)))
    assert came.text() == '{"n": 1}'
    assert came.finish() == "stop"


@pytest.mark.parametrize("model", ["scripted", "prompt:assistant"])
def test_an_answer_that_does_not_fit_is_asked_for_once_more(product, who, play, model):
    heard = []

    def says(given):
        heard.append(given)
        return '{"n": "one"}' if len(heard) == 1 else '{"n": 1}'

    speak(product.registry, says)
    came = play(call(product, who, "How many?", model=model, shape=Schema(NUMBER)))
    assert came.text() == '{"n": 1}'
    assert "JSON Schema" in heard[0][0]["content"]
    assert heard[1][-2]["content"] == '{"n": "one"}'
    assert "`n` must be a whole number" in heard[1][-1]["content"]
    assert came.ended.reply_tokens == 2
    assert any("corrected" in note for note in came.ended.notes)


def test_an_answer_that_never_fits_is_an_error(product, who, play):
    with pytest.raises(ShapeFailed):
        play(call(product, who, "!say no", shape="json"))
