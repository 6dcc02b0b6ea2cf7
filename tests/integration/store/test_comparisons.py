"""Comparisons keep questions for who asked them, and votes for everybody, on both databases."""

import pytest

from store import comparisons
from store.errors import Conflict, NotFound
from tests.support.stored import person

LEFT = {"model": "starter@1", "prompt": "support", "version": "a" * 64, "number": 1}
RIGHT = LEFT | {"model": "tuned@3"}


@pytest.fixture
def made(database):
    maker = person(database, "Ada")
    with database.transaction() as session:
        return comparisons.make(
            session, title="starter or tuned", left=LEFT, right=RIGHT, blind=True, actor="Ada",
            user_id=maker.id,
        )  # fmt: skip


def asked(database, made, who, question="Why?", swapped=False):
    with database.transaction() as session:
        return comparisons.ask(session, made.id, who.id, question=question, swapped=swapped)


def voted(database, made, who, choice):
    row = asked(database, made, who)
    with database.transaction() as session:
        comparisons.vote(session, row.id, choice)
    return row


def test_a_comparison_is_told_as_it_was_made(database, made):
    with database.reading() as session:
        assert comparisons.get(session, made.public_id) == made
        assert comparisons.newest(session, limit=5) == [made]
        with pytest.raises(NotFound):
            comparisons.get(session, "nothing")
    assert (made.left, made.right, made.blind) == (LEFT, RIGHT, True)


def test_both_answers_are_kept_with_their_times(database, made):
    ada = person(database)
    row = asked(database, made, ada, question="Is ⟨order 1⟩ late? 🪔", swapped=True)
    assert (row.left_s, row.right_s, row.vote, row.swapped) == (None, None, None, True)
    with database.transaction() as session:
        comparisons.answered(session, row.id, "right", "Yes.", 0.5)
        comparisons.answered(session, row.id, "left", "No.", 0.25)
    with database.reading() as session:
        of, found = comparisons.asked(session, row.public_id, ada.id)
    assert of == made
    assert (found.left_text, found.left_s, found.right_text, found.right_s) == (
        "No.", 0.25, "Yes.", 0.5,
    )  # fmt: skip
    assert found.question == "Is ⟨order 1⟩ late? 🪔"


def test_a_question_is_only_its_persons(database, made):
    ada, bob = person(database), person(database, "Bob")
    row = voted(database, made, ada, "left")
    with database.reading() as session:
        with pytest.raises(NotFound):
            comparisons.asked(session, row.public_id, bob.id)
        assert comparisons.of_person(session, made.id, bob.id, limit=5) == []
        [own] = comparisons.of_person(session, made.id, ada.id, limit=5)
    assert own.public_id == row.public_id


def test_votes_are_counted_once_each(database, made):
    ada, bob = person(database), person(database, "Bob")
    row = voted(database, made, ada, "left")
    for choice in ("left", "right", "tie", "both bad"):
        voted(database, made, bob, choice)
    asked(database, made, ada)  # without a vote
    with pytest.raises(Conflict), database.transaction() as session:
        comparisons.vote(session, row.id, "right")
    with database.reading() as session:
        counted = comparisons.counts(session, [made.id])
        assert comparisons.counts(session, []) == {}
    assert counted == {made.id: {"left": 2, "right": 1, "tie": 1, "both bad": 1}}


def test_a_comparison_leaves_with_its_questions(database, made):
    ada = person(database)
    row = voted(database, made, ada, "tie")
    with database.transaction() as session:
        comparisons.remove(session, made.id)
        comparisons.remove(session, made.id)
    with database.reading() as session, pytest.raises(NotFound):
        comparisons.asked(session, row.public_id, ada.id)
