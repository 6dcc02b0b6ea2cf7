"""What is held out stays out, in all three ways, and nothing is on both sides."""

import pytest

from chatbot.learning.starter import holdout
from chatbot.learning.starter.reading import corpus


def record(name, passages=(), asks=("one", "two", "three")):
    return {"id": name, "passages": list(passages), "asks": list(asks)}


@pytest.fixture(scope="module")
def records():
    return corpus().records


def test_industry_is_read_from_ids():
    assert holdout.industry("retail2-p01") == "retail2"
    assert holdout.industry("publicoffice-161") == "publicoffice"


@pytest.mark.parametrize("name", ["retail-001", "retail2-044", "insurance-150", "insurance2-001"])
def test_held_out_industries_have_no_training_asks(name):
    one = record(name)
    assert holdout.held_out_industry(one)
    assert not holdout.held_out_passage(one)
    assert holdout.training_asks(one) == ()
    assert holdout.held_out_asks(one) == one["asks"]


def test_no_wording_stands_on_both_sides_and_none_is_lost(records):
    for one in records:
        train, held = list(holdout.training_asks(one)), list(holdout.held_out_asks(one))
        assert [*train, *held] == one["asks"]


def test_every_wall_holds_something_out(records):
    by_industry = [one for one in records if holdout.held_out_industry(one)]
    by_passage = [one for one in records if holdout.held_out_passage(one)]
    by_wording = [
        one for one in records if holdout.training_asks(one) and holdout.held_out_asks(one)
    ]
    assert len(by_industry) > 400
    assert 80 < len(by_passage) < len(records) / 5
    assert len(by_wording) > 200


def test_a_held_out_passage_is_in_no_record_with_training_asks(records):
    used = {name for one in records if holdout.training_asks(one) for name in one["passages"]}
    assert not [name for name in used if holdout.is_held_out(name)]


def test_short_lists_of_wordings_are_trained_on_whole():
    names = [f"bank-{number:03}" for number in range(200)]
    assert all(len(holdout.training_asks(record(name, asks=("a", "b")))) == 2 for name in names)
    assert {len(holdout.training_asks(record(name))) for name in names} == {2, 3}
