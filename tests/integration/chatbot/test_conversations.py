"""Reading and arranging conversations, on both databases, within one person's scope."""

import asyncio
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatbot.bootstrap import Product
from chatbot.conversations import Conversations
from chatbot.errors import NotFound, StoreUnavailable
from chatbot.replicas import Replicas
from store import conversations as rows
from store import messages
from tests.support.scenes import ask, texts


def said(product: Product, play, text: str, conversation: str | None = None, key: str = "k"):
    return play(ask(product, text, conversation, key))


def without_patience(product: Product, kind: type[Conversations] = Conversations) -> Conversations:
    """The same conversations, with temporary ones idle at once."""
    services = (product.archive, product.registry, product.releases, product.notices)
    return kind(*services, product.chat.is_running, temporary_minutes=0)


def temporary_ids(product: Product) -> list[str]:
    with product.archive.temporary.reading() as session:
        return [row.public_id for row in rows.recent(session, product.person().id)]


def test_groups_hold_pinned_first(product, play):
    one = said(product, play, "!say one", key="k1")
    said(product, play, "!say two", key="k2")
    product.conversations.pin(product.person(), one.conversation, pinned=True)

    groups = product.conversations.groups(product.person(), today=datetime.now(UTC))

    assert [group.label for group in groups] == ["Pinned", "Today"]
    assert [item.id for item in groups[0].items] == [one.conversation]


def test_recent_pages_without_gaps(product, play):
    made = [said(product, play, f"!say {n}", key=f"k{n}").conversation for n in range(5)]
    person = product.person()

    first = product.conversations.recent(person, limit=3)
    rest = product.conversations.recent(person, limit=3, before=first[-1].id)

    assert [item.id for item in first + rest] == made[::-1]


def test_title_is_the_first_line_cut_at_a_word(product, play):
    turn = said(
        product, play, "\n  The lamp in my kitchen flickers whenever I dim it below a third"
    )
    [item] = product.conversations.recent(product.person())

    assert item.title == "The lamp in my kitchen flickers whenever I dim it below a…"
    assert turn.conversation == item.id


def test_rename_keeps_one_line(product, play):
    turn = said(product, play, "!say x")
    product.conversations.rename(product.person(), turn.conversation, "  A\nnew   title ")

    assert product.conversations.open(product.person(), turn.conversation).title == "A new title"
    assert product.conversations.rename(product.person(), turn.conversation, "  ") == ""
    assert product.conversations.open(product.person(), turn.conversation).title == "A new title"


def test_search_finds_titles_and_texts(product, play):
    turn = said(product, play, "!say The trailing-edge dimmer fits")
    person = product.person()

    by_text = product.conversations.search(person, "dimmer")
    assert {hit.conversation for hit in by_text} == {turn.conversation}
    assert any(is_hit and "dimmer" in text.lower() for text, is_hit in by_text[0].snippet)
    assert product.conversations.search(person, "   ") == []
    assert product.conversations.search(person, '"; DROP TABLE messages --') == []


def test_delete_can_be_undone_and_then_not(product, play):
    turn = said(product, play, "!say gone")
    person = product.person()

    product.conversations.delete(person, turn.conversation)
    with pytest.raises(NotFound):
        product.conversations.open(person, turn.conversation)
    product.conversations.undelete(person, turn.conversation)
    assert len(texts(product, turn.conversation)) == 2
    product.conversations.erase(person, turn.conversation)
    with pytest.raises(NotFound):
        product.conversations.undelete(person, turn.conversation)


def test_tidy_leaves_what_was_just_deleted(product, play):
    turn = said(product, play, "!say gone")
    product.conversations.delete(product.person(), turn.conversation)

    assert product.conversations.tidy() == 0
    product.conversations.undelete(product.person(), turn.conversation)


