"""Items of review on both databases: noted, filtered by bits, found, judged, removed."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from store import (
    backup,
    block_words,
    conversations,
    forgetting,
    messages,
    models,
    review,
    review_bits,
    review_facets,
    review_queue,
    review_subjects,
    review_verdicts,
    ticket_replies,
    ticket_texts,
    tickets,
)
from store.block_words import BLOCK
from store.columns import now
from store.engine import Database
from store.errors import NotFound
from store.records import Trace
from store.review_records import Filters
from tests.support.stored import person, saved_version, started, turn

BOTH = ("open", "done")


@pytest.fixture
def ada(database):
    return person(database)


def rated(database, owner, text="Where is my lamp?", answer="On its way.", rating=-1, **changes):
    """A rated answer; its item."""
    talk = started(database, owner)
    _, reply = turn(database, talk, text, answer)
    with database.transaction() as session:
        messages.set_feedback(session, reply.id, owner.id, rating, ["Tone"])
        review.note_rating(session, reply.id, rating, ["Tone"])
        item = review.of_message(session, reply.public_id)
        if changes:
            review.change(session, [item.id], lambda _: changes)
        return review.get(session, item.public_id)


def listed(database, states=BOTH, limit=50, below=None, **filters):
    with database.reading() as session:
        page = review_queue.page(session, Filters(**filters), states, limit=limit, below=below)
    return [each.id for each in page.items]


def counted(database, states=BOTH, **filters):
    with database.reading() as session:
        return review_queue.count(session, Filters(**filters), states)


def bits(database):
    with database.reading() as session:
        rows = session.execute(select(models.ReviewBits.facet, models.ReviewBits.bits))
        return {facet: bits for facet, bits in rows}  # noqa: C416


def test_a_rating_brings_an_answer_here_with_what_made_it(database, ada):
    talk = started(database, ada)
    _, reply = turn(database, talk)
    with database.transaction() as session:
        version = saved_version(session, "a" * 64)
        trace = Trace(reply.id, 1, "support", version.sha, None, "starter@1", {}, {}, "h")
        messages.add_trace(session, trace)
        review.note_rating(session, reply.id, 1)
        review.note_rating(session, reply.id, 1, ["Tone"])
        [item] = review_queue.page(session, Filters(), ("open",)).items
    assert (item.kind, item.state, item.rating, item.reasons) == ("answer", "open", 1, ["Tone"])
    assert (item.model, item.prompt, item.version, item.number) == (
        "starter@1", "support", "a" * 64, version.seq,
    )  # fmt: skip
    assert listed(database, model="starter@1", prompt="support", number=version.seq) == [item.id]


def test_a_rating_that_is_taken_back_leaves_unless_somebody_judged(database, ada):
    first, second = rated(database, ada), rated(database, ada)
    with database.transaction() as session:
        review_verdicts.put(
            session, second.id, ada.id, rating=1, text=None, tags=[], note="", use=True
        )
        for item in (first, second):
            review.note_rating(session, item.message_id, None)
    assert listed(database) == [second.id]
    assert counted(database, ["done"], rating=0) == 1
    assert counted(database, ["open"]) == 0


def test_another_rating_opens_an_item_again(database, ada):
    item = rated(database, ada, state="done")
    with database.transaction() as session:
        review.note_rating(session, item.message_id, -1)
    assert listed(database, ["open"]) == []
    with database.transaction() as session:
        review.note_rating(session, item.message_id, 1)
    assert listed(database, ["open"], rating=1) == [item.id]


def test_a_flag_comes_and_goes(database, ada):
    talk = started(database, ada)
    _, reply = turn(database, talk)
    with database.transaction() as session:
        public_id = review.note_flag(session, reply.id, ada.id, "Look")
        item = review.get(session, public_id)
        assert (item.flagged, item.flag_note, item.flagged_by) == (True, "Look", ada.id)
    assert (counted(database, flagged=True), counted(database, flagged=False)) == (1, 0)
    with database.transaction() as session:
        review.unflag(session, item.id)
        with pytest.raises(NotFound):
            review.get(session, public_id)
    assert bits(database) == {}


def test_a_reply_is_here_when_its_draft_was_changed(database, ada):
    with database.transaction() as session:
        ticket = tickets.add(
            session, source="t", external_id=None, channel="e-mail", subject="Lamp",
            customer="Ana", address="ana@example.test", at=now(),
        )  # fmt: skip
        draft = ticket_texts.add_draft(
            session, ticket.id, None, answers=None, sources=[], missing=[], unsupported=[],
            notes=[], language="en", model="m@1", prompt="reply", version="b" * 64, number=2,
            release_id=None, tone="", instruction="", text="Dear Ana",
        )  # fmt: skip
        for distance in (0.0, 0.62):
            reply = ticket_replies.add(
                session, ticket.id, ada.id, text="Hello Ana", how="reply", due_at=now(), seconds=1,
                draft_id=draft.id, distance=distance, facts=[], confirmed=[],
            )  # fmt: skip
            review.note_reply(session, reply.id)
        [item] = review_queue.page(session, Filters(), ("open",)).items
        about = review_subjects.subject(session, item, limit=5)
    assert (item.kind, item.model, item.number, item.distance) == ("reply", "m@1", 2, 0.62)
    assert (about.answer, about.sent, about.people) == ("Dear Ana", "Hello Ana", ("Ana", "Ada"))
    assert counted(database, least_distance=0.6) == counted(database, kind="reply") == 1
    assert counted(database, least_distance=0.7) == counted(database, kind="answer") == 0


def bare_answer(session, talk, sequence):
    message = models.Message(
        conversation_id=talk.id, sequence=sequence, used=0, role="assistant", status="complete",
        content="",
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message


def random_item(dice):
    return {
        "state": dice.choice(BOTH),
        "rating": dice.choice((-1, 0, 1)),
        "flagged": dice.random() < 0.3,
        "second": dice.random() < 0.3,
        "split": dice.random() < 0.3,
        "kind": "answer",
        "distance": dice.choice((None, 0.1, 0.55, 1.0)),
        "model": dice.choice(("a@1", "b@1")),
        "prompt": dice.choice(("p", "q", "")),
        "number": dice.choice((None, 1, 2)),
        "mood": dice.choice(("angry", "")),
        "topic": dice.choice(("x", "y")),
        "verdict": dice.choice((None, -1, 0, 1)),
        "tags": dice.sample(("tone", "invented"), dice.randint(0, 2)),
    }


def fits(row, filters):
    """What a filter means, said anew."""
    for name in ("rating", "number", "verdict", "flagged", "second"):
        if getattr(filters, name) is not None and getattr(row, name) != getattr(filters, name):
            return False
    for name in ("model", "prompt", "mood", "topic"):
        if getattr(filters, name) and getattr(row, name) != getattr(filters, name):
            return False
    far = filters.least_distance
    return (not filters.tag or filters.tag in row.tags) and (
        far is None or (row.distance is not None and row.distance >= far)
    )


def asked(dice):
    some = random_item(dice) | {"least_distance": 0.5, "tag": "tone"}
    names = ("rating", "flagged", "second", "model", "prompt", "number", "mood", "topic",
             "verdict", "least_distance", "tag")  # fmt: skip
    return Filters(**{name: some[name] for name in dice.sample(names, dice.randint(1, 3))})


def test_any_filters_together_find_what_they_mean(database, ada):
    """Against a plain reading of all rows, with ids on both sides of a block's end."""
    dice = random.Random(4)
    talk = started(database, ada)
    rows = {}
    with database.transaction() as session:
        for n in range(60):
            message = bare_answer(session, talk, n + 1)
            given = random_item(dice)
            item_id = BLOCK - 30 + n
            session.add(
                models.ReviewItem(
                    id=item_id,
                    message_id=message.id,
                    conversation_id=talk.id,
                    reasons=[],
                    created_at=now(),
                    **given,
                )
            )
            rows[item_id] = SimpleNamespace(**given)
        session.flush()
        review_bits.rebuild(session)
    for _ in range(60):
        filters, state = asked(dice), dice.choice((("open",), ("done",), BOTH))
        wanted = [n for n, row in rows.items() if row.state in state and fits(row, filters)]
        with database.reading() as session:
            page = review_queue.page(session, filters, state)
            assert [each.id for each in page.items] == sorted(wanted, reverse=True)[:50], filters
            assert review_queue.count(session, filters, state) == len(wanted)


