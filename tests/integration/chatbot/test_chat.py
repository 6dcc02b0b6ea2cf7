"""The path of a turn on both databases: saved first, streamed, ended with a true status."""

import asyncio

import pytest

from chatbot.answering import storable
from chatbot.errors import Busy, EmptyText, NotFound, TextTooLong, UnknownModel, UnstorableText
from store import messages
from tests.support.scenes import ask, texts


def test_an_answer_is_streamed_and_saved(product, play):
    async def scene():
        turn = await product.chat.start_turn(product.person(), None, "!say Good day", "k1")
        seen = [snapshot.text async for snapshot in turn.follow(0)]
        return turn, seen

    turn, seen = play(scene())

    assert seen[-1] == "Good day"
    assert texts(product, turn.conversation) == [
        ("user", "!say Good day", "complete"),
        ("assistant", "Good day", "complete"),
    ]


def test_the_question_is_saved_before_anything_else(product, play):
    async def scene():
        turn = await product.chat.start_turn(product.person(), None, "!hang", "k1")
        saved = await asyncio.to_thread(texts, product, turn.conversation)
        await product.chat.stop(product.person(), turn.reply)
        return saved

    assert play(scene())[0] == ("user", "!hang", "complete")


def test_the_same_key_is_one_turn(product, play):
    async def scene():
        person = product.person()
        sent = [product.chat.start_turn(person, None, "!say once", "same") for _ in range(5)]
        turns = await asyncio.gather(*sent)
        await turns[0].finished()
        again = await product.chat.start_turn(person, None, "!say once", "same")
        return [*turns, again]

    turns = play(scene())

    assert len({turn.reply for turn in turns}) == 1
    assert len(texts(product, turns[0].conversation)) == 2
    assert turns[-1].text == "once"


def test_a_conversation_goes_on(product, play):
    async def scene():
        first = await ask(product, "!say one", key="k1")
        return await ask(product, "!say two", first.conversation, "k2")

    turn = play(scene())

    assert [text for _, text, _ in texts(product, turn.conversation)] == [
        "!say one",
        "one",
        "!say two",
        "two",
    ]


def test_stop_keeps_what_is_written(product, play):
    async def scene():
        turn = await product.chat.start_turn(
            product.person(), None, "!tokens 5000 !rate 200 go", "k1"
        )
        async for snapshot in turn.follow(0):
            if len(snapshot.text) > 10:
                break
        await product.chat.stop(product.person(), turn.reply)
        return turn

    turn = play(scene())

    assert turn.status == "stopped"
    assert texts(product, turn.conversation)[1] == ("assistant", turn.text, "stopped")
    assert len(turn.text) > 10


def test_a_second_question_waits_and_a_third_is_refused(product, play):
    async def scene():
        person = product.person()
        first = await product.chat.start_turn(person, None, "!tokens 40 !rate 80 a", "k1")
        second = await product.chat.start_turn(person, first.conversation, "!say second", "k2")
        with pytest.raises(Busy):
            await product.chat.start_turn(person, first.conversation, "!say third", "k3")
        waiting = second.state
        await second.finished()
        return first, second, waiting

    first, second, waiting = play(scene())

    assert waiting == "waiting"
    assert (first.status, second.text) == ("complete", "second")
    assert [role for role, _, _ in texts(product, first.conversation)] == [
        "user",
        "assistant",
        "user",
        "assistant",
    ]


def test_a_waiting_question_can_be_stopped(product, play):
    async def scene():
        person = product.person()
        first = await product.chat.start_turn(person, None, "!hang", "k1")
        second = await product.chat.start_turn(person, first.conversation, "!say no", "k2")
        await product.chat.stop(person, second.reply)
        await product.chat.stop(person, first.reply)
        return second

    second = play(scene())

    assert (second.status, second.text) == ("stopped", "")


def test_answer_again_adds_a_sibling(product, play):
    async def scene():
        turn = await ask(product, "!say same", key="k1")
        again = await product.chat.answer_again(product.person(), turn.reply, "k2")
        twice = await product.chat.answer_again(product.person(), turn.reply, "k2")
        await again.finished()
        return turn, again, twice

    turn, again, twice = play(scene())
    view = product.conversations.open(product.person(), turn.conversation)

    assert twice.reply == again.reply != turn.reply
    assert len(view.messages) == 2
    assert (view.messages[1].siblings.index, view.messages[1].siblings.count) == (2, 2)
    assert view.messages[1].siblings.previous == turn.reply


def test_continue_goes_on_from_the_text(product, play):
    async def scene():
        turn = await ask(product, "!length !say one two three four", key="k1")
        longer = await product.chat.continue_answer(product.person(), turn.reply, "k2")
        return turn, await longer.finished()

    turn, longer = play(scene())

    assert (turn.status, turn.text) == ("truncated", "one two")
    assert (longer.status, longer.text) == ("complete", "one two three four")


