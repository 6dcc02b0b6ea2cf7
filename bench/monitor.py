"""What monitoring costs: a turn's path, figures of hours, the page, answers behind a point.

    python bench/monitor.py [--answers 1000000] [--databases sqlite,postgresql] [--json]

Fills a database of each kind with answers of the last 60 days (three channels, eight prompt
versions, two models; thumbs for one in ten), makes their figures, and asks for the overview of each
period, for answers behind a point, and for a round that finds a few new answers. Fails when the end
of a turn costs 1 ms, or an overview 100 ms or more (95th percentile). `written at once` is how long
the longest transaction of a round keeps other writers waiting on SQLite. Results also go to
bench/out/monitor.json. PostgreSQL: the one of TEST_DATABASE_URL, or pgserver's.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from _report import Report, options
from database import _server  # the same servers as bench/database.py
from sqlalchemy import insert
from sqlalchemy.orm import Session

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.learning.evaluate.phrases import refuses
from chatbot.monitoring import Around, Monitoring
from chatbot.monitoring.ends import Figures, ended
from store import accounts, conversations, models, prompts
from store.base import new_id
from store.engine import Database
from store.records import Person

DAYS = 60
PART = 5_000
PATH_MS, PAGE_MS = 1.0, 100.0
ROUNDS = 20
PROMPTS = ("support", "assistant", "summary", "support-draft")
MODELS = ("starter@1", "big@2")
CHANNELS = ("chat", "chat", "api")
TEXT = "Your order left our house on Monday and reaches you within two working days. " * 3


def main() -> None:
    """Fill, measure, print; exit with 1 when something is too slow."""
    parser = options(__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    asked = parser.parse_args()
    report = Report("monitor", as_json=asked.json)
    slow = not _path(report)
    for dialect in asked.databases.split(","):
        with ExitStack() as stack:
            database = _server(dialect, stack)("benchmonitor")
            slow |= not _database(report, dialect, database, asked.answers)
            database.close()
    report.finish()
    sys.exit(int(slow))


def _path(report: Report) -> bool:
    """What the end of a turn costs: counters, a line of the log, a span that is off."""
    made = Figures("starter@1", "support", "a" * 64, 1, 300, 40, 0.2, 1.0)
    times = sorted(_timed(lambda: ended("chat", "complete", made)) for _ in range(5_000))
    worst = times[int(len(times) * 0.95)]
    report.bound("end of a turn, p95", worst, PATH_MS, "ms")
    return worst < PATH_MS


def _database(report: Report, dialect: str, database: Database, count: int) -> bool:
    started = time.perf_counter()
    owner = _fill(database, count)
    report.add(f"{dialect}: {count:,} answers written", time.perf_counter() - started, "s")
    archive = Archive(database)
    around = Around(
        states=list, hosted=tuple, refuses=refuses, mailbox=None, workspace="Halden Lamps"
    )
    monitoring = Monitoring(archive, Audit(archive), Analysis(lambda: None), around)
    started = time.perf_counter()
    hours = monitoring.count()
    took = time.perf_counter() - started
    report.add(f"{dialect}: figures of {hours:,} hours made", took, "s", f"{count / took:,.0f}/s")
    _round(report, dialect, database, monitoring, owner)
    return _page(report, dialect, monitoring, owner)


def _round(
    report: Report, dialect: str, database: Database, monitoring: Monitoring, owner: Person
) -> None:
    """A look that finds a few new answers, as the server does it every 15 seconds."""
    took, held = [], []
    for _ in range(5):
        with database.transaction() as session:
            _write(session, random.Random(1), owner.id, [datetime.now(UTC)] * 20)
        with _watched(database) as longest:
            took.append(_timed(monitoring.count))
        held.append(longest[0])
    report.add(f"{dialect}: a round with 20 new answers", max(took), "ms")
    report.add(f"{dialect}: written at once in it, at most", max(held), "ms")


def _page(report: Report, dialect: str, monitoring: Monitoring, owner: Person) -> bool:
    fine = True
    for period in ("24h", "7d", "30d"):

        def overview(period: Any = period) -> Any:
            return monitoring.overview(owner, period=period)

        worst = _worst(overview)
        report.bound(f"{dialect}: overview of {period}, p95", worst, PAGE_MS, "ms")
        report.add(f"{dialect}: overview of {period}, processor", _processor(overview), "ms")
        fine &= worst < PAGE_MS
    at = datetime.now(UTC) - timedelta(days=3)
    for plot, series in (("answers", "answers"), ("errors", "timeout"), ("first", "p95")):

        def behind(plot: str = plot, series: str = series) -> Any:
            return monitoring.answers(owner, plot=plot, series=series, at=at)

        report.add(f"{dialect}: 50 answers behind {plot}, p95", _worst(behind), "ms")
    return fine


def _fill(database: Database, count: int) -> Person:
    dice, now = random.Random(7), datetime.now(UTC)
    with database.transaction() as session:
        owner = accounts.add_person(session, "Owner", accounts.ROLES)
        for prompt in PROMPTS:
            for number in (1, 2):
                prompts.save_version(
                    session, sha=_sha(prompt, number), prompt=prompt, kind="chat", source="x",
                    partials={}, examples=None, author="Owner", note="", parent=None,
                )  # fmt: skip
            prompts.publish(
                session, prompt=prompt, environment="production", actor="Owner", reason="",
                weights={_sha(prompt, 2): 80, _sha(prompt, 1): 20},
            )  # fmt: skip
    for start in range(0, count, PART):
        size = min(PART, count - start)
        times = [now - timedelta(days=DAYS) * (1 - (start + n) / count) for n in range(size)]
        with database.transaction() as session:
            _write(session, dice, owner.id, times)
    return owner


def _write(session: Session, dice: random.Random, owner: int, times: list[datetime]) -> None:
    """Answers of these moments, with traces and a few thumbs; two talks a part."""
    talks = [
        conversations.create(
            session, user_id=owner, title="A talk", channel=channel, prompt="support",
            release_id=None, version=None, model=MODELS[0],
        ).id
        for channel in CHANNELS
    ]  # fmt: skip
    rows = [
        {
            "public_id": new_id(), "conversation_id": talks[n % len(talks)], "parent_id": None,
            "sequence": n + 1, "used": n + 1, "role": "assistant",
            "status": dice.choices(("complete", "stopped", "failed"), (96, 3, 1))[0],
            "error": None, "created_at": at, "finished_at": at, "content": TEXT,
        }
        for n, at in enumerate(times)
    ]  # fmt: skip
    for row in rows:
        row["error"] = "The model did not answer in time." if row["status"] == "failed" else None
    ids = list(session.scalars(insert(models.Message).returning(models.Message.id), rows))
    session.execute(
        insert(models.Trace), [_trace(dice, *one) for one in zip(ids, times, strict=True)]
    )
    rated = [one for one in ids if dice.random() < 0.1]
    if rated:
        session.execute(
            insert(models.Feedback),
            [
                {"message_id": one, "user_id": owner, "rating": dice.choice((1, 1, 1, -1)),
                 "reasons": [], "better": None, "updated_at": times[0]}
                for one in rated
            ],
        )  # fmt: skip


def _trace(dice: random.Random, message: int, at: datetime) -> dict[str, Any]:
    prompt = dice.choice(PROMPTS)
    first = dice.lognormvariate(-1, 0.6)
    return {
        "message_id": message, "attempt": 1, "prompt": prompt,
        "version": _sha(prompt, dice.choice((1, 2, 2, 2, 2))), "release_id": None,
        "model": dice.choice(MODELS), "parameters": {}, "inputs": {"workspace": "Halden Lamps"},
        "rendered_hash": "", "history_ids": [], "passages": [], "prompt_tokens": 300,
        "reply_tokens": 40, "first_token_s": first, "total_s": first + dice.random() * 3,
        "error": None, "notes": [], "created_at": at,
    }  # fmt: skip


def _sha(prompt: str, number: int) -> str:
    return f"{prompt}-{number}".ljust(64, "0")


@contextmanager
def _watched(database: Database) -> Iterator[list[float]]:
    """How long the longest transaction of a block took, in milliseconds."""
    longest, begin = [0.0], database.transaction

    @contextmanager
    def timed() -> Iterator[Session]:
        with begin() as session:
            started = time.perf_counter()
            yield session
        longest[0] = max(longest[0], (time.perf_counter() - started) * 1e3)

    database.transaction = timed  # type: ignore[method-assign]
    try:
        yield longest
    finally:
        del database.transaction


def _worst(ask: Callable[[], Any]) -> float:
    """The 95th percentile of some calls, in milliseconds, after two that fill caches."""
    for _ in range(2):
        ask()
    return sorted(_timed(ask) for _ in range(ROUNDS))[int(ROUNDS * 0.95)]


def _processor(ask: Callable[[], Any]) -> float:
    """The processor's time of one call in this process, in milliseconds: busy machines change it
    less."""
    started = time.process_time()
    for _ in range(ROUNDS):
        ask()
    return (time.process_time() - started) / ROUNDS * 1e3


def _timed(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
