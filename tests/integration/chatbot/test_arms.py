"""Versions in production are measured from what was stored, for authors alone."""

import pytest

from chatbot.arms import Arms
from chatbot.errors import NotAllowed, NotFound
from chatbot.tally import Rate
from store import accounts
from tests.integration.store.test_arms import NEW, OLD, Talks
from tests.support import authors


@pytest.fixture
def room(database, sandbox):
    return authors.workroom(database, sandbox, library=False)


@pytest.fixture
def talks(database, room):
    return Talks(database)


def test_versions_are_measured(room, talks):
    for n in range(3):
        talks.answer(
            OLD,
            rating=1,
            first_token_s=0.1 * (n + 1),
            total_s=float(n),
            prompt_tokens=100 + n,
            reply_tokens=10 * n,
        )
    talks.answer(OLD, rating=-1, text="one two three four", better="one two three five")
    talks.answer(OLD, text="I'm sorry, I cannot answer that.")
    talks.answer(OLD, status="failed")
    talk = talks.answer(NEW)
    talks.answer(NEW, talk=talk, total_s=2.0)
    new, old = Arms(room.archive).measured(room.person(), "support")
    assert (old.version, old.seq, old.conversations, old.answers) == (OLD, 1, 6, 6)
    assert (old.thumbs, old.failed, old.refused) == (Rate(3, 4), Rate(1, 6), Rate(1, 5))
    assert old.first_token_s == pytest.approx(0.2)
    assert (old.total_s, old.prompt_tokens, old.reply_tokens) == (1.0, 101, 10)
    assert (old.edited, old.wordings) == (pytest.approx(0.25), 1)
    assert (new.conversations, new.answers, new.thumbs) == (1, 2, Rate(0, 0))
    assert (new.total_s, new.first_token_s, new.edited) == (2.0, None, None)
    low, high = old.thumbs.interval
    assert 0 < low < 0.75 < high < 1


def test_only_authors_measure(room, talks, database):
    with database.transaction() as session:
        accounts.set_roles(session, talks.owner.id, ["chatter", "reviewer"])
    with pytest.raises(NotAllowed):
        Arms(room.archive).measured(talks.owner, "support")
    with pytest.raises(NotFound):
        Arms(room.archive).measured(room.person(), "nobody")
    assert Arms(room.archive).measured(room.person(), "support", days=1) == []
