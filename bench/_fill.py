"""Fill a migrated database with conversations in bulk, as the product would have written them.

Words follow Zipf's law, as in real talk: the commonest stands in most messages. Each message of a
known list holds one word that stands nowhere else.
"""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice

import psycopg
from uuid_utils.compat import uuid7

from store import accounts
from store.engine import Database
from store.index import BLOCK, VOLUME, Kind, prefix
from store.records import Person

VOCABULARY = 30_000
WORDS = 30  # of a message
TALK = 50  # messages of a conversation
FEW = 100  # messages of the person who has few
RARE = 200  # words that stand in one message each
START = datetime(2026, 1, 1, tzinfo=UTC)
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]


@dataclass(frozen=True)
class Filled:
    """Whose data there is, and words to look for, by how common they are."""

    owner: Person
    few: Person
    common: list[str]
    middling: list[str]
    rare: list[str]


def fill(database: Database, messages: int) -> Filled:
    """One person with `messages` messages and, spread among them, one with `FEW`."""
    with database.transaction() as session:
        owner = accounts.add_person(session, "Owner")
        few = accounts.add_person(session, "Few")
    words = _vocabulary()
    rare = [f"rare{number:05}" for number in range(RARE)]
    sink = _Sqlite(database) if database.dialect == "sqlite" else _Postgresql(database)
    talks = _conversations(owner, few, messages, words, rare)
    while part := list(islice(talks, 200)):
        sink.write(part)
    sink.close()
    return Filled(owner, few, words[:20], words[3000:3200], rare)


@dataclass(frozen=True)
class _Talk:
    number: int
    owner: int
    title: list[str]
    messages: list[list[str]]


def _vocabulary() -> list[str]:
    pick = random.Random(1)
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        syllables = 1 + len(found) ** 0.5 / 60
        found["".join(pick.choices(_SYLLABLES, k=round(syllables + pick.random())))] = None
    return list(found)


def _conversations(
    owner: Person, few: Person, messages: int, words: list[str], rare: list[str]
) -> Iterator[_Talk]:
    pick = random.Random(2)
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    total = messages // TALK
    few_at = {total // 3, total * 2 // 3}
    rare_at = {(i * messages + messages // 2) // len(rare): word for i, word in enumerate(rare)}
    said = 0
    for number in range(1, total + 1):
        drawn = pick.choices(words, cum_weights=weights, k=WORDS * TALK + 4)
        talk = [drawn[i * WORDS : (i + 1) * WORDS] for i in range(TALK)]
        for at in range(TALK):
            if said + at in rare_at:
                talk[at][5] = rare_at[said + at]
        said += TALK
        whose = few if number in few_at else owner
        yield _Talk(number, whose.id, drawn[-4:], talk)


class _Sink:
    """Turns talks into rows; numbers each person's texts as the index does."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, Kind], int] = {}

    def rows(self, talks: list[_Talk]) -> dict[str, list[tuple[object, ...]]]:
        rows: dict[str, list[tuple[object, ...]]] = {
            "conversations": [],
            "messages": [],
            "message_words": [],
            "title_words": [],
        }
        for talk in talks:
            moment = START + timedelta(minutes=talk.number)
            first = (talk.number - 1) * TALK + 1
            rows["conversations"].append(self._conversation(talk, first, moment))
            rows["title_words"].append(self._index(talk, "title", talk.number, talk.title))
            for at, words in enumerate(talk.messages):
                rows["messages"].append(self._message(talk, first + at, at, words, moment))
                rows["message_words"].append(self._index(talk, "message", first + at, words))
        return rows

    def _conversation(self, talk: _Talk, first: int, moment: datetime) -> tuple[object, ...]:
        return (
            talk.number, uuid7(), talk.owner, None, "chat", " ".join(talk.title), False,
            "assistant", None, None, "starter@1", first + TALK - 1, TALK + 1, moment, moment, None,
        )  # fmt: skip

    def _message(
        self, talk: _Talk, own: int, at: int, words: list[str], moment: datetime
    ) -> tuple[object, ...]:
        role = ("user", "assistant")[at % 2]
        return (
            own, uuid7(), talk.number, own - 1 if at else None, at + 1, at + 1, role, "complete",
            f"key {at // 2}", moment, moment, None, " ".join(words) + ".",
        )  # fmt: skip

    def _index(self, talk: _Talk, kind: Kind, row: int, words: list[str]) -> tuple[object, ...]:
        block = self.counts.get((talk.owner, kind), 0) // BLOCK
        self.counts[talk.owner, kind] = self.counts.get((talk.owner, kind), 0) + 1
        near = prefix(talk.owner, kind, "block", block)
        far = prefix(talk.owner, kind, "volume", block // VOLUME)
        return row, near, far, " " + " ".join(sorted(set(words)))

    def counters(self) -> list[tuple[int, int, int]]:
        people = {person for person, _ in self.counts}
        return [
            (person, self.counts[person, "message"], self.counts[person, "title"])
            for person in people
        ]


class _Sqlite(_Sink):
    def __init__(self, database: Database) -> None:
        super().__init__()
        self.connection = sqlite3.connect(str(database.path), isolation_level=None)
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("PRAGMA journal_mode=MEMORY")
        self.connection.execute("PRAGMA cache_size=-400000")

    def write(self, talks: list[_Talk]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for table, rows in self.rows(talks).items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            self.connection.executemany(
                f"INSERT INTO {table} VALUES ({marks})",
                ([_plain(value) for value in row] for row in rows),
            )
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.executemany("INSERT INTO search_counters VALUES (?, ?, ?)", self.counters())
        self.connection.execute("ANALYZE")
        self.connection.close()


class _Postgresql(_Sink):
    def __init__(self, database: Database) -> None:
        super().__init__()
        url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(url)
        self.connection.execute("SET maintenance_work_mem = '512MB'")
        named = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%USING gin%'"
        self.indexes = self.connection.execute(named).fetchall()
        for name, _ in self.indexes:
            self.connection.execute(f"DROP INDEX {name}")

    def write(self, talks: list[_Talk]) -> None:
        for table, rows in self.rows(talks).items():
            with self.connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self.connection.commit()

    def close(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO search_counters VALUES (%s, %s, %s)", self.counters())
        for _, definition in self.indexes:
            self.connection.execute(definition)
        for table in ("conversations", "messages"):
            self.connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        self.connection.commit()
        self.connection.autocommit = True
        self.connection.execute("VACUUM ANALYZE")
        self.connection.close()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return getattr(value, "hex", value) if hasattr(value, "fields") else value
