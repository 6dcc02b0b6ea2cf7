"""One product of each database for all tests of the desk: what a test leaves is removed first."""

import shutil

import pytest
from sqlalchemy import delete

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import models
from store.accounts import LOCAL
from store.engine import Database
from tests.support.desk import agent

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", params=DATABASES)
def built(request, tmp_path_factory):
    """A product with the scripted model."""
    home = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "desk.db")
        url = f"sqlite:///{home / 'desk.db'}"
    else:
        url = request.getfixturevalue("empty_postgresql")("desk")
        database = Database(url)
        database.upgrade()
        database.close()
    product = build(
        Settings(home=home, database_url=url, model="scripted", person="Iris", test_data=None)
    )
    yield product
    product.close()


@pytest.fixture
def product(built):
    with built.database.transaction() as session:
        for table in (models.Ticket, models.Macro, models.Conversation, models.Option):
            session.execute(delete(table))
        session.execute(delete(models.User).where(models.User.public_id != LOCAL))
    return built


@pytest.fixture
def database(product):
    return product.database


@pytest.fixture
def desk(product):
    return product.desk


@pytest.fixture
def lea(database):
    return agent(database)


@pytest.fixture
def max_(database):
    return agent(database, "Max")


@pytest.fixture
def chatter(database):
    return agent(database, "Cy", ["chatter"])