def test_tidy_removes_temporary_conversations_left_idle(product, play):
    kept = said(product, play, "!say kept", key="k1")
    idle = play(ask(product, "!say idle", key="k2", temporary=True))

    assert without_patience(product).tidy() == 1
    with pytest.raises(NotFound):
        product.conversations.open(product.person(), idle.conversation)
    assert len(texts(product, kept.conversation)) == 2


def test_the_server_tidies_again_after_a_failure(product, play):
    class Failing(Conversations):
        fails = 1

        def tidy(self) -> int:
            if self.fails:
                self.fails -= 1
                raise StoreUnavailable
            return super().tidy()

    async def scene():
        idle = await ask(product, "!say idle", temporary=True)
        house = replace(product, conversations=without_patience(product, Failing))
        tidying = asyncio.create_task(house.keep_tidy(every=0.01))
        while idle.conversation in await asyncio.to_thread(temporary_ids, product):
            await asyncio.sleep(0.01)
        tidying.cancel()
        return idle

    idle = play(scene())
    assert idle.conversation not in temporary_ids(product)


def test_a_room_that_cannot_tidy_keeps_no_other_from_it(product, play):
    class Failing(Conversations):
        def tidy(self) -> int:
            raise StoreUnavailable

    class Tidied:
        def __init__(self) -> None:
            self.done = threading.Event()

        def tidy(self) -> None:
            self.done.set()

    async def scene():
        last = Tidied()
        house = replace(product, conversations=without_patience(product, Failing), review=last)
        tidying = asyncio.create_task(house.keep_tidy(every=60))
        assert await asyncio.to_thread(last.done.wait, 30)
        tidying.cancel()

    play(scene())