def test_pages_follow_each_other(database, ada):
    ids = [rated(database, ada).id for _ in range(5)]
    with database.reading() as session:
        first = review_queue.page(session, Filters(), ("open",), limit=2)
        second = review_queue.page(session, Filters(), ("open",), limit=2, below=first.last)
        last = review_queue.page(session, Filters(), ("open",), limit=2, below=second.last)
    pages = [[each.id for each in page.items] for page in (first, second, last)]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert last.last is None


def test_times_bound_the_page(database, ada):
    items = [rated(database, ada) for _ in range(3)]
    moment = now()
    with database.transaction() as session:
        for age, item in enumerate(reversed(items)):
            at = {"created_at": moment - timedelta(days=age)}
            session.execute(update(models.ReviewItem).filter_by(id=item.id).values(at))
    yesterday = {"since": moment - timedelta(days=1.5), "until": moment - timedelta(hours=1)}
    assert listed(database, **yesterday) == [items[1].id]
    assert counted(database, since=moment + timedelta(days=1)) == 0
    assert counted(database, until=moment - timedelta(days=9)) == 0


def found(database, typed, **filters):
    with database.reading() as session:
        page = review_queue.find(session, typed, Filters(**filters), BOTH)
    return [each.id for each in page.items]


def test_words_are_found_with_filters(database, ada):
    items = [rated(database, ada, rating=rating) for rating in (1, -1, 1)]
    with database.transaction() as session:
        for item, words in zip(items, ("red lamp", "blue lamp", "green chair"), strict=True):
            review.put_read(session, item, words)
    assert found(database, "lamp") == [items[1].id, items[0].id]
    assert found(database, "lam", rating=1) == [items[0].id]
    assert found(database, "lamp green") == found(database, "?!") == []
    with database.transaction() as session:
        review.put_read(session, items[0], "yellow")
    assert found(database, "lamp", rating=1) == []


