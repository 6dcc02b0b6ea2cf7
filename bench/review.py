"""What the queue of review costs: filters alone and together, words, counts, with many items.

    python bench/review.py [--items 1000000] [--databases sqlite,postgresql]

Fills a database of each kind with judged and open items as they are after some years (models and
prompt versions follow each other, so that some filters exclude each other), and asks for the first
page and for one far down. Prints milliseconds (median, 95th percentile), the ratio to a page
without a filter, and the processor's milliseconds of one call (this process and PostgreSQL's, where
/proc tells), which depend less on what else the machine does. Fails when a list, filter, search or
count takes 80 ms or more at the 95th percentile. Results also go to bench/out/review.json.
PostgreSQL: the one of TEST_DATABASE_URL, or pgserver's.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from database import _server  # the same servers as bench/database.py
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from store import accounts, block_words, models, review_bits, review_queue
from store.base import new_id
from store.engine import Database
from store.review_facets import facets
from store.review_records import Filters

OUT = Path(__file__).parent / "out"
ROUNDS = 60
WARM = 3  # rounds that fill caches of statements
LIMIT_MS = 80
PART = 4_000
TALK = 8  # items of one conversation or ticket
OPEN = 0.1  # share of items that nobody judged, the newest
MOODS = ("angry", "unhappy", "neutral", "neutral", "neutral", "content", "happy")
TOPICS = tuple(f"topic_{n}" for n in range(30))
TAGS = ("incomplete", "wrong fact", "invented", "tone", "knowledge missing", "rare tag")
WORDS = [f"{a}{b}" for a in ("parcel", "refund", "order", "bike", "wheel") for b in range(2_000)]
COMMON = ("late", "help", "invoice")
LISTED = "every item"


def main() -> None:
    """Fill, measure, print; exit with 1 when something is too slow."""
    arguments = _arguments()
    results: dict[str, dict[str, list[float]]] = {}
    for dialect in arguments.databases.split(","):
        with ExitStack() as stack:
            database = _server(dialect, stack)("benchreview")
            started = time.perf_counter()
            _fill(database, arguments.items)
            took = time.perf_counter() - started
            _say(f"{dialect}: {arguments.items:,} items written in {took:.0f} s, {_size(database)}")
            results[dialect] = _measured(database)
            database.close()
    OUT.mkdir(exist_ok=True)
    (OUT / "review.json").write_text(json.dumps(results, indent=1))
    slow = [f"{d}: {n}" for d, each in results.items() for n, t in each.items() if t[1] >= LIMIT_MS]
    if slow:
        sys.exit(f"{LIMIT_MS} ms or more: {', '.join(slow)}")


def _fill(database: Database, count: int) -> None:
    dice = random.Random(7)
    with database.transaction() as session:
        owner = accounts.add_person(session, "Owner").id
    for start in range(0, count, PART):
        numbers = range(start, min(start + PART, count))
        with database.transaction() as session:
            _write(session, dice, numbers, count, owner)
    if database.dialect == "postgresql":
        with database.transaction() as session:
            session.execute(text("ANALYZE"))


def _write(session: Session, dice: random.Random, numbers: range, count: int, owner: int) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=count)
    items = [_item(dice, number, count, begun) for number in numbers]
    talks = sorted({each["conversation_id"] for each in items})
    session.execute(
        insert(models.Conversation.__table__), [_talk(each, owner, begun) for each in talks]
    )
    session.execute(insert(models.Ticket.__table__), [_ticket(each, begun) for each in talks])
    replies = [each for each in items if each["reply_id"]]
    session.execute(insert(models.Message.__table__), [_message(each) for each in items])
    session.execute(insert(models.Reply.__table__), [_reply(each) for each in replies])
    session.execute(insert(models.ReviewItem.__table__), items)
    session.execute(
        insert(models.ReviewWords.__table__), [_words(dice, each["id"]) for each in items]
    )
    review_bits.change(
        session, {each["id"]: ((), facets(SimpleNamespace(**each))) for each in items}
    )


def _item(dice: random.Random, number: int, count: int, begun: datetime) -> dict[str, Any]:
    age = number / count
    judged = age < 1 - OPEN
    by_agent = dice.random() < 0.25
    verdict = dice.choice((-1, -1, 0, 1)) if judged else None
    tags = dice.sample(TAGS[:-1], 1) if verdict == -1 else []
    return {
        "id": number + 1,
        "public_id": new_id(),
        "kind": "reply" if by_agent else "answer",
        "message_id": None if by_agent else number + 1,
        "reply_id": number + 1 if by_agent else None,
        "conversation_id": number // TALK + 1,
        "ticket_id": None,
        "state": "done" if judged else "open",
        "rating": 0 if by_agent else dice.choice((-1, -1, 1, 1, 1, 0)),
        "flagged": dice.random() < 0.05,
        "reasons": [],
        "distance": round(dice.random(), 3) if by_agent else None,
        "model": f"starter@{1 + int(age * 4)}",
        "prompt": "reply" if by_agent else "support",
        "version": f"{int(age * 20):064}",
        "number": 1 + int(age * 20),
        "mood": dice.choice(MOODS),
        "topic": dice.choice(TOPICS),
        "title": f"About {dice.choice(WORDS)}",
        "read_by": "0" * 16,
        "verdict": verdict,
        "tags": tags + (["rare tag"] if number % 100_000 == 7 else []),
        "opinions": int(judged),
        "split": dice.random() < 0.02,
        "second": dice.random() < 0.02,
        "created_at": begun + timedelta(minutes=number),
        "changed_at": begun + timedelta(minutes=number),
    }


def _talk(number: int, owner: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number, "public_id": new_id(), "user_id": owner, "channel": "chat", "title": "",
        "prompt": "support", "model": "starter@1", "created_at": at, "updated_at": at,
    }  # fmt: skip


def _ticket(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number, "public_id": new_id(), "source": "bench", "external_id": str(number),
        "channel": "e-mail", "subject": "", "customer": "", "address": "", "state": "closed",
        "active": False, "rank": 0, "created_at": at, "updated_at": at,
    }  # fmt: skip


def _message(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"], "public_id": new_id(), "conversation_id": item["conversation_id"],
        "parent_id": None, "sequence": item["id"], "used": item["id"], "role": "assistant",
        "status": "complete", "created_at": item["created_at"], "content": "An answer.",
    }  # fmt: skip


def _reply(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"], "public_id": new_id(), "ticket_id": item["conversation_id"],
        "how": "reply", "state": "sent", "seconds": 1, "facts": [], "confirmed": [],
        "due_at": item["created_at"], "distance": item["distance"], "text": "A reply.",
    }  # fmt: skip


def _words(dice: random.Random, item_id: int) -> dict[str, Any]:
    said = {*dice.choices(WORDS, k=30), *dice.choices(COMMON, k=2), str(item_id)}
    near = block_words.near(item_id // block_words.BLOCK)
    return {"id": item_id, "near": near, "words": " " + " ".join(sorted(said))}


def _measured(database: Database) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}
    _say(f"{'':<58}{'median':>9}{'p95':>9}{'ratio':>7}{'CPU':>9}")
    for name, call in _tasks(database):
        times, worked = [], 0.0
        for turn in range(ROUNDS):
            with database.reading() as session:
                server = _backend(session)
                before, started = _worked(server), time.perf_counter()
                call(session)
                took, after = time.perf_counter() - started, _worked(server)
            if turn >= WARM:
                times.append(took * 1000)
                worked += (after - before) * 1000
        times.sort()
        median, late = times[len(times) // 2], times[int(len(times) * 0.95)]
        figures[name] = [median, late, worked / len(times)]
        ratio = median / next(iter(figures.values()))[0]
        _say(f"{name:<58}{median:9.2f}{late:9.2f}{ratio:7.1f}{figures[name][2]:9.2f}")
    return figures


def _backend(session: Session) -> Path | None:
    """Where the system tells of the process of PostgreSQL that serves this session, if it does."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection()
        return None
    told = Path(f"/proc/{session.scalar(text('SELECT pg_backend_pid()'))}/stat")
    return told if told.exists() else None


