"""What SQLite's journals cost here: turns alone, turns beside readers, lists beside a writer.

    python bench/journals.py [--rounds 200]

Every mode listed survives a killed process; all but wal/NORMAL also keep what was acknowledged
through a power failure. Milliseconds, median and 95th percentile.
"""

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from store import accounts, conversations, messages
from store.engine import Database
from store.journal import Journal, journal_for

MODES = [
    ("delete", "EXTRA"),
    ("persist", "FULL"),
    ("truncate", "FULL"),
    ("wal", "FULL"),
    ("wal", "NORMAL"),
]


def main() -> None:
    """Measure each mode on a new file."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    print(f"{'':<18}{'turn alone':>16}{'turn, 4 readers':>18}{'list, 1 writer':>18}")
    for mode, synchronous in MODES:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            journal = Journal(mode, synchronous, "measured")
            database = Database(f"sqlite:///{folder}/bench.db", journal=journal)
            database.upgrade()
            row = "".join(f"{a:9.2f}{b:8.2f} " for a, b in _measured(database, rounds))
            print(f"{mode + ' ' + synchronous:<18}{row}", flush=True)
            database.close()


def _measured(database: Database, rounds: int) -> list[tuple[float, float]]:
    with database.transaction() as session:
        owner = accounts.add_person(session, "Owner").id
        talks = [
            conversations.create(
                session, user_id=owner, channel="chat", title=f"Talk {number}", prompt="assistant",
                release_id=None, version=None, model="starter@1",
            )
            for number in range(60)
        ]  # fmt: skip
    numbers = iter(range(10**9))

    def turn() -> None:
        with database.transaction() as session:
            messages.add_turn(
                session, talks[0].id, parent_id=None, text="hello " * 30, key=f"k{next(numbers)}"
            )

    def listing() -> None:
        with database.reading() as session:
            conversations.recent(session, owner)

    return [
        _timed(turn, rounds),
        _beside([listing] * 4, lambda: _timed(turn, rounds)),
        _beside([turn], lambda: _timed(listing, rounds)),
    ]


def _timed(call: Callable[[], None], rounds: int) -> tuple[float, float]:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.95)]


def _beside(
    others: list[Callable[[], None]], measure: Callable[[], tuple[float, float]]
) -> tuple[float, float]:
    done = threading.Event()

    def repeat(call: Callable[[], None]) -> None:
        while not done.wait(0.005):
            call()

    threads = [threading.Thread(target=repeat, args=(call,)) for call in others]
    for thread in threads:
        thread.start()
    measured = measure()
    done.set()
    for thread in threads:
        thread.join()
    return measured


if __name__ == "__main__":
    chosen = journal_for(sqlite3.sqlite_version_info)
    print(f"SQLite {sqlite3.sqlite_version}: {chosen.mode} {chosen.synchronous} is chosen")
    main()
