"""Nobody asks more than is allowed: refused in words, before anything is stored."""

import asyncio

import pytest

from chatbot import allowance, answering
from chatbot.allowance import UNLIMITED
from chatbot.bootstrap import build
from chatbot.errors import StoreUnavailable, TooManyTurns
from chatbot.options import Limits
from store import forgetting, turns
from store.columns import now
from tests.integration.chatbot.conftest import settings_for
from tests.support.stored import person


@pytest.fixture
def limit(product):
    """Set limits; those that are not named are off."""

    def set_(**limits):
        version = product.options.stored(Limits).version
        product.options.set(product.person(), UNLIMITED.model_copy(update=limits), version)

    return set_


async def begin(product, who, key, text="!say yes", conversation=None, **more):
    turn = await product.chat.start_turn(who, conversation, text, key, **more)
    return await turn.finished()


def test_one_more_than_a_minute_has_room_for_is_refused(product, database, play, limit):
    ada, bob = person(database), person(database, "Bob")
    limit(turns_per_minute=2)

    async def scene():
        first = await begin(product, ada, "k1")
        await begin(product, ada, "k2", conversation=first.conversation)
        for conversation in (None, first.conversation):
            with pytest.raises(TooManyTurns) as caught:
                await begin(product, ada, "k3", conversation=conversation)
            assert (caught.value.status, caught.value.code) == (429, "too_many_turns")
            assert 0 < caught.value.retry_after <= 60
            assert f"go on in {caught.value.retry_after} seconds" in str(caught.value)
            assert "2 questions within a minute" in str(caught.value)
        for refused in (
            product.chat.answer_again(ada, first.reply, "k4"),
            product.chat.continue_answer(ada, first.reply, "k5"),
            product.chat.edit(ada, first.question, "!say no", "k6", rerun=True),
        ):
            with pytest.raises(TooManyTurns):
                await refused
        await begin(product, bob, "k3")
        return first

    first = play(scene())
    assert len(product.conversations.open(ada, first.conversation).messages) == 4
    assert product.privacy.held(ada, ada)["conversations"] == 1


def test_the_same_key_again_is_not_counted(product, database, play, limit):
    ada = person(database)
    limit(turns_per_minute=1)

    async def scene():
        sent = [product.chat.start_turn(ada, None, "!say once", "same key") for _ in range(5)]
        return await asyncio.gather(*sent)

    assert len({turn.reply for turn in play(scene())}) == 1


def test_many_at_once_pass_no_more_than_allowed(product, database, play, limit):
    ada = person(database)
    limit(turns_per_minute=3)

    async def scene():
        sent = [product.chat.start_turn(ada, None, "!say yes", f"key {n}") for n in range(8)]
        return await asyncio.gather(*sent, return_exceptions=True)

    told = play(scene())
    assert sum(isinstance(one, TooManyTurns) for one in told) == 5


def test_a_day_has_its_own_limit(product, database, play, limit):
    ada = person(database)
    limit(turns_per_day=1)

    async def scene():
        await begin(product, ada, "k1")
        with pytest.raises(TooManyTurns, match=r"1 question within a day.*in 24 hours") as caught:
            await begin(product, ada, "k2")
        assert 86_000 < caught.value.retry_after <= 86_400

    play(scene())


def test_a_restart_and_another_server_count_on(product, database, tmp_path, play, limit):
    ada = person(database)
    limit(turns_per_minute=1)

    async def scene():
        await begin(product, ada, "k1")
        other = build(settings_for(database, tmp_path))
        try:
            with pytest.raises(TooManyTurns):
                await begin(other, ada, "k2")
        finally:
            other.close()

    play(scene())


@pytest.mark.parametrize("temporary", [False, True], ids=["stored", "temporary"])
def test_so_many_answers_at_once_and_no_more(product, database, play, limit, temporary):
    ada = person(database)
    limit(running_turns=2)

    async def scene():
        for key in ("k1", "k2"):
            turn = await product.chat.start_turn(ada, None, "!hang", key, temporary=temporary)
        with pytest.raises(TooManyTurns, match="2 of your answers are being written") as caught:
            await begin(product, ada, "k3", temporary=temporary)
        assert caught.value.retry_after == allowance.SOON
        await product.chat.stop(ada, turn.reply)
        await begin(product, ada, "k3", temporary=temporary)
        await product.chat.stop_all(ada.id)

    play(scene())


def test_temporary_turns_are_counted_in_memory_alone(product, database, play, limit):
    ada = person(database)
    limit(turns_per_minute=1)

    async def scene():
        await begin(product, ada, "k1", temporary=True)
        with pytest.raises(TooManyTurns):
            await begin(product, ada, "k2", temporary=True)
        await begin(product, ada, "k3")

    play(scene())
    with database.reading() as session:
        held = forgetting.counts(session, ada.id)
    assert (held["turn_counts"], held["conversations"]) == (1, 1)
    with product.archive.main.writing() as session:
        assert turns.count(session, ada.id, now()).minute_turns == 2


def test_answers_that_wait_to_be_saved_hold_nobody_up(product, database, play, limit, monkeypatch):
    ada = person(database)
    limit(running_turns=1)

    def fail(*_):
        raise StoreUnavailable

    async def scene():
        with monkeypatch.context() as patch:
            patch.setattr(answering, "write_end", fail)
            first = await begin(product, ada, "k1")
        assert not first.saved
        await begin(product, ada, "k2")
        await product.chat.save_again(ada, first.reply)

    play(scene())


def test_the_local_person_has_no_limit_until_one_is_set(product, play, limit):
    local = product.person()
    most = Limits().turns_per_minute

    async def scene():
        for number in range(most + 1):
            await begin(product, local, f"key {number}")

    play(scene())
    assert "turn_counts" not in product.privacy.held(local, local)
    limit(turns_per_minute=1)
    play(begin(product, local, "first"))
    with pytest.raises(TooManyTurns):
        play(begin(product, local, "second"))


def test_others_have_limits_from_the_start(product, database):
    assert product.chat._allowance.of(person(database)) == Limits()
