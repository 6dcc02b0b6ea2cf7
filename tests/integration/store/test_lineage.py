"""Models learn from datasets and from each other: who is marked, and what may still be asked."""

import pytest
from sqlalchemy import delete, func, select, update

from store import datasets, evaluations, model_releases, runs
from store.columns import now
from store.learning_tables import DatasetRow, EvaluationReply
from store.models import TrainingRun
from tests.support.learned import dataset_of


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
    first = dataset_of(
        database, {"a": "train", "b": "validation", "c": "test", "d": "test"}, "first"
    )
    second = dataset_of(database, {"a": "test", "b": "test", "c": "test", "d": "train"}, "second")
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


def test_removed_dataset_says_nothing_and_its_models_are_still_marked(database, made):
    one = train(database, "first", "starter@1")
    with database.transaction() as session:
        run = runs.of_model(session, one)
        asked = evaluations.begin(
            session, base="starter@1", tuned=one, tuned_sha="", dataset="first", dataset_sha="",
            settings={}, actor="Ada",
        )  # fmt: skip
        row = session.scalar(select(DatasetRow.id).where(DatasetRow.dataset_id == made[0]).limit(1))
        reply = evaluations.Reply(
            1, row, "own", "same", 0.0, {}, {}, "How long?", "14 days.", "14", "14",
        )  # fmt: skip
        evaluations.add_replies(session, asked.id, [reply])
        datasets.remove(session, datasets.get(session, "first"))
    with database.transaction() as session:
        assert datasets.find(session, "first") is None
        assert [one.name for one in datasets.every(session)] == ["second"]
        assert runs.dataset_sha(session, run) is None
        assert datasets.lines(session, made[0]) == []
        assert datasets.sweep(session, now()) == 0
        said = select(DatasetRow.messages, DatasetRow.reply, DatasetRow.digest)
        said = said.where(DatasetRow.dataset_id == made[0])
        assert [tuple(row) for row in session.execute(said)] == [([], "", "")] * 4
        assert session.scalar(select(func.count()).select_from(EvaluationReply)) == 0
    dataset_of(database, {"z": "train"}, "first")
    with database.transaction() as session:
        mine = (DatasetRow.dataset_id == made[0], DatasetRow.talk == "a")
        session.execute(delete(DatasetRow).where(*mine))
        assert datasets.renew(session) == ["first"]
        assert [mark.model for mark in model_releases.marks(session)] == [one]
        assert datasets.renew(session) == []


def test_removed_dataset_that_nobody_learned_from_is_gone(database, made):
    with database.transaction() as session:
        datasets.remove(session, datasets.get(session, "second"))
        left = select(DatasetRow.dataset_id).distinct()
        assert list(session.scalars(left)) == [made[0]]


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