def _worked(server: Path | None) -> float:
    """Seconds that the processor spent on this thread and on the server's process."""
    own = time.thread_time()
    if server is None:
        return own
    times = server.read_text().rpartition(")")[2].split()[11:13]
    return own + sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _filters() -> dict[str, Filters]:
    lately = datetime.now(UTC) - timedelta(minutes=300_000)
    return {
        LISTED: Filters(),
        "rated down": Filters(rating=-1),
        "flagged": Filters(flagged=True),
        "not flagged": Filters(flagged=False),
        "a tag": Filters(tag="invented"),
        "a rare tag": Filters(tag="rare tag"),
        "a model": Filters(model="starter@2"),
        "a prompt": Filters(prompt="reply"),
        "a prompt version": Filters(prompt="support", number=3),
        "replies of the desk": Filters(kind="reply"),
        "changed by half": Filters(least_distance=0.5),
        "a mood": Filters(mood="angry"),
        "a topic": Filters(topic="topic_7"),
        "a topic that none has": Filters(topic="nothing"),
        "a span of time": Filters(since=lately, until=lately + timedelta(days=20)),
        "a second opinion": Filters(second=True),
        "a verdict": Filters(verdict=-1),
        "rated down, angry, a topic, a model": Filters(
            rating=-1, mood="angry", topic="topic_7", model="starter@3"
        ),
        "a model and a version that exclude each other": Filters(model="starter@1", number=15),
        "rated, and yet changed by an agent": Filters(rating=-1, least_distance=0.0),
        "everything at once": Filters(
            rating=-1, flagged=True, tag="tone", model="starter@2", prompt="support", number=8,
            kind="answer", mood="angry", topic="topic_1", since=lately - timedelta(days=400),
            second=True, verdict=-1,
        ),
    }  # fmt: skip


