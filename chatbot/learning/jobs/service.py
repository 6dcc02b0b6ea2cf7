"""Runs of fine-tuning for people: start, watch, stop, resume; and the queue behind them.

A run belongs to no page and no server: a process of its own trains it and writes how it goes to the
database, which is all that this module reads. Trains nothing itself.
"""

from typing import TYPE_CHECKING, Any

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.registry import Registry
from chatbot.settings import Settings
from store.records import Person
from store.runs import Point as Point
from store.runs import Run as Run

if TYPE_CHECKING:
    from chatbot.learning.dataset import Datasets


class Runs:
    """Starts and tells of runs. Methods may be called from any thread."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        datasets: "Datasets",
        registry: Registry,
        settings: Settings,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._datasets = datasets
        self._registry = registry
        self._settings = settings

    def start(
        self,
        person: Person,
        *,
        dataset: str,
        base: str = "",
        method: str = "full",
        name: str = "tuned",
        settings: dict[str, Any] | None = None,
    ) -> Run:
        """Queue a run, and begin it where none goes."""
        raise NotImplementedError

    def list(self, person: Person, limit: int = 50) -> list[Run]:
        """The newest runs, without their points."""
        raise NotImplementedError

    def get(self, person: Person, run: str) -> Run:
        """A run with its points."""
        raise NotImplementedError

    def stop(self, person: Person, run: str) -> Run:
        """Ask a run to end and to keep the best it had."""
        raise NotImplementedError

    def resume(self, person: Person, run: str) -> Run:
        """Let a run that was interrupted, failed or stopped go on from where it was kept."""
        raise NotImplementedError

    def like(self, person: Person, run: str) -> dict[str, Any]:
        """What `start` takes to begin a run of the same settings."""
        raise NotImplementedError

    def recover(self) -> int:
        """Give up runs whose process is gone, and let the queue go on; how many were given up."""
        raise NotImplementedError

    async def keep(self) -> None:
        """Look every few seconds whether the next run can begin, until cancelled."""
        raise NotImplementedError
