"""What the queue of the desk costs: pages, filters, counts and words, with many tickets stored.

    python bench/desk.py [--tickets 1000000] [--open 50000] [--databases sqlite,postgresql]

Fills a database of each kind with tickets of which most are closed, as they are after some years,
and asks for the first page and for one far down, with every filter. Prints milliseconds (median,
95th percentile) and fails when a list, filter or search takes 50 ms or more at the 95th percentile.
Results also go to bench/out/desk.json. PostgreSQL: the one of TEST_DATABASE_URL, or pgserver's.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from database import _server  # the same servers as bench/database.py
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from store import accounts, block_words, folding, models, ticket_queue, tickets
from store.base import new_id
from store.engine import Database
from store.ticket_queue import Only

OUT = Path(__file__).parent / "out"
ROUNDS = 60
LIMIT_MS = 50
PART = 5_000
LANGUAGES = ("en", "en", "en", "en", "de", "de", "fr", "es", "pt", "sv")
MOODS = ("angry", "unhappy", "unhappy", "neutral", "neutral", "neutral", "content", "happy")
WORDS = [f"{a}{b}" for a in ("parcel", "refund", "order", "bike", "wheel") for b in range(2_000)]
FAR = "of closed ones"
"""What is found behind all open tickets, which are newer: measured, not held to the limit."""
COMMON = ("late", "help", "invoice")


def main() -> None:
    """Fill, measure, print; exit with 1 when a list or filter is too slow."""
    arguments = _arguments()
    results: dict[str, dict[str, list[float]]] = {}
    for dialect in arguments.databases.split(","):
        with ExitStack() as stack:
            database = _server(dialect, stack)("benchdesk")
            started = time.perf_counter()
            agent = _fill(database, arguments.tickets, arguments.open)
            took = time.perf_counter() - started
            _say(f"{dialect}: {arguments.tickets:,} tickets written in {took:.0f} s")
            results[dialect] = _measured(database, agent)
            database.close()
    OUT.mkdir(exist_ok=True)
    (OUT / "desk.json").write_text(json.dumps(results, indent=1))
    slow = [
        f"{d}: {n}"
        for d, each in results.items()
        for n, t in each.items()
        if t[1] >= LIMIT_MS and FAR not in n
    ]
    if slow:
        sys.exit(f"{LIMIT_MS} ms or more: {', '.join(slow)}")


def _fill(database: Database, count: int, active: int) -> int:
    """Tickets, the open ones among the newest; the internal number of one of ten agents."""
    dice = random.Random(7)
    with database.transaction() as session:
        agents = [accounts.add_person(session, f"Agent {n}", ["agent"]).id for n in range(10)]
    begun = datetime.now(UTC) - timedelta(minutes=count)
    for start in range(0, count, PART):
        numbers = range(start, min(start + PART, count))
        rows = [_ticket(dice, n, begun, agents, is_open=n >= count - active) for n in numbers]
        with database.transaction() as session:
            session.execute(insert(models.Ticket), rows)
            session.execute(insert(models.TicketWords), [_words(dice, row["id"]) for row in rows])
    if database.dialect == "postgresql":
        with database.transaction() as session:
            session.execute(text("ANALYZE tickets"))
            session.execute(text("ANALYZE ticket_words"))
    return agents[0]


def _ticket(
    dice: random.Random, number: int, begun: datetime, agents: list[int], *, is_open: bool
) -> dict[str, Any]:
    at = begun + timedelta(minutes=number)
    state = dice.choice(("new", "open", "waiting")) if is_open else "closed"
    since = at if state in ("new", "open") else None
    return {
        "id": number + 1,
        "public_id": new_id(),
        "source": "bench",
        "external_id": str(number),
        "channel": "e-mail",
        "subject": f"About {dice.choice(WORDS)}",
        "customer": f"Customer {number}",
        "address": f"c{number}@example.test",
        "language": dice.choice(LANGUAGES),
        "mood": dice.choice(MOODS),
        "intent": "",
        "reason": "",
        "state": state,
        "active": is_open,
        "assignee_id": None if state == "new" else dice.choice(agents),
        "waiting_since": since,
        "rank": tickets.rank_of(state, since, at),
        "unread": is_open,
        "to_read": False,
        "draft": "",
        "created_at": at,
        "updated_at": at,
    }


def _words(dice: random.Random, ticket_id: int) -> dict[str, Any]:
    said = " ".join([*dice.sample(WORDS, 30), *dice.sample(COMMON, 2), str(ticket_id)])
    near = block_words.near(ticket_id // block_words.BLOCK)
    return {"id": ticket_id, "near": near, "words": " " + " ".join(folding.words(said))}


def _measured(database: Database, agent: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}
    for name, call in _tasks(database, agent):
        times = []
        for _ in range(ROUNDS):
            with database.reading() as session:
                started = time.perf_counter()
                call(session)
                times.append((time.perf_counter() - started) * 1000)
        times = sorted(times[3:])  # the first ones fill caches of statements
        figures[name] = [times[len(times) // 2], times[int(len(times) * 0.95)]]
        _say(f"{name:<48}{figures[name][0]:9.2f}{figures[name][1]:9.2f}")
    return figures


def _tasks(database: Database, agent: int) -> Iterator[tuple[str, Callable[[Session], object]]]:
    filters = {
        "all": Only(),
        "new": Only(state="new"),
        "mine": Only(assignee_id=agent),
        "nobody's": Only(assignee_id=0),
        "a rare language": Only(language="sv"),
        "a language that none has": Only(language="xx"),
        "angry": Only(mood="angry"),
        "angry, in a rare language, mine": Only(mood="angry", language="sv", assignee_id=agent),
        "closed": Only(active=False, state="closed"),
        "closed, in a rare language": Only(active=False, state="closed", language="sv"),
        "closed, angry, mine": Only(active=False, state="closed", mood="angry", assignee_id=agent),
        "closed, in a language that none has": Only(active=False, state="closed", language="xx"),
    }
    for name, only in filters.items():
        for newest in (False, True):
            sort = "newest" if newest else "longest wait"
            yield (
                f"list {name}, {sort}",
                lambda s, o=only, n=newest: ticket_queue.page(s, o, newest=n),
            )
    with database.reading() as session:
        far = ticket_queue.page(session, Only(), limit=20_000)[-1]
    yield "list all, far down", lambda s: ticket_queue.page(s, Only(), after=far)
    yield "three counts", lambda s: [ticket_queue.count(s, o) for o in list(filters.values())[:3]]
    closed = Only(active=False, state="closed")
    for name, typed in {
        "a common word": "late",
        "two common words": "late invoice",
        "a middling word": "parcel77",
        "a rare word": "500000",
        "an absent word": "zanzibar",
        "a common and a rare word": "late 400000",
    }.items():
        yield f"find {name}", lambda s, t=typed: ticket_queue.find(s, t, Only())
        yield f"find {name}, {FAR}", lambda s, t=typed: ticket_queue.find(s, t, closed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=50_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
