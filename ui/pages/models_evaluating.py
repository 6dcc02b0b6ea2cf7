"""Evaluations that were begun on the page: one at a time, in a thread that outlives the tab.

What it finds stands in its row, which any page reads. When the server ends it is stopped; the row
says so. Knows no page.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from chatbot.backends.cancel import CancelToken
from chatbot.errors import Busy, ChatbotError

BUSY = "An evaluation goes on already, and one is enough for this machine. Wait for its end."

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One that was begun. `error`: why it ended, for people; None while it goes, or went well."""

    cancel: CancelToken = field(default_factory=CancelToken)
    ended: threading.Event = field(default_factory=threading.Event)
    error: ChatbotError | None = None


class Evaluating:
    """Runs evaluations behind the pages of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job | None = None

    def begin(self, run: Callable[[CancelToken], object]) -> Job:
        """Run in a thread of its own. Raises Busy while another does."""
        with self._lock:
            if self._job is not None:
                raise Busy(BUSY)
            job = self._job = Job()
        threading.Thread(target=self._run, args=(run, job), name="evaluate", daemon=True).start()
        return job

    def close(self) -> None:
        """Stop what runs: the server ends."""
        with self._lock:
            if self._job is not None:
                self._job.cancel.cancel()

    def _run(self, run: Callable[[CancelToken], object], job: Job) -> None:
        try:
            run(job.cancel)
        except ChatbotError as error:
            job.error = error
        except Exception as error:  # noqa: BLE001  its row says that it broke off
            # The exception's text may quote a conversation, so only its type is logged.
            log.error("an evaluation broke: %s", type(error).__name__)  # noqa: TRY400
            job.error = ChatbotError()
        finally:
            with self._lock:
                self._job = None
            job.ended.set()
