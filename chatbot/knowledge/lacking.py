"""Questions that found nothing: kept without personal values, shown like ones together."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from chatbot.archive import Archive
from chatbot.errors import NotFound
from chatbot.knowledge.access import require_reader, require_writer
from chatbot.knowledge.views import Lack, OpenEncoder
from chatbot.masking import mask
from store import knowledge_uses, stemming
from store.columns import now
from store.knowledge_uses import Lack as Asked
from store.records import Person

KEPT = timedelta(days=180)
"""How long a question that found nothing is kept."""

LONGEST = 500
"""Characters of a question that are kept."""

MOST = 1000
"""Questions that are put together, the newest."""

ALIKE, ALIKE_WORDS = 0.6, 0.5
"""Cosine, or share of words where there is no encoder, from which questions mean about the same."""

EXAMPLES = 5


class Lacking:
    """Collects and clusters what knowledge lacks."""

    def __init__(self, archive: Archive, open_encoder: OpenEncoder) -> None:
        self._archive = archive
        self._open_encoder = open_encoder

    def lacked(self, question: str, channel: str) -> None:
        """See `Knowledge.lacked`."""
        text = " ".join(question.split())[:LONGEST]
        if not text:
            return
        masked = mask([{"role": "user", "content": text}]).messages[-1]["content"]
        with self._archive.main.writing() as session:
            knowledge_uses.lack(session, masked, channel)

    def lacking(self, person: Person, days: int) -> list[Lack]:
        """See `Knowledge.lacking`."""
        with self._archive.main.reading() as session:
            require_reader(session, person)
            asked = knowledge_uses.lacks(session, now() - timedelta(days=days), MOST)
        return [_cluster(members, likeness) for members, likeness in self._clusters(asked)]

    def drop(self, person: Person, lack_id: str, days: int) -> None:
        """See `Knowledge.drop_lack`."""
        with self._archive.main.reading() as session:
            require_writer(session, person)
            asked = knowledge_uses.lacks(session, now() - timedelta(days=days), MOST)
        for members, _ in self._clusters(asked):
            if any(each.public_id == lack_id for each in members):
                with self._archive.main.writing() as session:
                    require_writer(session, person)
                    knowledge_uses.drop_lacks(session, [each.id for each in members])
                return
        raise NotFound

    def tidy(self) -> None:
        """Forget old questions. Raises StoreUnavailable."""
        with self._archive.main.writing() as session:
            while knowledge_uses.forget_lacks(session, now() - KEPT):
                pass

    def _clusters(self, asked: Sequence[Asked]) -> list[tuple[list[Asked], NDArray[np.float32]]]:
        """Members of each cluster, newest first, with how alike they are; the largest first."""
        if not asked:
            return []
        encoder = self._open_encoder()
        if encoder is not None:
            vectors, least = encoder.encode([each.question for each in asked]), ALIKE
        else:
            vectors, least = _by_words([each.question for each in asked]), ALIKE_WORDS
        likeness = vectors @ vectors.T
        found = []
        left = np.ones(len(asked), np.bool_)
        while left.any():
            near = (likeness >= least) & left
            first = int(np.argmax(np.where(left, near.sum(1), -1)))
            inside = near[first]
            inside[first] = True
            at = np.flatnonzero(inside)
            found.append(([asked[each] for each in at.tolist()], likeness[np.ix_(at, at)]))
            left &= ~inside
        return sorted(found, key=lambda each: (-len(each[0]), -each[0][0].id))


def _cluster(members: list[Asked], likeness: NDArray[np.float32]) -> Lack:
    typical = members[int(np.argmax(likeness.sum(1)))]
    others = dict.fromkeys([typical.question, *(each.question for each in members)])
    return Lack(
        id=typical.public_id,
        question=typical.question,
        times=len(members),
        questions=tuple(others)[:EXAMPLES],
        channels=tuple(sorted({each.channel for each in members})),
        last=max(each.at for each in members),
    )


def _by_words(questions: Sequence[str]) -> NDArray[np.float32]:
    """Rows of length one, a column for each stem: their products are shares of common words."""
    stems = [set(stemming.stems(question, "en")) for question in questions]
    columns = {stem: at for at, stem in enumerate(sorted(set().union(*stems)))}
    rows = np.zeros((len(questions), max(1, len(columns))), np.float32)
    for row, some in zip(rows, stems, strict=True):
        row[[columns[stem] for stem in some]] = 1
    lengths = np.sqrt(rows.sum(1, keepdims=True))
    rows /= np.maximum(lengths, np.float32(1))
    return rows
