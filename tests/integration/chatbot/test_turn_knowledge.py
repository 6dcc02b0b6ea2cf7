"""Passages in a turn: what a model gets, what the trace keeps, what an answer stands on."""

import asyncio
import zipfile
from dataclasses import replace

import pytest

from chatbot.accounts import Accounts
from chatbot.bootstrap import build
from chatbot.errors import NotFound
from chatbot.sourcing import BROKEN
from store import accounts as rows
from tests.integration.chatbot.conftest import settings_for
from tests.support import scenes
from tests.support.shelf import shelve

REFUNDS = "We refund within 14 days after the parcel came back. The money goes back to your card."
GOODWILL = "Staff may pay up to 50 euros as goodwill when a refund takes longer than 14 days."
ASKED = "!say {} How long does a refund take until the money is back on my card?"


@pytest.fixture
def product(database, tmp_path):
    """Answers by `support`, searched by words alone: no test here waits for an encoder."""
    product = build(settings_for(database, tmp_path, prompt="support", encoder="none"))
    yield product
    product.close()


@pytest.fixture
def shelf(product):
    """A public and an internal article about refunds: their ids by title."""
    return {
        "Returns": shelve(product, "Returns", f"# Refunds\n\n{REFUNDS}"),
        "Goodwill": shelve(product, "Goodwill", GOODWILL, visibility="internal"),
    }


@pytest.fixture
def chatter(product):
    """Somebody who may only chat."""
    accounts: Accounts = product.accounts
    added = accounts.add(
        product.person(), login="cara", name="Cara", roles=("chatter",), password="nine lamps lit"
    )
    with product.archive.main.reading() as session:
        return rows.account(session, added.id).person


async def ended(product):
    """Wait until all turns have left, and with them what is counted after an answer."""
    while product.chat.jobs:
        await asyncio.sleep(0.01)


async def ask(product, *given, **more):
    turn = await scenes.ask(product, *given, **more)
    await ended(product)
    return turn


async def asked_by(product, person, text):
    turn = await product.chat.start_turn(person, None, text, "key of hers")
    await ended(product)
    return turn


def shown(product, person, turn):
    view = product.conversations.open(person, turn.conversation)
    return next(message for message in view.messages if message.id == turn.reply)


def test_a_question_gets_passages_and_an_answer_its_sources(product, shelf, play):
    me = product.person()
    turn = play(ask(product, ASKED.format("Within 14 days [1].")))
    trace = product.traces.of(me, turn.reply)
    assert trace.exact
    assert f"[1] Returns › Refunds: {REFUNDS}" in trace.messages[0]["content"]
    first = trace.passages[0]
    assert (first["n"], first["title"], first["heading"]) == (1, "Returns", "Refunds")
    assert (first["article"], first["internal"]) == (shelf["Returns"], False)
    assert first["score"] > 0
    assert [one["used"] for one in trace.passages] == ["cited", ""]
    [source] = shown(product, me, turn).sources
    assert (source.n, source.label, source.used) == (1, "Returns › Refunds", "cited")
    assert product.knowledge.article(me, shelf["Returns"]).cited == 1
    assert product.knowledge.article(me, shelf["Goodwill"]).cited == 0


def test_a_sentence_that_is_quoted_names_its_source(product, shelf, play):
    answer = "Of course.  The money goes back\nto your card."
    turn = play(ask(product, ASKED.format(answer)))
    [source] = shown(product, product.person(), turn).sources
    assert (source.label, source.used) == ("Returns › Refunds", "quoted")


def test_an_answer_that_uses_nothing_has_no_sources(product, shelf, play):
    turn = play(ask(product, "How long does a refund take until the money is back?"))
    message = shown(product, product.person(), turn)
    assert product.traces.of(product.person(), turn.reply).passages
    assert (message.sources, message.lacked) == ([], False)


def test_a_chatter_gets_public_passages_alone(product, shelf, chatter, play):
    turn = play(asked_by(product, chatter, ASKED.format(f"{GOODWILL} [2]")))
    trace = product.traces.of(chatter, turn.reply)
    assert [one["title"] for one in trace.passages] == ["Returns"]
    assert GOODWILL not in trace.messages[0]["content"]
    assert shown(product, chatter, turn).sources == []
    found = product.traces.source(chatter, turn.reply, 1)
    assert (found.title, found.text, found.internal) == ("Returns", REFUNDS, False)


def test_what_became_internal_or_is_not_theirs_is_not_shown(product, shelf, chatter, play):
    me = product.person()
    turn = play(asked_by(product, chatter, ASKED.format("Yes [1].")))
    product.knowledge.set_visibility(me, shelf["Returns"], "internal")
    for person, message, number in ((chatter, turn.reply, 1), (chatter, turn.reply, 9)):
        with pytest.raises(NotFound):
            product.traces.source(person, message, number)
    with pytest.raises(NotFound):
        product.traces.source(me, turn.reply, 1)  # an agent has no way into somebody's chat


