"""What telling of a turn costs its path: its line of the log, its spans, webhooks.

    python bench/telling.py [--rounds 1000] [--json]

A turn's line and its five spans are made as an answer makes them, without the answer, 100 turns a
second; spans leave for a collector in a process of its own. Times are those of a clock, and, marked
as CPU, of the turn's own thread, which other processes of a busy machine do not lengthen. `tell` is
what a ticket, a reply or a verdict adds to its transaction, on SQLite. Results also go to
bench/out/telling.json.
"""

import io
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from _report import Report, options, percentile

from chatbot.monitoring import ends, spans
from chatbot.turn import TURN
from store import webhooks
from store.engine import Database
from ui import logs

FIGURES = ends.Figures("starter@1", "support", "a" * 64, 1, 900, 60, 0.04, 1.2)

PAUSE = 0.01
"""Seconds between two turns."""


def main() -> None:
    """Measure, print, keep."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="turns that are told")
    given = parser.parse_args()
    report = Report("telling", as_json=given.json)
    for kind in ("plain", "json"):
        logs.configure(kind, lambda: 1, io.StringIO())
        _say(report, f"line, {kind}", _timed(_line, given.rounds))
    _say(report, "spans, off", _timed(_spans, given.rounds))
    with tempfile.TemporaryDirectory() as folder:
        _tell(report, Path(folder), given.rounds // 10)
    receiving, sending = multiprocessing.Pipe(duplex=False)
    collector = multiprocessing.Process(target=_collect, args=(sending,), daemon=True)
    collector.start()
    spans.begin(f"http://127.0.0.1:{receiving.recv()}")
    taken = _timed(_spans, given.rounds)
    whole = _timed(lambda: (_spans(), _line()), given.rounds)
    cpu = _timed(lambda: (_spans(), _line()), given.rounds, time.thread_time)
    spans.end()
    collector.terminate()
    _say(report, "spans, on", taken)
    _say(report, "line and spans of a turn", whole)
    report.bound("line and spans of a turn, CPU, 95%", percentile(cpu, 0.95), 1.0, "ms")
    report.finish()


def _line() -> None:
    ends.ended("chat", "complete", FIGURES, conversation="01a22cf3-f4dc-7430-955d-96389ed7b7e2")


def _spans() -> None:
    TURN.set("01a22cf3-f51a-7028-aebc-84becef5872c")
    began = time.monotonic()
    with spans.span("turn", {"chatbot.turn": TURN.get()}):
        for part in ("retrieve", "render"):
            with spans.span(part):
                pass
        spans.model_called("starter@1", began, (900, 60), began)
        with spans.span("save"):
            pass
        spans.note({"chatbot.status": "complete", "chatbot.model": "starter@1"})


def _tell(report: Report, folder: Path, rounds: int) -> None:
    database = Database(f"sqlite:///{folder / 'telling.db'}")
    database.upgrade()
    number = iter(range(10**9))

    def once() -> None:
        with database.transaction() as session:
            started = time.perf_counter()
            data = {"ticket": "01a22cf3-f51a-7028-aebc-84becef5872c", "number": 1}
            webhooks.tell(session, "ticket.created", f"ticket.created:{next(number)}", data)
            taken.append((time.perf_counter() - started) * 1000)

    for told in (0, 1):
        if told:
            with database.transaction() as session:
                kinds = ("ticket.created",)
                webhooks.add(session, url="https://a.example/", secret="", events=kinds, by=None)
        taken: list[float] = []
        for _ in range(rounds):
            once()
        _say(report, f"tell, {told} listening", taken)
    database.close()


def _timed(
    work: Callable[[], object], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    taken = []
    for _ in range(rounds):
        started = clock()
        work()
        taken.append((clock() - started) * 1000)
        time.sleep(PAUSE)
    return taken


def _say(report: Report, name: str, taken: list[float]) -> None:
    for share in (0.5, 0.95):
        report.add(f"{name}, {share:.0%}", percentile(taken, share), "ms")


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _collect(sending: Connection) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Takes)
    sending.send(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
