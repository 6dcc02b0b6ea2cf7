"""What texts of answers tell: which refuse, and how people felt who asked; remembered by message.

An hour is made again and again while it lasts, so each text is read once. Refusals are looked for
in every answer, by phrases; moods and topics in a few questions an hour, for they ask the heads of
the sentence encoder. No session is open while they are read: on SQLite a reader keeps writers
waiting. Texts stay here: counts leave.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from heapq import nsmallest

from chatbot.analysis import Analysis
from chatbot.archive import Place
from store import answered

LONGEST = 2_000
"""Characters of a text that are read."""
SAMPLE = 40
"""Questions of an hour and kind whose mood and topic are read."""
REMEMBERED = 200_000
_BATCH = 500

_SPREAD = 2_654_435_761
"""Knuth's multiplicative hash, 2^32 divided by the golden ratio: ids in a row end up far apart."""


@dataclass(frozen=True, slots=True)
class Felt:
    """How somebody felt who asked, and about what; "" where that is not told."""

    mood: str
    topic: str


class Texts:
    """Reads texts of one database. For one thread at a time."""

    def __init__(self, place: Place, analysis: Analysis, refuses: Callable[[str], bool]) -> None:
        self._place = place
        self._analysis = analysis
        self._refuses = refuses
        self._refused: OrderedDict[int, bool] = OrderedDict()
        self._felt: OrderedDict[int, Felt] = OrderedDict()

    def refused(self, ids: Collection[int]) -> int:
        """How many of these answers (message ids) say that they have no answer."""
        new = [one for one in ids if one not in self._refused]
        for at in range(0, len(new), _BATCH):
            with self._place.reading() as session:
                found = answered.texts(session, new[at : at + _BATCH], LONGEST)
            self._refused |= {one: self._refuses(text) for one, text in found.items()}
        hits = sum(self._refused.get(one, False) for one in ids)
        _shorten(self._refused)
        return hits

    def felt(self, ids: Collection[int]) -> list[Felt]:
        """How people felt who asked what some of these messages (ids) answer: the same few of them
        every time."""
        few = sample(ids)
        new = [one for one in few if one not in self._felt]
        with self._place.reading() as session:
            asked = answered.questions(session, new, LONGEST)
        for one, text in asked.items():
            self._felt[one] = self._read(text)
        found = [self._felt[one] for one in few if one in self._felt]
        _shorten(self._felt)
        return found

    def _read(self, text: str) -> Felt:
        mood, intent = self._analysis.mood(text), self._analysis.intent(text)
        return Felt(mood.word if mood else "", intent.name if intent else "")


def sample(ids: Collection[int]) -> tuple[int, ...]:
    """A few of these messages (ids), which are among a few of any of them together with others."""
    return tuple(nsmallest(SAMPLE, ids, key=lambda one: one * _SPREAD % 2**32))


def _shorten(known: OrderedDict[int, bool] | OrderedDict[int, Felt]) -> None:
    while len(known) > REMEMBERED:
        known.popitem(last=False)