def test_who_lost_their_roles_reads_no_internal_passage_in_old_traces(product, shelf, play):
    me = product.person()
    turn = play(ask(product, ASKED.format("Yes [1, 2].")))
    assert GOODWILL in product.traces.of(me, turn.reply).messages[0]["content"]
    lesser = replace(me, roles=("chatter",))
    trace = product.traces.of(lesser, turn.reply)
    assert GOODWILL not in repr(trace.messages) + repr(trace.passages)
    assert not trace.exact
    [source] = [one for one in shown(product, lesser, turn).sources if one.internal]
    assert source.label == "Internal"


def test_who_lost_their_roles_exports_no_internal_passage(product, shelf, play):
    me = product.person()
    turn = play(asked_by(product, me, ASKED.format("Up to 50 euros as goodwill [2].")))
    lesser = replace(me, roles=("chatter",))

    assert "Staff may pay" in product.conversations.export(me, turn.conversation, "json")[1]
    text = product.conversations.export(lesser, turn.conversation, "json")[1]
    with zipfile.ZipFile(product.privacy.export_mine(lesser)) as made:
        texts = [made.read(name).decode() for name in made.namelist()]

    assert REFUNDS in text
    assert not any("Staff may pay" in each for each in (text, *texts))


def test_a_thread_is_searched_with_its_last_turns(product, shelf, play):
    async def scene():
        first = await ask(
            product, "!say Yes. A refund, after the parcel came back, to my card", key="k1"
        )
        return await ask(product, "!say Soon. How long?", first.conversation, "k2")

    assert product.traces.of(product.person(), play(scene()).reply).passages


def test_a_question_without_a_passage_is_collected(product, shelf, play):
    me = product.person()
    turn = play(ask(product, "What do zebras eat? Call me: +44 20 7946 0018"))
    assert shown(product, me, turn).lacked
    assert product.traces.of(me, turn.reply).passages == []
    [lack] = product.knowledge.lacking(me)
    assert "zebras" in lack.question
    assert "7946" not in lack.question
    play(ask(product, "Thanks a lot!", turn.conversation, "k2"))
    assert len(product.knowledge.lacking(me)) == 1


def test_a_temporary_conversation_leaves_nothing_in_the_database(product, shelf, play):
    me = product.person()
    play(ask(product, ASKED.format("Yes [1]."), key="t1", temporary=True))
    play(ask(product, "What do zebras eat?", key="t2", temporary=True))
    assert product.knowledge.lacking(me) == []
    assert product.knowledge.article(me, shelf["Returns"]).cited == 0


def test_an_empty_knowledge_base_is_not_searched(product, play, monkeypatch):
    monkeypatch.setattr(product.knowledge, "search", None)
    turn = play(ask(product, "!say Hello. How long does a refund take?"))
    assert product.traces.of(product.person(), turn.reply).notes == []
    assert not shown(product, product.person(), turn).lacked


def test_a_prompt_without_passages_is_not_searched_for(product, shelf, play, monkeypatch):
    monkeypatch.setattr(product.knowledge, "empty", None)
    turn = play(ask(product, "!say Hello", prompt="assistant"))
    assert product.traces.of(product.person(), turn.reply).notes == []


def test_a_broken_search_leaves_the_turn_without_passages(product, shelf, play, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(product.knowledge, "search", broken)
    turn = play(ask(product, ASKED.format("Good day")))
    trace = product.traces.of(product.person(), turn.reply)
    assert (turn.status, turn.text, trace.notes) == ("complete", turn.text, [BROKEN])
    assert trace.exact
    assert not shown(product, product.person(), turn).lacked


def test_the_trace_stays_exact_when_the_article_changes(product, shelf, play):
    me = product.person()
    turn = play(ask(product, ASKED.format("Yes [1].")))
    shelve(product, "Returns", "# Refunds\n\nWe refund within 30 days.", article=shelf["Returns"])
    trace = product.traces.of(me, turn.reply)
    assert trace.exact
    assert REFUNDS in trace.messages[0]["content"]
    with pytest.raises(NotFound):
        product.traces.source(me, turn.reply, 1)


def test_a_thread_that_leaves_its_subject_is_told(product, shelf, play):
    async def scene():
        first = await ask(product, ASKED.format("Yes [1]."), key="k1")
        short = await ask(product, "!say How long?", first.conversation, "k2")
        stray = await ask(product, "What do zebras eat in winter?", first.conversation, "k3")
        return short, stray

    me = product.person()
    lacked = [shown(product, me, turn).lacked for turn in play(scene())]
    assert lacked == [False, True]
    assert [one.question for one in product.knowledge.lacking(me)] == [
        "What do zebras eat in winter?"
    ]


def test_a_turn_that_is_asked_again_has_its_passages(product, shelf, play):
    me = product.person()
    turn = play(ask(product, ASKED.format("Yes [1].")))
    found = product.replay.of(me, turn.reply).passages
    assert found[0] == {"title": "Returns › Refunds", "text": REFUNDS}
    assert len(found) == 2
    lesser = replace(me, roles=("author", "chatter"))
    case = product.turn_cases.case_of(lesser, "support", turn.reply)
    assert case["vars"]["passages"] == found
    assert product.replay.of(replace(me, roles=("chatter",)), turn.reply).passages[1]["title"] == (
        "Internal"
    )