@pytest.mark.parametrize("common", [True, False])
def test_words_are_looked_for_in_parts(database, ada, monkeypatch, common):
    """With blocks of 8 items, and 10 that are looked at for a page."""
    for module in (block_words, review_bits, review_queue):
        monkeypatch.setattr(module, "BLOCK", 8)
    monkeypatch.setattr(review_bits, "BYTES", 1)
    monkeypatch.setattr(review_queue, "MOST_FOUND", 10)
    monkeypatch.setattr(review_queue, "RARE", 5 if common else 400)
    talk, items = started(database, ada), []
    with database.transaction() as session:
        for number in range(30):
            message = bare_answer(session, talk, number + 1)
            review.note_rating(session, message.id, 1 if number in (0, 9) else -1)
            items.append(review.of_message(session, message.public_id))
            review.put_read(session, items[-1], "lamp")
    found, last, pages = [], None, 0
    while pages == 0 or last is not None:
        with database.reading() as session:
            page = review_queue.find(session, "lamp", Filters(rating=1), BOTH, below=last)
        found, last, pages = found + [each.id for each in page.items], page.last, pages + 1
    assert found == [items[9].id, items[0].id]
    with database.reading() as session:
        every = review_queue.page(session, Filters(), BOTH, limit=30)
        assert [each.id for each in every.items] == [each.id for each in reversed(items)]


def test_verdicts_are_summed_up_in_the_item(database, ada):
    bob, item = person(database, "Bob"), rated(database, ada)

    def judge(who, rating, *tags):
        with database.transaction() as session:
            review_verdicts.put(
                session, item.id, who.id, rating=rating, text=None, tags=tags, note="", use=True
            )
            now_ = review.get(session, item.public_id)
        return now_.state, now_.verdict, now_.tags, now_.opinions, now_.split

    assert judge(ada, -1, "tone") == ("done", -1, ["tone"], 1, False)
    assert judge(bob, 1, "invented") == ("done", 1, ["tone", "invented"], 2, True)
    assert judge(ada, 1) == ("done", 1, ["invented"], 2, False)
    assert counted(database, tag="tone") == 0
    assert counted(database, ["done"], tag="invented", verdict=1) == 1


def test_a_second_opinion_keeps_an_item_open(database, ada):
    bob, item = person(database, "Bob"), rated(database, ada)
    with database.transaction() as session:
        review_verdicts.ask_second(session, [item.id], on=True)
        review_verdicts.rate(session, [item.id], ada.id, -1)
    assert listed(database, ["open"], second=True) == [item.id]
    with database.transaction() as session:
        review_verdicts.rate(session, [item.id], bob.id, 1)
        assert review_verdicts.pairs_since(session, now() - timedelta(days=1)) == [(-1, 1)]
        assert review_verdicts.count_since(session, now() - timedelta(days=1)) == 1
    assert listed(database, ["done"]) == [item.id]


