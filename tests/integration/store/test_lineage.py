"""Models learn from datasets and from each other: who is marked, and what may still be asked."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from store import datasets, evaluations, model_releases, runs
from store.learning_tables import DatasetRow
from store.models import TrainingRun

LINE = datasets.Line(
    number=1,
    split="test",
    source="import",
    talk="t",
    message_id=None,
    reply_id=None,
    prompt="support",
    version="",
    label="",
    messages=[{"role": "user", "content": "How long?"}],
    reply="14 days.",
    rejected=None,
)


def build(database, name, splits):
    """A dataset with a row of each of these conversations; its id."""
    lines = [
        replace(LINE, number=number, talk=talk, split=split)
        for number, (talk, split) in enumerate(splits.items(), 1)
    ]
    with database.transaction() as session:
        made = datasets.begin(session, settings={}, actor="Ada")
        datasets.add(session, made, lines)
        return datasets.finish(session, made, name=name, card={}).id


def train(database, dataset, base, state="complete", **facts):
    """A run that ended so; the label of its model."""
    with database.transaction() as session:
        run = runs.add(
            session, name="tuned", taken=(), base=base, dataset=dataset, method="full",
            settings={}, facts=facts, actor="Ada",
        )  # fmt: skip
        ended = update(TrainingRun).where(TrainingRun.public_id == run.public_id)
        session.execute(ended.values(state=state))
    return run.model


@pytest.fixture
def made(database):
    """Ids of two datasets which part the same conversations otherwise."""
    first = build(database, "first", {"a": "train", "b": "validation", "c": "test", "d": "test"})
    second = build(database, "second", {"a": "test", "b": "test", "c": "test", "d": "train"})
    return first, second


def test_who_learned_from_a_model_that_knew_somebody_is_marked_as_well(database, made):
    one = train(database, "first", "starter@1")
    two = train(database, "second", one)
    kept = train(database, "first", "starter@1", "failed", kept="tuned@3")
    train(database, "first", "starter@1", "failed")
    train(database, "second", "starter@1")
    with database.transaction() as session:
        mine = (DatasetRow.dataset_id == made[0], DatasetRow.talk == "a")
        session.execute(delete(DatasetRow).where(*mine))
        assert datasets.renew(session) == ["first"]
        assert {one.model for one in model_releases.marks(session)} == {one, two, kept}


def test_no_model_is_asked_what_it_has_learned_elsewhere(database, made):
    one = train(database, "first", "starter@1")
    two = train(database, "second", one)

    def asked(dataset, label):
        with database.reading() as session:
            found = evaluations.held_out(session, dataset, 9, 0, tuned=label)
        return [row.number for row in found]

    assert asked(made[1], "starter@1") == [1, 2, 3]
    assert asked(made[1], one) == [3]
    assert asked(made[0], one) == [3, 4]
    assert asked(made[0], two) == [3]
