"""The thread beside a training: how it goes → the run's row, a wish to stop → the training.

It writes about once a second and says by that that the process is alive. The training is not held
up by the database; one that does not answer for a while costs nothing but the view of the run.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from chatbot.archive import Archive
from chatbot.errors import ChatbotError
from chatbot.learning.jobs.progress import Progress
from store import runs as rows
from store.runs import Point, Run, State

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two writes."""
TRIES = 60
"""Writes of a run's end that are tried, each after `EVERY`."""

Why = Literal["", "asked", "lost", "changed"]
"""Why the work is to end: somebody asked; the run was given up for dead; its dataset changed."""


class Watch:
    """Beside whatever the run's process does, for the block. `why`: whether that is to end."""

    def __init__(self, archive: Archive, run: Run, folder: Path) -> None:
        self._archive = archive
        self._run = run
        self._progress = Progress(folder, run)
        self._changes: dict[str, Any] = {}
        self._points: dict[int, Point] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._stop: Callable[[], None] | None = None
        self._begun = monotonic()
        self._thread = threading.Thread(target=self._keep, name="watch", daemon=True)
        self.why: Why = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def on_stop(self, stop: Callable[[], None]) -> None:
        """What is to be done when the work shall end; in the thread, and again where it fails."""
        self._stop = stop

    def fact(self, name: str, value: Any) -> None:
        """Tell a fact about the run, such as the phase it is in."""
        self._progress.fact(name, value)

    def end(self, state: State, said: str) -> bool:
        """Give the run its end, with all that was not told yet; False where it is not ours.

        A database that does not answer is waited for. After the block.
        """
        for attempt in range(TRIES):
            self._look()
            changes = {name: value for name, value in self._changes.items() if name != "said"}
            with suppress(ChatbotError), self._archive.main.writing() as session:
                rows.add_points(session, self._run.id, self._points.values())
                return rows.end(session, self._run, state, said, changes)
            if attempt + 1 < TRIES:
                threading.Event().wait(EVERY)
        log.warning("the end of a run could not be stored")
        return False

    def now(self) -> Run:
        """The run as it is known here, what was not stored yet included."""
        with self._archive.main.reading() as session:
            found = rows.get(session, self._run.public_id)
        with self._lock:
            self._look()
            return replace(found, **self._changes)

    def _keep(self) -> None:
        while not self._end.wait(EVERY):
            try:
                self._write()
                self._bring()
            except (ChatbotError, OSError) as error:
                log.warning("how the run goes was not told: %s", type(error).__name__)

    def _write(self) -> None:
        with self._lock:
            self._look()
            with self._archive.main.writing() as session:
                state = rows.tell(session, self._run, self._changes)
                if state is not None:
                    rows.add_points(session, self._run.id, self._points.values())
                sha = rows.dataset_sha(session, self._run)
            self._changes, self._points = {}, {}
        if not self.why:
            self._decide(state, sha)

    def _decide(self, state: State | None, sha: str | None) -> None:
        if state is None:
            self.why = "lost"
        elif sha != self._run.dataset_sha:
            self.why = "changed"
        elif state == "stopping":
            self.why = "asked"

    def _bring(self) -> None:
        """Bring the wish to end, once for each work."""
        stop = self._stop
        if self.why and stop is not None:
            stop()
            self._stop = None

    def _look(self) -> None:
        changes, points = self._progress.read()
        self._changes |= changes | {"seconds": self._run.seconds + monotonic() - self._begun}
        for point in points:
            self._points[point.step] = _merged(self._points.get(point.step), point)


def _merged(known: Point | None, fresh: Point) -> Point:
    """What a step and a check tell of one step is one point."""
    if known is None:
        return fresh
    train = known.train_loss if fresh.train_loss is None else fresh.train_loss
    check = known.validation_loss if fresh.validation_loss is None else fresh.validation_loss
    return Point(fresh.step, train, check)
