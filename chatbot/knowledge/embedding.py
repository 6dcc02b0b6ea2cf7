"""Vectors of passages and titles, computed in the background, a small batch at a time.

What has been computed is kept at once, so work that is cut off goes on where it stopped. Titles
come first: an article is found by its title as soon as it is there.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from chatbot.knowledge.searching import name_of
from chatbot.knowledge.views import OpenEncoder, State, Tell
from store import article_lists, passages

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

log = logging.getLogger(__name__)

READ, AT_ONCE = 64, 8
"""Passages kept in one transaction; passages computed before a question may come between."""

EVERY = 5.0
"""Seconds between two looks for passages without a vector."""

NO_ENCODER = (
    "No sentence encoder is installed or chosen, so articles are searched by their words alone. "
    "`chatbot doctor` says how to add one."
)


class Embedding:
    """Computes what is missing. One at a time in a process."""

    def __init__(self, archive: Archive, open_encoder: OpenEncoder) -> None:
        self._archive = archive
        self._open_encoder = open_encoder
        self._one = threading.Lock()

    def embed(self, tell: Tell | None = None, stop: Callable[[], bool] | None = None) -> int:
        """See `Knowledge.embed`."""
        encoder = self._open_encoder()
        if encoder is None:
            return 0
        with self._one:
            with self._archive.main.reading() as session:
                left = passages.count_waiting(session, name_of(encoder))
            done = 0
            while not (stop and stop()):
                some = self._some(encoder)
                if some is None:
                    break
                done += some
                if tell is not None and some:
                    tell(min(done, max(left, done)), max(left, done))
            return done

    async def keep(self) -> None:
        """See `Knowledge.keep_embedded`."""
        seen = -1
        while True:
            try:
                number = await asyncio.to_thread(self._changes)
                if number != seen:
                    stopping = threading.Event()
                    try:
                        await asyncio.to_thread(self.embed, None, stopping.is_set)
                    finally:
                        stopping.set()
                    seen = await asyncio.to_thread(self._changes)
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("no vectors were computed: %s", type(error).__name__)
            await asyncio.sleep(EVERY)

    def state(self) -> State:
        """See `Knowledge.state`."""
        encoder = self._open_encoder()
        with self._archive.main.reading() as session:
            totals = article_lists.totals(session)
            waiting = 0
            if encoder is not None:
                waiting = passages.count_waiting(session, name_of(encoder))
        return State(
            articles=totals.public + totals.internal,
            passages=totals.passages,
            waiting=waiting,
            by_meaning=encoder is not None,
            why_not="" if encoder is not None else NO_ENCODER,
        )

    def _changes(self) -> int:
        with self._archive.main.reading() as session:
            return passages.changes(session)

    def _some(self, encoder: "Encoder") -> int | None:
        """Compute and keep a part; how many passages. None when nothing is missing."""
        name = name_of(encoder)
        kind: passages.Kind
        for kind in ("article", "passage"):
            with self._archive.main.reading() as session:
                waiting = passages.waiting(session, kind, name, READ)
            if not waiting:
                continue
            texts = [passages.read_as(each.title, each.heading, each.text) for each in waiting]
            vectors = [
                row
                for start in range(0, len(texts), AT_ONCE)
                for row in encoder.encode(texts[start : start + AT_ONCE])
            ]
            rows = {each.id: row for each, row in zip(waiting, vectors, strict=True)}
            with self._archive.main.writing() as session:
                passages.put_vectors(session, kind, name, rows)
            return len(rows) if kind == "passage" else 0
        return None
