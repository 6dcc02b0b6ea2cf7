"""How quickly models answered lately, and how many turns could be learned from."""

import pytest

from store import messages, reviewed, speeds
from store.models import ReviewItem, Verdict
from store.records import Trace
from tests.support.stored import person, started, turn


@pytest.fixture
def answers(database):
    """Three answers of one conversation."""
    talk = started(database, person(database))
    return [turn(database, talk, text=f"question {at}")[1] for at in range(3)]


def trace(answer, first, error=None):
    return Trace(
        answer.id,
        1,
        "support",
        None,
        None,
        "tuned@1",
        {},
        {},
        "a" * 64,
        reply_tokens=11,
        first_token_s=first,
        total_s=first + 2,
        error=error,
    )


def test_answers_that_failed_tell_no_speed(database, answers):
    with database.transaction() as session:
        for answer, first, error in zip(answers, (0.2, 0.4, 9.0), (None, None, "x"), strict=True):
            messages.add_trace(session, trace(answer, first, error))
    with database.reading() as session:
        found = speeds.newest(session, 10)
        assert len(speeds.newest(session, 1)) <= 1
    assert sorted(one.first_token_s for one in found) == [0.2, 0.4]
    assert {(one.model, one.reply_tokens) for one in found} == {("tuned@1", 11)}


def test_only_verdicts_that_can_be_learned_from_are_counted(database, answers):
    with database.reading() as session:
        assert reviewed.turns(session, 10) == 0
    judged = [(1, None, True), (-1, "Better so.", True), (-1, None, True)]
    with database.transaction() as session:
        for answer, (rating, better, use) in zip(answers, judged, strict=True):
            item = ReviewItem(
                kind="answer",
                message_id=answer.id,
                created_at=answer.created_at,
                reasons=[],
                tags=[],
            )
            session.add(item)
            session.flush()
            verdict = {"rating": rating, "text": better, "use": use, "tags": []}
            session.add(Verdict(item_id=item.id, **verdict))
    with database.reading() as session:
        assert reviewed.turns(session, 10) == 2
        assert reviewed.turns(session, 1) == 1
