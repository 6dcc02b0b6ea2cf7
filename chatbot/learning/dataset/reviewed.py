"""Whether there is enough to learn from yet: turns that were judged, or sent from a draft."""

from chatbot.archive import Archive
from store import reviewed

MOST = 1_000
"""Counted no further: enough is enough."""


def turns(archive: Archive) -> int:
    """How many turns a dataset could be made of, `MOST` at most. Reads none of them."""
    with archive.main.reading() as session:
        return reviewed.turns(session, MOST)
