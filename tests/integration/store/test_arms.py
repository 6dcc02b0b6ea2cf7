"""Answers are counted by version, thumbs too; the newest ones are read for their figures."""

from datetime import UTC, datetime, timedelta

import pytest

from store import accounts, arms, messages, traces
from store.records import Trace
from tests.support.stored import person, saved_version, started, turn

OLD, NEW = "a" * 64, "b" * 64
EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Talks:
    """Answers of two versions, and what people thought of them."""

    def __init__(self, database):
        self.database = database
        self.owner = person(database)
        with database.transaction() as session:
            for sha in (OLD, NEW):
                saved_version(session, sha)

    def answer(self, version, *, talk=None, rating=None, status="complete", prompt="support", **of):
        """One answer; figures of its trace in `of`."""
        talk = talk or started(self.database, self.owner, version=version)
        _, reply = turn(self.database, talk, answer=of.pop("text", "An answer."))
        better = of.pop("better", None)
        with self.database.transaction() as session:
            if status != "complete":
                messages.finish(session, reply.id, content="", status=status)
            values = {"model": "m", "parameters": {}, "inputs": {}, "rendered_hash": ""} | of
            traces.add_trace(
                session,
                Trace(
                    message_id=reply.id,
                    attempt=1,
                    prompt=prompt,
                    version=version,
                    release_id=None,
                    **values,
                ),
            )
            if rating is not None:
                traces.set_feedback(session, reply.id, self.owner.id, rating, better=better)
        return talk

    def ask(self, question, *arguments):
        with self.database.reading() as session:
            return question(session, *arguments)


@pytest.fixture
def talks(database):
    return Talks(database)


def test_answers_are_counted_by_version(talks):
    talk = talks.answer(OLD, rating=1)
    talks.answer(OLD, talk=talk, rating=-1)
    talks.answer(OLD, status="failed")
    talks.answer(NEW, rating=1)
    talks.answer(NEW, prompt="other")
    found = talks.ask(arms.counts, "support", EVER)
    assert found == {
        OLD: arms.Counts(OLD, 2, 3, 1, 1, 1),
        NEW: arms.Counts(NEW, 1, 1, 0, 1, 0),
    }
    assert talks.ask(arms.counts, "nobody", EVER) == {}
    assert talks.ask(arms.counts, "support", datetime.now(UTC) + timedelta(days=1)) == {}


def test_use_of_a_prompt_counts_turns_and_thumbs(talks):
    talks.answer(OLD, rating=1)
    talks.answer(NEW, rating=-1)
    talks.answer(NEW)
    assert talks.ask(arms.usage, EVER) == {"support": arms.Usage(3, 1, 1)}
    assert talks.ask(arms.usage, datetime.now(UTC) + timedelta(days=1)) == {}


def test_newest_answers_are_read_with_their_better_wording(talks):
    for n in range(4):
        talks.answer(OLD, first_token_s=n / 10, total_s=float(n), reply_tokens=n, text=f"Text {n}")
    talks.answer(OLD, rating=-1, better="Better.", text="Worse.")
    talks.answer(OLD, status="failed")
    talks.answer(NEW)
    found = talks.ask(arms.samples, "support", OLD, EVER, 3)
    assert [(one.text, one.better) for one in found] == [
        ("Worse.", "Better."),
        ("Text 3", None),
        ("Text 2", None),
    ]
    assert (found[1].first_token_s, found[1].total_s, found[1].reply_tokens) == (0.3, 3.0, 3)


def test_forgotten_people_leave_no_thumb(talks):
    talks.answer(OLD, rating=1)
    with talks.database.transaction() as session:
        accounts.set_active(session, talks.owner.id, active=False)
        session.execute(
            accounts.delete(accounts.models.User).where(accounts.models.User.id == talks.owner.id)
        )
    assert talks.ask(arms.counts, "support", EVER) == {}
