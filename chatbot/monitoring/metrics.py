"""Counters of this process for Prometheus, and what it reads when it is asked.

A turn that ends adds to a few counters in memory, and that is all it costs (`bench/monitor.py`).
What stands in the database (tickets that wait, alerts, how old figures are) is read when somebody
scrapes. The registry is our own: nothing of libraries shows up by accident. Labels are names of
channels, models, prompts and statuses; no person, no text. In-memory counters begin anew with the
process, as Prometheus expects.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from chatbot import __version__

BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 8, 12, 20, 30, 60, 120)
"""Upper bounds, in seconds."""
READ_EVERY = 5.0
"""Seconds for which what was read of the database is told again to whoever scrapes more often."""
NONE = "none"

Gauges = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """An answer or draft that came to its end. Times in seconds; `model`: "" where none was asked.

    `status`: of the message, see `store.models.Message`.
    """

    channel: str
    model: str
    prompt: str
    status: str
    first_s: float | None = None
    total_s: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None


class Counters:
    """What this process counts. Methods may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._turns = Counter(
            "chatbot_turns",
            "Answers and drafts that ended, by how.",
            ("channel", "model", "prompt", "status"),
            registry=self.registry,
        )
        self._first = self._times("chatbot_first_word_seconds", "From sending to the first word.")
        self._total = self._times("chatbot_turn_seconds", "From sending to the last word.")
        self._tokens = Counter(
            "chatbot_tokens",
            "Tokens that models read (in) and wrote (out).",
            ("model", "direction"),
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def _times(self, name: str, said: str) -> Histogram:
        labels = ("channel", "model")
        return Histogram(name, said, labels, buckets=BUCKETS, registry=self.registry)

    def ended(self, turn: TurnEnd) -> None:
        """Count the end of an answer."""
        model, prompt = turn.model or NONE, turn.prompt or NONE
        self._turns.labels(turn.channel, model, prompt, turn.status).inc()
        if turn.first_s is not None:
            self._first.labels(turn.channel, model).observe(turn.first_s)
        if turn.total_s is not None:
            self._total.labels(turn.channel, model).observe(turn.total_s)
        if turn.tokens_in:
            self._tokens.labels(model, "in").inc(turn.tokens_in)
        if turn.tokens_out:
            self._tokens.labels(model, "out").inc(turn.tokens_out)


PROCESS = Counters()
"""One of a process, as what it counts is."""


class Metrics:
    """What is told to whoever scrapes: the counters of the process, and what is read then.

    `now`: of this process; `stored`: of the database. Both by the names of `GAUGES`.
    """

    def __init__(self, now: Gauges, stored: Gauges) -> None:
        self._read = _Read(now, stored)

    def exposed(self, accept: str) -> tuple[bytes, str]:
        """Everything in the format that a scraper accepts, and its content type. Blocking."""
        encode, kind = choose_encoder(accept)
        return encode(_Together(self._read)), kind


class _Together(CollectorRegistry):
    """The counters of the process, and one collector more."""

    def __init__(self, read: Collector) -> None:
        super().__init__()
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        yield from PROCESS.registry.collect()
        yield from self._read.collect()


class _Read(Collector):
    """Gauges that are read at scrape time."""

    def __init__(self, now: Gauges, stored: Gauges) -> None:
        self._now = now
        self._stored = stored
        self._lock = threading.Lock()
        self._known: dict[str, float] = {}
        self._read_at = 0.0

    def collect(self) -> Iterable[Metric]:
        """Read."""
        yield InfoMetricFamily("chatbot_build", "What runs here.", {"version": __version__})
        for name, value in {**self._of_database(), **self._now()}.items():
            said = GAUGES[name]
            yield GaugeMetricFamily(f"chatbot_{name}", said, value)

    def _of_database(self) -> Mapping[str, float]:
        with self._lock:
            if time.monotonic() - self._read_at >= READ_EVERY or not self._known:
                try:
                    self._known = {**self._stored(), "database_up": 1.0}
                except Exception:  # noqa: BLE001  whatever it was, the database did not answer
                    self._known = {"database_up": 0.0}
                self._read_at = time.monotonic()
            return self._known


GAUGES: Mapping[str, str] = {
    "turns_running": "Answers that are being written in this process.",
    "turns_waiting": "Answers of this process that wait for the one before or for their model.",
    "database_up": "Whether the database answered.",
    "tickets_waiting": "Tickets that wait for a reply.",
    "review_open": "Answers that wait for a reviewer.",
    "webhooks_waiting": "Events that webhooks have not taken yet.",
    "mails_waiting": "Mails that wait to be sent.",
    "alerts_firing": "Alerts that go on.",
    "figures_age_seconds": "Since figures of hours were made last.",
}
"""What is read at scrape time, and what it says."""
