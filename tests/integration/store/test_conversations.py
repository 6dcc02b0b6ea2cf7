"""Conversations: made once, listed in order, seen by their owner only, deleted without a trace."""

from datetime import timedelta

import pytest
from sqlalchemy import inspect, text

from store import conversations, export, index, messages, search
from store.columns import now
from store.errors import Conflict, NotFound, UnstorableText
from store.records import Trace
from tests.support.stored import another_answer, person, started, turn


def ids(found):
    return [each.public_id for each in found]


def listed(database, owner, **options):
    with database.reading() as session:
        return conversations.recent(session, owner.id, **options)


def change(database, function, *arguments):
    with database.transaction() as session:
        return function(session, *arguments)


def test_same_key_makes_one(database):
    owner = person(database)
    first = started(database, owner, key="k")
    assert started(database, owner, title="Other", key="k") == first
    assert started(database, owner) != started(database, owner)
    assert len(listed(database, owner)) == 3


def test_keys_are_each_persons_own(database):
    ada, bob = person(database, "Ada"), person(database, "Bob")
    assert started(database, ada, key="k").id != started(database, bob, key="k").id


def test_key_of_a_deleted_one_is_refused(database):
    owner = person(database)
    talk = started(database, owner, key="k")
    change(database, conversations.mark_deleted, owner.id, talk.public_id)
    with pytest.raises(Conflict, match="deleted"):
        started(database, owner, key="k")


def test_newest_used_comes_first(database):
    owner = person(database)
    first, second, third = (started(database, owner) for _ in range(3))
    turn(database, first)
    assert ids(listed(database, owner)) == ids([first, third, second])


def test_pages_neither_skip_nor_repeat(database):
    owner = person(database)
    made = [started(database, owner).public_id for _ in range(7)]
    seen, before = [], None
    while page := listed(database, owner, limit=3, before=before):
        seen += ids(page)
        before = (page[-1].updated_at, page[-1].id)
    assert seen == made[::-1]


def test_pages_hold_at_one_moment(database):
    owner = person(database)
    made = [started(database, owner) for _ in range(5)]
    with database.transaction() as session:
        session.execute(text("UPDATE conversations SET updated_at = '2026-01-01 00:00:00.000000'"))
    first = listed(database, owner, limit=2)
    rest = listed(database, owner, before=(first[-1].updated_at, first[-1].id))
    assert ids([*first, *rest]) == ids(made[::-1])


def test_pinned_are_listed_apart(database):
    owner = person(database)
    talk, other = started(database, owner), started(database, owner)
    change(database, conversations.set_pinned, owner.id, talk.public_id, True)
    with database.reading() as session:
        assert ids(conversations.pinned(session, owner.id)) == [talk.public_id]
    assert ids(listed(database, owner)) == [other.public_id]


def test_changes_are_returned_and_kept(database):
    owner = person(database)
    talk = started(database, owner)
    key = (owner.id, talk.public_id)
    assert change(database, conversations.rename, *key, "New").title == "New"
    assert change(database, conversations.set_model, *key, "big@2").model == "big@2"
    released = change(database, conversations.set_release, *key, "support", 7, "f" * 64)
    with database.reading() as session:
        kept = conversations.get(session, *key)
    assert kept == released
    assert (kept.title, kept.model, kept.release_id) == ("New", "big@2", 7)


def test_renaming_moves_the_title_in_search(database):
    owner = person(database)
    talk = started(database, owner, title="Apples")
    change(database, conversations.rename, owner.id, talk.public_id, "Pears")
    change(database, conversations.rename, owner.id, talk.public_id, "Plums")
    with database.reading() as session:
        assert search.find(session, owner.id, "apples") == []
        assert search.find(session, owner.id, "pears") == []
        assert len(search.find(session, owner.id, "plums")) == 1


def test_times_are_aware_and_in_utc(database):
    talk = started(database, person(database))
    assert talk.created_at.utcoffset() == timedelta(0)
    assert abs(now() - talk.created_at) < timedelta(minutes=1)


SCOPED = [
    (conversations.get, ()),
    (conversations.rename, ("t",)),
    (conversations.set_pinned, (True,)),
    (conversations.set_model, ("m",)),
    (conversations.set_release, ("p", None, None)),
    (conversations.mark_deleted, ()),
    (conversations.restore, ()),
    (conversations.delete_now, ()),
    (export.conversation, ()),
    (export.markdown, ()),
]


