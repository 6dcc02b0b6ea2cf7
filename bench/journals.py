"""What SQLite's journals cost here: turns alone, turns beside readers, lists beside a writer.

    python bench/journals.py [--rounds 200]

Every mode listed survives a killed process; all but wal/NORMAL also keep what was acknowledged
through a power failure. Turns alone are taken from each mode in turn, so that whatever else the
machine does meets all alike. Milliseconds: median, 95th percentile.
"""

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from store import accounts, conversations, messages
from store.engine import Database
from store.journal import Journal, journal_for

OUT = Path(__file__).parent / "out"
MODES = [
    ("delete", "EXTRA"),
    ("truncate", "FULL"),
    ("persist", "FULL"),
    ("wal", "FULL"),
    ("wal", "NORMAL"),
]
Work = Callable[[], None]


class Subject:
    """A database with one journal mode, and the two things that are done with it."""

    def __init__(self, folder: Path, mode: str, synchronous: str) -> None:
        self.name = f"{mode} {synchronous}"
        journal = Journal(mode, synchronous, "measured")
        self.database = Database(f"sqlite:///{folder}/{mode}{synchronous}.db", journal=journal)
        self.database.upgrade()
        self.keys = count()
        with self.database.transaction() as session:
            self.owner = accounts.add_person(session, "Owner").id
            self.talks = [
                conversations.create(
                    session, user_id=self.owner, channel="chat", title=f"Talk {number}",
                    prompt="assistant", release_id=None, version=None, model="starter@1",
                )
                for number in range(60)
            ]  # fmt: skip

    def turn(self) -> None:
        """Save a question, as a person waits for it."""
        with self.database.transaction() as session:
            talk, key = self.talks[0].id, f"key {next(self.keys)}"
            messages.add_turn(session, talk, parent_id=None, text="hello " * 30, key=key)

    def list(self) -> None:
        """Show the sidebar."""
        with self.database.reading() as session:
            conversations.recent(session, self.owner)


def main() -> None:
    """Measure all modes on new files beside this one, whose disk is meant."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        subjects = [Subject(Path(folder), *mode) for mode in MODES]
        alone: dict[str, list[float]] = {subject.name: [] for subject in subjects}
        for _ in range(rounds):
            for subject in subjects:
                alone[subject.name].append(_timed(subject.turn))
        print(f"{'':<16}{'turn alone':>16}{'turn, 4 readers':>18}{'list, 1 writer':>18}")
        for subject in subjects:
            figures = [
                alone[subject.name],
                _beside([subject.list] * 4, subject.turn, rounds),
                _beside([subject.turn], subject.list, rounds),
            ]
            print(f"{subject.name:<16}" + "".join(map(_shown, figures)), flush=True)
            subject.database.close()


def _timed(work: Work) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _beside(others: list[Work], work: Work, rounds: int) -> list[float]:
    done = threading.Event()

    def repeat(other: Work) -> None:
        while not done.wait(0.005):
            other()

    threads = [threading.Thread(target=repeat, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    taken = [_timed(work) for _ in range(rounds)]
    done.set()
    for thread in threads:
        thread.join()
    return taken


def _shown(taken: list[float]) -> str:
    slow = sorted(taken)[int(len(taken) * 0.95)]
    return f"{statistics.median(taken):9.2f}{slow:8.2f} "


if __name__ == "__main__":
    chosen = journal_for(sqlite3.sqlite_version_info)
    print(f"SQLite {sqlite3.sqlite_version}: {chosen.mode} {chosen.synchronous} is chosen")
    main()
