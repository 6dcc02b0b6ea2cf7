"""The path of a turn: saved once, streamed, finished with a true status, read back in order."""

import threading

import pytest
from sqlalchemy import text

from store import conversations, messages, search
from store.engine import Database
from store.errors import Conflict, NotFound, StoreError, UnstorableText
from tests.support.stored import person, started, turn


@pytest.fixture
def owner(database):
    return person(database)


@pytest.fixture
def talk(database, owner):
    return started(database, owner)


def add(database, talk, key, content="hello", parent_id=None):
    with database.transaction() as session:
        return messages.add_turn(session, talk.id, parent_id=parent_id, text=content, key=key)


def write(database, function, *arguments, **named):
    with database.transaction() as session:
        return function(session, *arguments, **named)


def read(database, function, *arguments, **named):
    with database.reading() as session:
        return function(session, *arguments, **named)


def head(database, owner, talk):
    return read(database, conversations.get, owner.id, talk.public_id).head_id


def test_turn_is_a_question_and_a_streaming_reply(database, owner, talk):
    question, reply = add(database, talk, "k", "hello")
    assert (question.role, question.status, question.content) == ("user", "complete", "hello")
    assert (reply.role, reply.status, reply.content) == ("assistant", "streaming", "")
    assert (reply.parent_id, reply.sequence) == (question.id, question.sequence + 1)
    assert question.finished_at is not None
    assert reply.finished_at is None
    assert head(database, owner, talk) == reply.id


def test_returned_messages_are_the_stored_ones(database, talk):
    made = add(database, talk, "k")
    assert tuple(read(database, messages.by_ids, talk.id, [m.id for m in made])) == made


def test_same_key_is_the_same_turn(database, talk):
    made = add(database, talk, "k")
    assert add(database, talk, "k", "other text") == made
    assert read(database, messages.find_turn, talk.id, "k") == made
    assert read(database, messages.find_turn, talk.id, "other") is None


def test_keys_are_each_conversations_own(database, owner, talk):
    other = started(database, owner)
    assert add(database, talk, "k")[0].id != add(database, other, "k")[0].id


@pytest.mark.parametrize("count", [2, 6])
def test_racing_threads_make_one_turn(database, talk, count):
    barrier, made, failed = threading.Barrier(count), [], []

    def send():
        barrier.wait()
        try:
            made.append(add(database, talk, "k"))
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(made)) == 1
    assert len(read(database, messages.path, made[0][1].id, limit=9)) == 2


