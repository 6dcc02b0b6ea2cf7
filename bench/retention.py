"""What removal costs those who write meanwhile: turns saved beside retention, and beside nothing.

    python bench/retention.py [--messages 20000] [--json]

Fills a SQLite database, saves turns for a while, then saves turns while retention removes half
of it in parts. Also times forgetting a person who owns it all, merge of the search included.
"""

import asyncio
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from _fill import fill
from _report import Report, options
from sqlalchemy import update

from chatbot import bootstrap
from chatbot.options import Retention
from chatbot.settings import Settings
from store import conversations, messages, models
from store.columns import now
from store.records import Person


def turns(product: bootstrap.Product, person: Person, until: threading.Event) -> list[float]:
    """Seconds of each turn saved in a new conversation until told to end, with short pauses."""
    taken = []
    with product.archive.main.writing() as session:
        talk = conversations.create(
            session, user_id=person.id, channel="desk", title="now", prompt="p", release_id=None,
            version=None, model="m",
        )  # fmt: skip
    while not until.is_set() and len(taken) < 3000:
        begun = time.perf_counter()
        with product.archive.main.writing() as session:
            key = str(len(taken))
            messages.add_turn(session, talk.id, parent_id=None, text="hello there", key=key)
        taken.append(time.perf_counter() - begun)
        time.sleep(0.02)
    return taken


def told(report: Report, name: str, taken: list[float]) -> None:
    """Print median, 95th percentile and the worst."""
    ordered = sorted(taken)
    report.add(f"{name}: turns", len(ordered))
    report.add(f"{name}: median", 1000 * statistics.median(ordered), "ms")
    report.add(f"{name}: 95 %", 1000 * ordered[int(0.95 * len(ordered))], "ms")
    report.add(f"{name}: worst", 1000 * ordered[-1], "ms")


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    given = parser.parse_args()
    report = Report("retention", as_json=given.json)
    with tempfile.TemporaryDirectory() as folder:
        product = bootstrap.build(Settings(home=Path(folder), model="scripted"))
        filled = fill(product.database, given.messages)
        alone = threading.Event()
        threading.Timer(10, alone.set).start()
        told(report, "alone", turns(product, product.person(), alone))

        old = now() - timedelta(days=100)
        with product.archive.main.writing() as session:
            half = models.Conversation.id % 2 == 0
            session.execute(update(models.Conversation).values(updated_at=now()))
            session.execute(update(models.Conversation).where(half).values(updated_at=old))
        product.options.set(product.person(), Retention(chat_days=30), 0)
        done = threading.Event()
        found: list[list[float]] = []
        writer = threading.Thread(
            target=lambda: found.append(turns(product, product.person(), done))
        )
        writer.start()
        begun = time.perf_counter()
        gone = product.privacy.run_retention(None)["chat"]
        report.add("retention: conversations removed", gone)
        report.add("retention: seconds", time.perf_counter() - begun, "s")
        done.set()
        writer.join()
        told(report, "beside retention", found[0])

        begun = time.perf_counter()
        forgotten = asyncio.run(product.privacy.forget(None, filled.owner))
        report.add("forgetting: messages", forgotten.rows["messages"])
        report.add("forgetting: seconds", time.perf_counter() - begun, "s")
        product.close()
    report.finish()


if __name__ == "__main__":
    main()
