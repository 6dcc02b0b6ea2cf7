"""What a key costs a request: who it is (a read), its count (one transaction), its tokens (memory).

    python bench/keys.py [--times 500] [--threads 16] [--json]

Also many threads at once, which share transactions, and a key without limits, which needs none.
CHATBOT_DATABASE_URL chooses another database than a new SQLite file.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _report import Report, options

from chatbot import bootstrap
from chatbot.settings import Settings


def timed(run: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each call, sorted."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - begun))
    return sorted(taken)


def crowded(run: Callable[[], Any], times: int, threads: int) -> tuple[list[float], float]:
    """Milliseconds of each call by several threads at once, and calls a second."""
    taken: list[float] = []
    crowd = [
        threading.Thread(target=lambda: taken.extend(timed(run, times // threads)))
        for _ in range(threads)
    ]
    begun = time.perf_counter()
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return sorted(taken), len(taken) / (time.perf_counter() - begun)


def told(report: Report, name: str, taken: list[float]) -> None:
    """Add median and 95th percentile."""
    report.add(f"{name}: median", taken[len(taken) // 2], "ms")
    report.add(f"{name}: 95 %", taken[int(0.95 * len(taken))], "ms")


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--threads", type=int, default=16)
    given = parser.parse_args()
    report = Report("keys", as_json=given.json)
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("CHATBOT_DATABASE_URL")
        more = {"database_url": url} if url else {}
        product = bootstrap.build(Settings(home=Path(folder), model="scripted", **more))
        keys, by = product.keys, product.person()
        most = 2_000_000_000
        limited, free = (
            keys.add(by, name=f"bench {limit} {time.time_ns()}", requests_minute=limit).token
            for limit in (most, 0)
        )
        caller = keys.of_token(limited)
        told(report, "who calls", timed(lambda: keys.of_token(limited), given.times))
        told(report, "counted", timed(lambda: keys.begin(caller), given.times))
        taken, rate = crowded(lambda: keys.begin(caller), given.times, given.threads)
        told(report, f"counted, {given.threads} at once", taken)
        report.add("counted at once, a second", rate)
        unlimited = keys.of_token(free)
        told(report, "without limits", timed(lambda: keys.begin(unlimited), given.times))
        told(report, "tokens of an answer", timed(lambda: keys.charge(caller, 9), given.times))
        told(report, "still valid", timed(lambda: keys.holds(caller), given.times))
        for token in (limited, free):
            keys.revoke(by, keys.of_token(token).key)
        product.close()
    report.finish()


if __name__ == "__main__":
    main()
