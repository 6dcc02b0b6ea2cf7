"""Evaluations that were begun on the page: one at a time, in a thread that outlives the tab.

What it finds stands in its row, which any page reads. When the server ends it is stopped; the row
says so. Knows no page.
"""

import logging
import threading
from collections.abc import Callable

from chatbot.backends.cancel import CancelToken
from chatbot.errors import Busy, ChatbotError

BUSY = "An evaluation goes on already, and one is enough for this machine. Wait for its end."

log = logging.getLogger(__name__)


class Evaluating:
    """Runs evaluations behind the pages of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancel: CancelToken | None = None

    def begin(self, run: Callable[[CancelToken], object]) -> None:
        """Run in a thread of its own. Raises Busy while another does."""
        with self._lock:
            if self._cancel is not None:
                raise Busy(BUSY)
            token = self._cancel = CancelToken()
        threading.Thread(target=self._run, args=(run, token), name="evaluate", daemon=True).start()

    def close(self) -> None:
        """Stop what runs: the server ends."""
        with self._lock:
            if self._cancel is not None:
                self._cancel.cancel()

    def _run(self, run: Callable[[CancelToken], object], token: CancelToken) -> None:
        try:
            run(token)
        except ChatbotError:
            pass  # its row says why
        except Exception as error:  # noqa: BLE001  its row says that it broke off
            # The exception's text may quote a conversation, so only its type is logged.
            log.error("an evaluation broke: %s", type(error).__name__)  # noqa: TRY400
        finally:
            with self._lock:
                self._cancel = None
