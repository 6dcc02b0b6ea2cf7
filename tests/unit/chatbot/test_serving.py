"""What a name stands for: asked of the database now and then, believed in between."""

import pytest

from chatbot.archive import Archive
from chatbot.errors import StoreUnavailable
from chatbot.serving import FRESH, Serving
from store import model_releases
from store.engine import Database


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def archive():
    database = Database.in_memory()
    yield Archive(database)
    database.close()


def promoted(archive, model, **changes):
    values = {"alias": "starter", "environment": "production", "previous": None, "actor": "Ada"}
    with archive.main.writing() as session:
        model_releases.add(session, model=model, **values | {"reason": ""} | changes)


def test_a_promotion_is_seen_after_a_while_without_a_restart(archive):
    clock = Clock()
    serving = Serving(archive, "starter", clock=clock)
    assert serving.label() is None

    promoted(archive, "tuned@1")
    assert serving.label() is None
    clock.now += FRESH

    assert serving.label() == "tuned@1"


def test_the_process_that_promotes_sees_it_at_once(archive):
    serving = Serving(archive, "starter", clock=Clock())
    serving.label()
    promoted(archive, "tuned@1")

    serving.forget()

    assert serving.label() == "tuned@1"


@pytest.mark.parametrize(
    "changes", [{"by_setting": True}, {"environment": "staging"}, {"alias": "other"}]
)
def test_what_is_not_meant_for_it_changes_nothing(archive, changes):
    promoted(archive, "tuned@1", **changes)

    assert Serving(archive, "starter", clock=Clock()).label() is None


def test_a_version_in_the_setting_is_served_and_nothing_is_asked(archive):
    promoted(archive, "tuned@1", alias="starter@2")
    serving = Serving(archive, "starter@2", clock=Clock())

    assert serving.is_pinned
    assert serving.label() is None


def test_while_the_database_does_not_answer_it_stays_what_it_was(archive, monkeypatch):
    clock = Clock()
    serving = Serving(archive, "starter", clock=clock)
    promoted(archive, "tuned@1")
    serving.label()

    def lost():
        raise StoreUnavailable

    monkeypatch.setattr(archive.main, "reading", lost)
    clock.now += 10 * FRESH

    assert serving.label() == "tuned@1"