@pytest.mark.parametrize(("function", "more"), SCOPED, ids=[f.__name__ for f, _ in SCOPED])
def test_foreign_deleted_and_unknown_are_alike(database, function, more):
    owner, other = person(database, "Ada"), person(database, "Eve")
    talk, gone = started(database, owner), started(database, owner)
    change(database, conversations.delete_now, owner.id, gone.public_id)
    unknown = "0192f5a0-0000-7000-8000-000000000000"
    said = set()
    for whose, public_id in [
        (other.id, talk.public_id),
        (owner.id, gone.public_id),
        (owner.id, unknown),
        (owner.id, ""),
        (owner.id, "' OR 1=1 --"),
        (999, talk.public_id),
    ]:
        with pytest.raises(NotFound) as caught:
            change(database, function, whose, public_id, *more)
        said.add(str(caught.value))
    assert len(said) == 1
    assert listed(database, owner) == [talk]


def test_marked_deleted_is_hidden_everywhere(database):
    owner = person(database)
    talk = started(database, owner, title="Apples")
    question, _ = turn(database, talk, "pears")
    change(database, conversations.mark_deleted, owner.id, talk.public_id)
    assert listed(database, owner) == []
    with database.reading() as session:
        assert search.find(session, owner.id, "apples") == []
        assert search.find(session, owner.id, "pears") == []
        with pytest.raises(NotFound):
            messages.get(session, owner.id, question.public_id)
    with pytest.raises(NotFound):
        turn(database, talk)


def test_restore_undoes_deleting(database):
    owner = person(database)
    talk = started(database, owner)
    change(database, conversations.mark_deleted, owner.id, talk.public_id)
    assert change(database, conversations.restore, owner.id, talk.public_id) == talk
    assert listed(database, owner) == [talk]


def test_purge_spares_the_recently_deleted(database):
    owner = person(database)
    talk = started(database, owner)
    change(database, conversations.mark_deleted, owner.id, talk.public_id)
    assert change(database, conversations.purge_deleted, now() - timedelta(seconds=10)) == 0
    assert change(database, conversations.restore, owner.id, talk.public_id) == talk
    assert change(database, conversations.purge_deleted, now()) == 0


def rows(database):
    """How many rows each table has. The index itself, which keeps no rows, is searched instead;
    moments of which something was removed stay until their figures are made again."""
    with database.reading() as session:
        names = set(inspect(session.connection()).get_table_names())
        names = {name for name in names if "_index" not in name and name != "stale_moments"}
        return {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in names}


def filled(database, owner):
    """A conversation with something in every table that belongs to one."""
    talk = started(database, owner, title="Apples")
    question, reply = turn(database, talk, "xylophone")
    another_answer(database, talk, question, "zeppelin")
    with database.transaction() as session:
        messages.add_trace(session, Trace(reply.id, 1, "p", None, None, "m", {}, {}, "h"))
        messages.set_feedback(session, reply.id, owner.id, 1)
    return talk


@pytest.mark.parametrize("way", ["purge", "now"])
def test_deleting_leaves_no_row(database, way):
    owner = person(database)
    started(database, owner)
    before = rows(database)
    talk = filled(database, owner)
    assert rows(database) != before
    if way == "now":
        change(database, conversations.delete_now, owner.id, talk.public_id)
    else:
        change(database, conversations.mark_deleted, owner.id, talk.public_id)
        assert change(database, conversations.purge_deleted, now()) == 1
    assert rows(database) == before | {"search_counters": 1}
    with database.reading() as session:
        assert search.find(session, owner.id, "xylophone") == []
        assert index.newest_blocks(session, owner.id) == {"message": 0, "title": 0}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_deleted_words_leave_the_file(database):
    owner = person(database)
    talk = filled(database, owner)
    change(database, conversations.delete_now, owner.id, talk.public_id)
    with database.reading() as session:
        parts = session.scalars(text("SELECT block FROM message_index_data")).all()
    assert not [part for part in parts if b"xylophone" in part or b"zeppelin" in part]


@pytest.mark.parametrize("field", ["title", "prompt", "model", "key"])
def test_unstorable_text_is_refused(database, field):
    owner = person(database)
    for bad in ("a\x00b", "a\ud800b", "\udfff"):
        with pytest.raises(UnstorableText):
            started(database, owner, **{field: bad})
    assert listed(database, owner) == []


def test_overlong_names_are_refused(database):
    with pytest.raises(UnstorableText, match="longer than 200"):
        started(database, person(database), key="k" * 201)


def test_unknown_channel_is_refused(database):
    with pytest.raises(Conflict):
        started(database, person(database), channel="fax")
