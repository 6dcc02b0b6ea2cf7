"""Which model a name stands for in production. Knows rows; opens no model.

The name is the one in CHATBOT_MODEL. Every process that shares the database asks it anew after
`FRESH` seconds, so a promotion needs no restart and a turn costs a look at a clock.
"""

import asyncio
import time
from collections.abc import Callable

from chatbot.archive import Archive
from chatbot.believed import Believed
from store import model_releases

PRODUCTION = "production"
FRESH = 1.0
"""Seconds for which what the database said is believed."""
LOOK = 2.0
"""Seconds between two looks whether another model has to be made ready."""


class Serving:
    """What the name `alias` stands for. Methods may be called from any thread."""

    def __init__(
        self, archive: Archive, alias: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.alias = alias
        self._archive = archive
        self._label: Believed[str | None] = Believed(self._ask, None, FRESH, clock)

    def label(self) -> str | None:
        """The label of the promoted model; None: the one that the setting says.

        While the database does not answer it is what it was.
        """
        return None if self.is_pinned else self._label.get()

    async def keep(self, changed: Callable[[], None], every: float = LOOK) -> None:
        """Call `changed` whenever another model was promoted, until cancelled. For the server."""
        seen = await asyncio.to_thread(self.label)
        while True:
            await asyncio.sleep(every)
            label = await asyncio.to_thread(self.label)
            if label != seen:
                seen = label
                changed()

    def forget(self) -> None:
        """Ask the database at the next call: this process changed what it says."""
        self._label.forget()

    @property
    def is_pinned(self) -> bool:
        """Whether the setting names a version, `name@version`: that is served, and no other."""
        return "@" in self.alias

    def _ask(self) -> str | None:
        with self._archive.main.reading() as session:
            found = model_releases.current(session, self.alias, PRODUCTION)
        return None if found is None or found.by_setting else found.model
