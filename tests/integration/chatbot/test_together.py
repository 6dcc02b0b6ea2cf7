"""Writes that come at once share a transaction on SQLite: what is told as written, is."""

import asyncio

import pytest
from sqlalchemy import text

from chatbot.archive import Archive
from chatbot.completions.together import Together
from chatbot.errors import Conflict, StoreUnavailable
from store.engine import Database


@pytest.fixture
def archive(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.transaction() as session:
        session.execute(text("CREATE TABLE said (text TEXT UNIQUE)"))
    yield Archive(database)
    database.close()


def said(*words):
    def write(session):
        rows = [{"word": word} for word in words]
        session.execute(text("INSERT INTO said VALUES (:word)"), rows)
        return words[0]

    return write


def together(archive, *works):
    async def scene():
        writes = Together(archive.main)
        return await asyncio.gather(*map(writes.write, works), return_exceptions=True)

    return asyncio.run(asyncio.wait_for(scene(), 30))


def stored(archive):
    with archive.main.reading() as session:
        return {row[0] for row in session.execute(text("SELECT text FROM said"))}


def test_a_write_that_fails_is_undone_alone(archive):
    told = together(archive, said("first"), said("a"), said("b"), said("a"), said("c"))
    assert [told[at] for at in (0, 1, 2, 4)] == ["first", "a", "b", "c"]
    assert isinstance(told[3], Conflict)
    assert stored(archive) == {"first", "a", "b", "c"}


def test_where_the_database_undoes_them_all_nobody_is_told_otherwise(archive):
    def full(session):
        session.execute(text("PRAGMA max_page_count = 50"))

    told = together(archive, full, said("a"), said(*range(100_000)), said("c"))
    assert [isinstance(one, StoreUnavailable) for one in told[1:]] == [True] * 3
    assert stored(archive) == set()