def test_an_item_leaves_with_its_conversation(database, ada):
    items = [rated(database, ada) for _ in range(2)]
    with database.transaction() as session:
        review.put_read(session, items[0], "lamp")
        talk = session.get(models.Conversation, items[0].conversation_id)
        conversations.mark_deleted(session, ada.id, talk.public_id)
    assert listed(database) == [items[1].id]
    with database.transaction() as session:
        with pytest.raises(NotFound):
            review.get(session, items[0].public_id)
        conversations.purge_deleted(session, now())
    assert (listed(database), counted(database)) == ([items[1].id], 1)
    assert found(database, "lamp") == []
    before = bits(database)
    with database.transaction() as session:
        assert (review_bits.tidy(session), review_bits.tidy(session)) == (1, 0)
    assert bits(database) != before
    assert (listed(database), counted(database)) == ([items[1].id], 1)


def test_a_forgotten_person_leaves_nothing_here(database, ada):
    bob = person(database, "Bob")
    item = rated(database, bob)
    with database.transaction() as session:
        review_verdicts.rate(session, [item.id], ada.id, 1)
        review_verdicts.add_comment(session, item.id, ada.id, "Hm")
        assert forgetting.counts(session, bob.id)["review_items"] == 1
        forgetting.erase_conversations(session, bob.id)
        forgetting.erase_person(session, bob.id, keep=False)
        review_bits.tidy(session)
    tables = (models.ReviewItem, models.Verdict, models.ReviewComment, models.ReviewBits,
              models.ReviewWords, models.ReviewGone)  # fmt: skip
    with database.reading() as session:
        left = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert left == [0] * len(tables)


def test_a_forgotten_reviewer_leaves_the_verdicts(database, ada):
    bob, item = person(database, "Bob"), rated(database, ada)
    with database.transaction() as session:
        review_verdicts.rate(session, [item.id], bob.id, 1)
        review_verdicts.add_comment(session, item.id, bob.id, "Hm")
        forgetting.erase_person(session, bob.id, keep=False)
        [verdict] = review_verdicts.of_items(session, [item.id])[item.id]
        [comment] = review_verdicts.comments(session, item.id)
    assert (verdict.reviewer_id, verdict.reviewer) == (None, None)
    assert (comment.author, comment.text) == (None, "Hm")


def test_a_restored_backup_is_filtered_as_before(database, ada, tmp_path):
    item = rated(database, ada, tags=["tone"], topic="x")
    with database.transaction() as session:
        review.put_read(session, item, "lamp")
    before = bits(database)
    backup.backup(database, tmp_path / "copy")
    backup.restore(f"sqlite:///{tmp_path / 'restored.db'}", tmp_path / "copy")
    restored = Database(f"sqlite:///{tmp_path / 'restored.db'}")
    assert bits(restored) == before
    assert listed(restored, tag="tone") == found(restored, "lamp") == [item.id]
    restored.close()


def test_what_occurs_is_told(database, ada):
    rated(database, ada, model="b@1", tags=["tone", "ä: ö"])
    rated(database, ada, model="a@1")
    with database.reading() as session:
        told = review_bits.occurring(session)
    assert (told["model"], told["tag"]) == (["a@1", "b@1"], ["tone", "ä: ö"])
    assert review_facets.asked(Filters(tag="x"), ("open",)).names() == ["state:open", "tag:x"]


def test_many_rate_at_once_and_all_of_it_counts(database, ada):
    """Everybody's item is in one block, so each waits for the others' commits, in no circle."""
    talk = started(database, ada)
    replies = []
    for _ in range(6):
        parent = replies[-1].id if replies else None
        replies.append(turn(database, talk, parent_id=parent)[1])

    def rate(reply):
        for rating in (1, -1, 1, -1):
            with database.transaction() as session:
                review.note_rating(session, reply.id, rating)
        with database.transaction() as session:
            item = review.of_message(session, reply.public_id)
            review_verdicts.rate(session, [item.id], ada.id, 1)

    with ThreadPoolExecutor(len(replies)) as pool:
        list(pool.map(rate, replies))
    assert counted(database, ["done"], rating=-1, verdict=1) == len(replies)
    assert counted(database, ["open"]) == counted(database, rating=1) == 0