def test_a_server_tidies_its_own_home_while_another_tidies_for_all(product, play, monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(product.runs, "tidy", done.set)
    assert Replicas(product.archive).holds("tidying")

    async def scene():
        tidying = asyncio.create_task(product.keep_tidy(every=60))
        assert await asyncio.to_thread(done.wait, 30)
        tidying.cancel()

    play(scene())


def test_a_deleted_temporary_conversation_comes_back_too(product, play):
    turn = play(ask(product, "!say hush", temporary=True))
    person = product.person()

    product.conversations.delete(person, turn.conversation)
    product.conversations.tidy()
    product.conversations.undelete(person, turn.conversation)

    assert len(texts(product, turn.conversation)) == 2


def test_pages_of_one_conversation_do_not_begin_at_another(product, play):
    one, other = said(product, play, "!say a", key="a"), said(product, play, "!say b", key="b")

    with pytest.raises(NotFound):
        product.conversations.open(product.person(), one.conversation, before=other.reply)


def test_fork_copies_up_to_a_message(product, play):
    first = said(product, play, "!say one", key="k1")
    said(product, play, "!say two", first.conversation, "k2")

    copy = product.conversations.fork(product.person(), first.reply)

    assert [text for _, text, _ in texts(product, copy)] == ["!say one", "one"]
    assert len(texts(product, first.conversation)) == 4
    assert "(fork)" in product.conversations.open(product.person(), copy).title
    assert said(product, play, "!say three", copy, "k3").text == "three"


def test_a_forked_answer_still_shows_what_was_sent(product, play):
    first = said(product, play, "!say one", key="k1")
    second = said(product, play, "!say two", first.conversation, "k2")
    person = product.person()

    copy = product.conversations.fork(person, second.reply)

    answer = product.conversations.open(person, copy).messages[-1]
    trace = product.traces.of(person, answer.id)
    assert trace.exact
    assert trace.messages == product.traces.of(person, second.reply).messages


def test_versions_are_chosen_and_deleted(product, play):
    turn = said(product, play, "!say first", key="k1")

    async def again():
        other = await product.chat.answer_again(product.person(), turn.reply, "k2")
        return await other.finished()

    other = play(again())
    person = product.person()
    product.conversations.choose(person, turn.reply)
    assert product.conversations.open(person, turn.conversation).messages[1].id == turn.reply
    product.conversations.delete_version(person, turn.reply)
    left = product.conversations.open(person, turn.conversation).messages[1]
    assert (left.id, left.siblings.count) == (other.reply, 1)


def test_open_pages_back_and_reaches_a_message(product, play):
    first = said(product, play, "!say 0", key="k0")
    for n in range(1, 5):
        said(product, play, f"!say {n}", first.conversation, f"k{n}")
    person, chat = product.person(), first.conversation

    newest = product.conversations.open(person, chat, limit=4)
    earlier = product.conversations.open(person, chat, limit=4, before=newest.messages[0].id)
    reached = product.conversations.open(person, chat, limit=4, at=first.question)

    assert newest.has_earlier
    assert [message.text for message in newest.messages] == ["!say 3", "3", "!say 4", "4"]
    assert [message.text for message in earlier.messages] == ["!say 1", "1", "!say 2", "2"]
    assert reached.messages[0].id == first.question


def test_figures_say_where_a_model_ran_even_when_it_is_removed(product, play):
    turn = said(product, play, "!say x")
    person = product.person()
    with product.archive.main.writing() as session:
        _, reply = messages.get(session, person.id, turn.reply)
        [trace] = messages.traces(session, [reply.id]).values()
        messages.add_trace(session, replace(trace, attempt=2, model="gone@1"))

    now = product.conversations.open(person, turn.conversation).messages[1].meta
    assert (now.model, now.where) == ("gone@1", "removed")


def test_feedback_is_kept_changed_and_taken_back(product, play):
    turn = said(product, play, "!say hm")
    person = product.person()

    def shown() -> tuple[int, list[str], str | None]:
        message = product.conversations.open(person, turn.conversation).messages[1]
        return message.rating, list(message.reasons), message.better

    product.conversations.feedback(
        person, turn.reply, rating=-1, reasons=["Tone"], better=" Kinder. "
    )
    assert shown() == (-1, ["Tone"], "Kinder.")
    product.conversations.feedback(person, turn.reply, rating=1)
    assert shown() == (1, [], None)
    product.conversations.feedback(person, turn.reply, rating=None)
    assert shown() == (0, [], None)
    with pytest.raises(NotFound):
        product.conversations.feedback(person, turn.question, rating=1)


def test_export_as_markdown_and_json(product, play):
    turn = said(product, play, "!say **bold** answer")
    person = product.person()

    name, text = product.conversations.export(person, turn.conversation, "markdown")
    assert name.endswith(".md")
    assert "**bold** answer" in text
    name, text = product.conversations.export(person, turn.conversation, "json")
    assert name.endswith(".json")
    assert json.loads(text)["messages"][1]["content"] == "**bold** answer"


def test_another_persons_ids_are_not_found(product, play):
    turn = said(product, play, "!say mine")
    other = product.person().__class__(999, "p", "Other", ("chatter",))
    mine = product.conversations

    for call in (
        lambda: mine.open(other, turn.conversation),
        lambda: mine.rename(other, turn.conversation, "x"),
        lambda: mine.pin(other, turn.conversation, pinned=True),
        lambda: mine.delete(other, turn.conversation),
        lambda: mine.erase(other, turn.conversation),
        lambda: mine.fork(other, turn.reply),
        lambda: mine.export(other, turn.conversation, "json"),
        lambda: mine.choose(other, turn.reply),
        lambda: mine.delete_version(other, turn.reply),
        lambda: mine.feedback(other, turn.reply, rating=1),
        lambda: product.traces.of(other, turn.reply),
    ):
        with pytest.raises(NotFound):
            call()
    assert mine.recent(other) == mine.search(other, "mine") == []
    assert len(texts(product, turn.conversation)) == 2


@pytest.mark.parametrize("unknown", ["", "x", "0", "not-a-uuid", "%00", "'"])
def test_ids_that_are_none_are_not_found(product, unknown):
    with pytest.raises(NotFound):
        product.conversations.open(product.person(), unknown)