def test_only_an_answer_can_be_continued(product, play):
    async def scene():
        turn = await ask(product, "!say x", key="k1")
        with pytest.raises(NotFound):
            await product.chat.continue_answer(product.person(), turn.question, "k2")
        return turn

    assert len(texts(product, play(scene()).conversation)) == 2


def test_a_key_is_one_turn_at_every_door(product, play):
    async def scene():
        person, chat = product.person(), product.chat
        first = await ask(product, "!say one", key="k1")
        second = await ask(product, "!say two", first.conversation, "k2")
        return second, [
            await chat.answer_again(person, first.reply, "k2"),
            await chat.continue_answer(person, first.reply, "k2"),
            await chat.edit(person, first.question, "other", "k2", rerun=True),
        ]

    second, turns = play(scene())

    assert {(turn.question, turn.reply) for turn in turns} == {(second.question, second.reply)}
    assert len(texts(product, second.conversation)) == 4


def test_edit_a_question_and_rerun(product, play):
    async def scene():
        turn = await ask(product, "!say old", key="k1")
        edited = await product.chat.edit(
            product.person(), turn.question, "!say new", "k2", rerun=True
        )
        await edited.finished()
        return turn

    turn = play(scene())
    view = product.conversations.open(product.person(), turn.conversation)

    assert [message.text for message in view.messages] == ["!say new", "new"]
    assert view.messages[0].siblings.count == 2


def test_edit_an_answer_and_only_save(product, play):
    async def scene():
        turn = await ask(product, "!say wrong", key="k1")
        saved = await product.chat.edit(product.person(), turn.reply, "right", "k2", rerun=False)
        return turn, saved

    turn, saved = play(scene())
    view = product.conversations.open(product.person(), turn.conversation)

    assert view.messages[1].id == saved
    assert view.messages[1].text == "right"
    assert view.messages[1].siblings.previous == turn.reply


def test_edit_an_answer_and_rerun_asks_what_followed(product, play):
    async def scene():
        first = await ask(product, "!say one", key="k1")
        await ask(product, "!say two", first.conversation, "k2")
        edited = await product.chat.edit(product.person(), first.reply, "uno", "k3", rerun=True)
        await edited.finished()
        return first

    turn = play(scene())

    assert [text for _, text, _ in texts(product, turn.conversation)] == [
        "!say one",
        "uno",
        "!say two",
        "two",
    ]


def test_edit_the_last_answer_and_rerun_goes_on_writing(product, play):
    async def scene():
        turn = await ask(product, "!say one two three", key="k1")
        longer = await product.chat.edit(product.person(), turn.reply, "one", "k2", rerun=True)
        return await longer.finished()

    assert play(scene()).text == "one two three"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyText),
        (" \n\t ", EmptyText),
        ("x" * 2_000_000, TextTooLong),
        ("a\0b", UnstorableText),
        ("a\ud800b", UnstorableText),
    ],
)
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(product, play, text, error):
    with pytest.raises(error) as caught:
        play(ask(product, text))

    assert str(caught.value).endswith(".")
    assert product.conversations.recent(product.person()) == []


def test_another_persons_conversation_is_not_found(product, play):
    turn = play(ask(product, "!say mine"))
    other = product.person().__class__(999, "p", "Other", ("chatter",))

    async def each():
        chat = product.chat
        for call in (
            chat.start_turn(other, turn.conversation, "hello", "k"),
            chat.answer_again(other, turn.reply, "k"),
            chat.continue_answer(other, turn.reply, "k"),
            chat.edit(other, turn.question, "x", "k", rerun=False),
            chat.edit(other, turn.question, "x", "k", rerun=True),
            chat.stop(other, turn.reply),
            chat.save_again(other, turn.reply),
        ):
            with pytest.raises(NotFound):
                await call

    play(each())
    assert len(texts(product, turn.conversation)) == 2


def test_unknown_prompt_and_model_are_named(product, play):
    with pytest.raises(NotFound, match="nothing-like-it"):
        play(ask(product, "hello", prompt="nothing-like-it"))
    with pytest.raises(UnknownModel, match="nothing-like-it"):
        play(ask(product, "hello", model="nothing-like-it"))


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("!429 1 x", "failed", "busy"),
        ("!500 x", "failed", "broke"),
        ("!quota x", "failed", "quota"),
        ("!break 3 one two three four", "failed", "broke"),
        ("!no-end !say one two", "truncated", "ended before"),
        ("!length !say one two three four", "truncated", "longest"),
        ("!tokens 0", "failed", "no answer"),
    ],
)
def test_what_goes_wrong_has_a_status_and_a_sentence(product, play, text, status, says):
    turn = play(ask(product, text))
    saved = product.conversations.open(product.person(), turn.conversation).messages[1]

    assert (turn.status, saved.status) == (status, status)
    assert says in turn.error
    assert saved.note == turn.error


