"""What the review tells: how far reviewers agree, how much was judged, and notes for authors."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from chatbot.review.exporting import Exporting
from chatbot.review.parts import AUTHORS, require
from chatbot.review.views import Agreement, Filters, Note
from store import review_queue, review_verdicts
from store.records import Person

MOST_NOTES = 100
LOOKED_AT = 1000
"""Judged items of a prompt that are looked through for notes on one version."""


class Telling(Exporting):
    """Sums up."""

    def agreement(self, person: Person, days: int = 30) -> Agreement:
        """How far reviewers agreed where two judged the same item lately.

        Raises NotAllowed, StoreUnavailable.
        """
        since = datetime.now(UTC) - timedelta(days=days)
        with self._archive.main.reading() as session:
            require(session, person)
            pairs = review_verdicts.pairs_since(session, since)
        return agreement(pairs, days)

    def reviewed(self, person: Person, since: datetime) -> int:
        """How many items were judged since then. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            require(session, person)
            return review_verdicts.count_since(session, since)

    def notes_for(self, person: Person, prompt: str, version: str = "") -> list[Note]:
        """What reviewers said of a prompt's answers, newest first, without what customers wrote.

        `version`: the sha of one version; "" for all. For authors, reviewers, administrators.
        Raises NotAllowed, StoreUnavailable.
        """
        notes: list[Note] = []
        below, left = None, LOOKED_AT
        with self._archive.main.reading() as session:
            require(session, person, AUTHORS)
            while left > 0 and len(notes) < MOST_NOTES:
                page = review_queue.page(
                    session, Filters(prompt=prompt), ("done",), below=below, limit=MOST_NOTES
                )
                items = {each.id: each for each in page.items if version in ("", each.version)}
                said = review_verdicts.of_items(session, list(items))
                notes += [
                    Note(
                        at=verdict.updated_at,
                        rating=verdict.rating,
                        tags=tuple(verdict.tags),
                        note=verdict.note,
                        model=item.model,
                        number=item.number,
                        corrected=verdict.text is not None,
                    )
                    for item in items.values()
                    for verdict in said.get(item.id, [])
                    if verdict.rating
                ]
                below, left = page.last, left - len(page.items)
                if below is None:
                    break
        return notes[:MOST_NOTES]


def agreement(pairs: Sequence[tuple[int, int]], days: int) -> Agreement:
    """Agreement of pairs of ratings: first and second verdict of the same items.

    Kappa is (observed - expected) / (1 - expected), where `expected` is how often the two would
    agree by chance, given how often each side says what: J. Cohen, "A Coefficient of Agreement for
    Nominal Scales", Educational and Psychological Measurement 20 (1960). With more than two
    reviewers the sides are "who judged first" and "who judged second".
    """
    if not pairs:
        return Agreement(0, None, None, days)
    count = len(pairs)
    observed = sum(first == second for first, second in pairs) / count
    firsts, seconds = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    expected = sum(firsts[word] * seconds[word] for word in firsts) / count**2
    kappa = None if expected == 1 else (observed - expected) / (1 - expected)
    return Agreement(count, observed, kappa, days)