def test_racing_threads_start_one_conversation(database, owner):
    barrier, made = threading.Barrier(4), []

    def start():
        barrier.wait()
        made.append(started(database, owner, key="k").public_id)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_parallel_turns_get_distinct_numbers(database, talk):
    def send(number):
        for each in range(5):
            add(database, talk, f"{number} {each}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        numbers = session.scalars(text("SELECT sequence FROM messages ORDER BY sequence")).all()
    assert numbers == list(range(1, 41))


def test_parent_must_be_in_the_conversation(database, owner, talk):
    foreign, _ = turn(database, started(database, owner))
    for parent_id in (foreign.id, 10**9):
        with pytest.raises(Conflict, match="not in this conversation"):
            add(database, talk, "k", parent_id=parent_id)
    assert read(database, messages.find_turn, talk.id, "k") is None


def test_turn_in_a_missing_conversation_is_refused(database, owner, talk):
    write(database, conversations.delete_now, owner.id, talk.public_id)
    with pytest.raises(NotFound):
        add(database, talk, "k")


def test_turn_with_unstorable_text_saves_nothing(database, owner, talk):
    with pytest.raises(UnstorableText):
        add(database, talk, "k", "nul \x00")
    assert head(database, owner, talk) is None


def test_key_of_a_deleted_reply_is_refused(database, owner, talk):
    _, reply = add(database, talk, "k")
    write(database, messages.delete_version, owner.id, reply.public_id)
    with pytest.raises(Conflict):
        add(database, talk, "k")


def test_partial_text_is_kept_but_not_found(database, owner, talk):
    _, reply = add(database, talk, "k")
    for content in ("xylo", "xylophone", "xylophone music"):
        write(database, messages.save_partials, {reply.id: content})
    assert read(database, messages.path, reply.id, limit=1)[0].content == "xylophone music"
    assert read(database, search.find, owner.id, "xylophone") == []


@pytest.mark.parametrize("status", ["complete", "stopped", "failed", "interrupted", "truncated"])
def test_finishing_gives_text_and_status(database, owner, talk, status):
    _, reply = add(database, talk, "k")
    write(database, messages.save_partials, {reply.id: "xylo"})
    write(
        database, messages.finish, reply.id, content="xylophone", status=status, error="a sentence"
    )
    kept = read(database, messages.path, reply.id, limit=1)[0]
    assert (kept.content, kept.status, kept.error) == ("xylophone", status, "a sentence")
    assert kept.finished_at is not None
    assert len(read(database, search.find, owner.id, "xylophone")) == 1


def test_finishing_again_replaces_the_text(database, owner, talk):
    _, reply = add(database, talk, "k")
    write(database, messages.finish, reply.id, content="apples", status="failed")
    write(database, messages.finish, reply.id, content="pears", status="complete")
    assert read(database, search.find, owner.id, "apples") == []
    assert len(read(database, search.find, owner.id, "pears")) == 1
    write(database, messages.finish, reply.id, content="", status="stopped")
    assert read(database, search.find, owner.id, "pears") == []


def test_unknown_status_is_refused(database, talk):
    _, reply = add(database, talk, "k")
    with pytest.raises(Conflict):
        write(database, messages.finish, reply.id, content="x", status="splendid")
    assert read(database, messages.path, reply.id, limit=1)[0].status == "streaming"


def test_only_streaming_replies_take_parts(database, talk):
    _, reply = add(database, talk, "k")
    write(database, messages.finish, reply.id, content="done", status="complete")
    _, other = add(database, talk, "l", parent_id=reply.id)
    late = {reply.id: "late", other.id: "early", 10**9: "lost"}
    assert write(database, messages.save_partials, late) == {reply.id, 10**9}
    texts = [one.content for one in read(database, messages.by_ids, talk.id, [reply.id, other.id])]
    assert sorted(texts) == ["done", "early"]
    with pytest.raises(NotFound):
        write(database, messages.finish, 10**9, content="", status="complete")


def test_crash_leaves_interrupted_replies(database, owner, talk):
    _, whole = turn(database, talk)
    _, reply = add(database, talk, "k", parent_id=whole.id)
    write(database, messages.save_partials, {reply.id: "half a xylophone"})
    [left] = write(database, messages.interrupt_streaming)
    assert (left.user_id, left.conversation) == (owner.id, talk.public_id)
    assert write(database, messages.interrupt_streaming) == []
    kept, untouched = read(database, messages.by_ids, talk.id, [whole.id, reply.id])[::-1]
    assert (kept.status, kept.content) == ("interrupted", "half a xylophone")
    assert untouched == whole
    assert len(read(database, search.find, owner.id, "xylophone")) == 1


def test_path_walks_up_as_far_as_asked(database, talk):
    parent_id, expected = None, []
    for number in range(6):
        question, reply = turn(database, talk, f"q{number}", f"a{number}", parent_id)
        parent_id = reply.id
        expected += [question, reply]
    assert read(database, messages.path, parent_id, limit=100) == expected
    assert read(database, messages.path, parent_id, limit=None) == expected
    assert read(database, messages.path, parent_id, limit=5) == expected[-5:]
    assert read(database, messages.path, expected[2].id, limit=2) == expected[1:3]
    assert read(database, messages.path, 10**9, limit=5) == []


def test_path_plan_uses_keys_only(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.upgrade()
    with database.reading() as session:
        raw = session.connection().connection.driver_connection
        seen = []
        raw.set_trace_callback(seen.append)
        messages.path(session, 1, limit=5)
        raw.set_trace_callback(None)
        plan = session.execute(text("EXPLAIN QUERY PLAN " + seen[-1].replace(":", r"\:"))).all()
    scanned = [row.detail for row in plan if row.detail.startswith("SCAN")]
    assert not [each for each in scanned if "messages" in each]


def test_message_is_read_by_its_owner_only(database, owner, talk):
    question, _ = turn(database, talk)
    conversation, message = read(database, messages.get, owner.id, question.public_id)
    assert (conversation.id, message) == (talk.id, question)
    eve = person(database, "Eve")
    for whose, public_id in [(eve.id, question.public_id), (owner.id, "x"), (owner.id, "")]:
        with pytest.raises(NotFound):
            read(database, messages.get, whose, public_id)


def test_ids_of_other_conversations_are_left_out(database, owner, talk):
    own, _ = turn(database, talk)
    foreign, _ = turn(database, started(database, owner))
    assert read(database, messages.by_ids, talk.id, [foreign.id, own.id, 10**9]) == [own]


def test_complete_message_with_a_key_is_made_once(database, owner, talk):
    values = {"parent_id": None, "role": "user", "content": "edited xylophone", "key": "k"}
    first = write(database, messages.add_message, talk.id, **values)
    assert write(database, messages.add_message, talk.id, **values) == first
    assert first.status == "complete"
    assert head(database, owner, talk) == first.id
    assert len(read(database, search.find, owner.id, "xylophone")) == 1


def test_unknown_role_is_refused(database, talk):
    with pytest.raises(Conflict):
        write(database, messages.add_message, talk.id, parent_id=None, role="root", content="x")


def test_two_megabytes_come_back(database, talk):
    content = "ab cd é 東 " * 200_000
    _, reply = add(database, talk, "k", content)
    question = read(database, messages.path, reply.id, limit=2)[0]
    assert question.content == content