def test_a_broken_answer_keeps_its_text(product, play):
    turn = play(ask(product, "!break 2 !say one two three four"))

    assert texts(product, turn.conversation)[1] == ("assistant", "one two", "failed")


def test_characters_that_cannot_be_stored_are_replaced_in_answers():
    assert storable("a\0b\ud800c\udfff é 🙂") == "a\ufffdb\ufffdc\ufffd é 🙂"


def test_a_conversation_stays_on_its_prompt_version(product, play):
    turn = play(ask(product, "!say hi"))
    row = product.conversations.open(product.person(), turn.conversation)

    assert row.prompt == "assistant"
    meta = row.messages[1].meta
    assert (meta.prompt, meta.version, meta.model) == ("assistant", 1, "scripted@1")


def test_the_trace_shows_exactly_what_was_sent(product, play):
    async def scene():
        first = await ask(product, "!say one", key="k1")
        return await ask(product, "!say two", first.conversation, "k2")

    turn = play(scene())
    trace = product.traces.of(product.person(), turn.reply)

    assert trace.exact
    assert [message["role"] for message in trace.messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert trace.messages[-1]["content"] == "!say two"


def test_a_trace_says_when_it_cannot_be_rendered_the_same(product, play):
    async def scene():
        first = await ask(product, "!say one", key="k1")
        second = await ask(product, "!say two", first.conversation, "k2")
        return first, second

    first, second = play(scene())
    with product.archive.main.writing() as session:
        _, message = messages.get(session, product.person().id, first.reply)
        messages.finish(session, message.id, content="changed since", status="complete")

    trace = product.traces.of(product.person(), second.reply)
    assert not trace.exact
    assert "not exactly what was sent" in trace.notes[-1]


def test_questions_without_an_answer_are_not_sent_again(product, play):
    first = play(ask(product, "!say one", key="k1"))
    second = play(ask(product, "!500 two", first.conversation, "k2"))
    third = play(ask(product, "!say three", first.conversation, "k3"))
    product.conversations.delete_version(product.person(), third.reply)
    last = play(ask(product, "!say four", first.conversation, "k4"))

    trace = product.traces.of(product.person(), last.reply)
    assert second.text == ""
    assert [message["content"] for message in trace.messages[1:]] == [
        "!say one",
        "one",
        "!say four",
    ]
    assert trace.exact


def test_a_trace_says_when_old_messages_were_not_considered(product, play):
    turn = play(ask(product, "!say x", key="k"))
    with product.archive.main.writing() as session:
        row, last = messages.get(session, product.person().id, turn.reply)
        for n in range(64):
            role = "assistant" if n % 2 else "user"
            last = messages.add_message(
                session, row.id, parent_id=last.id, role=role, content=str(n)
            )
    longest = play(ask(product, "!say y", turn.conversation, "k2"))

    assert product.traces.of(product.person(), turn.reply).notes == []
    trace = product.traces.of(product.person(), longest.reply)
    assert trace.exact
    assert "last 64" in trace.notes[0]


def test_a_temporary_conversation_is_never_in_the_database(product, play):
    async def scene():
        turn = await ask(product, "!say secret", key="k1", temporary=True)
        return await ask(product, "!say more", turn.conversation, "k2")

    turn = play(scene())
    person = product.person()

    assert product.conversations.open(person, turn.conversation).temporary
    assert len(texts(product, turn.conversation)) == 4
    assert product.conversations.recent(person) == []
    assert product.conversations.search(person, "secret") == []
    assert product.traces.of(person, turn.reply).exact


def test_running_turns_of_a_conversation(product, play):
    async def scene():
        person = product.person()
        turn = await product.chat.start_turn(person, None, "!hang", "k1")
        running = product.chat.running(person, turn.conversation)
        listed = await asyncio.to_thread(product.conversations.recent, person)
        await product.chat.stop(person, turn.reply)
        return turn, running, listed

    turn, running, listed = play(scene())

    assert running == [turn]
    assert listed[0].running
    assert product.chat.running(product.person(), turn.conversation) == []


def test_closing_refuses_new_turns_and_interrupts_late_ones(product, play):
    async def scene():
        person = product.person()
        turn = await product.chat.start_turn(person, None, "!tokens 9 !hang-after 3 x", "k1")
        while len(turn.text) < 3:
            await asyncio.sleep(0.01)
        await product.chat.close(grace=0.05)
        return turn

    turn = play(scene())

    assert texts(product, turn.conversation)[1][2] == "interrupted"
    assert texts(product, turn.conversation)[1][1] == turn.text


def test_recovery_marks_what_a_crash_left(product, play):
    turn = play(ask(product, "!say x"))
    with product.archive.main.writing() as session:
        row, question = messages.get(session, product.person().id, turn.question)
        messages.add_reply(session, row.id, parent_id=question.id, key="crashed")

    assert product.recover() == 1
    last = product.conversations.open(product.person(), turn.conversation).messages[-1]
    assert (last.status, "Answer again" in last.note) == ("interrupted", True)