def _tasks(database: Database) -> Iterator[tuple[str, Callable[[Session], object]]]:
    every = _filters()
    for name, filters in every.items():
        for state in ("open", "done"):
            yield (
                f"list {state}: {name}",
                lambda s, f=filters, n=state: review_queue.page(s, f, (n,)),
            )
    with database.reading() as session:
        far = session.execute(text("SELECT max(id) FROM review_items")).scalar_one() // 4
    yield (
        "list done: flagged, far down",
        lambda s: review_queue.page(s, replace(Filters(), flagged=True), ("done",), below=far),
    )
    yield (
        "count open and done",
        lambda s: [review_queue.count(s, Filters(), (state,)) for state in ("open", "done")],
    )
    yield (
        "count rated down, angry",
        lambda s: review_queue.count(s, Filters(rating=-1, mood="angry"), ("done",)),
    )
    yield "what there is to filter by", review_bits.occurring
    for name, typed in {
        "a common word": "late",
        "two common words": "late invoice",
        "a middling word": "parcel77",
        "a rare word": "500000",
        "an absent word": "zanzibar",
        "a common and a rare word": "late 400000",
        "a beginning": "inv",
    }.items():
        for kind, filters in {
            "": Filters(),
            ", angry": Filters(mood="angry"),
            ", a rare tag": Filters(tag="rare tag"),
            ", nothing fits": every["a model and a version that exclude each other"],
        }.items():
            yield (
                f"find {name}{kind}",
                lambda s, t=typed, f=filters: review_queue.find(s, t, f, ("done",)),
            )


def _size(database: Database) -> str:
    with database.reading() as session:
        rows, held = session.execute(
            text("SELECT count(*), sum(length(bits)) FROM review_bits")
        ).one()
    return f"{rows:,} rows of bits ({held / 1e6:.1f} MB)"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
