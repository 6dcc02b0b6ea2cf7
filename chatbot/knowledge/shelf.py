"""A copy of what is ranked, in memory: passages, what articles they are of, and their vectors.

One float32 matrix of all vectors (154 MB for 100,000 passages at 384 numbers) is multiplied in
one go, which is exact. The copy is brought up to date by the store's number of changes: one cheap
question before each search, and then only what changed is read. Knows nothing of words.
"""

import threading
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from store import articles, passages
from store.articles import Article
from store.engine import Session

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]

_MASKS = 32
"""Filters whose masks are remembered."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What may be found. `tags`: all of them; `language` "": any; `day`: valid on it."""

    internal: bool
    tags: frozenset[str]
    language: str
    day: date

    def lets_in(self, article: Article) -> bool:
        """Whether an article may be found."""
        if article.visibility == "internal" and not self.internal:
            return False
        if self.language and article.language != self.language:
            return False
        if article.valid_from is not None and self.day < article.valid_from:
            return False
        if article.valid_until is not None and self.day > article.valid_until:
            return False
        return self.tags <= set(articles.tags_of(article.tags))


_FIRST = 16
"""Numbers of a vector that are looked at to tell it from none."""


@dataclass(slots=True)
class Held:
    """One state of the shelf. `of` names each passage's article by its place in `articles`.

    Rows of `vectors` and `titles` without a vector are zero, so they are like nothing. Vectors
    that come later are written in place; everything else is made anew.
    """

    ids: Ids
    of: Ids
    lengths: Ids
    articles: list[Article]
    vectors: Scores
    titles: Scores
    masks: dict[Filter, Mask] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Passages."""
        return len(self.ids)

    def has_vector(self, at: Ids) -> Mask:
        """Which of these passages have one: its first numbers are not all zero."""
        return np.asarray(self.vectors[at, :_FIRST].any(axis=1), np.bool_)

    @property
    def languages(self) -> set[str]:
        """Languages of the articles."""
        return {article.language for article in self.articles}

    def places(self, ids: Ids) -> tuple[Ids, Mask]:
        """Where passages stand, and which of the ids are here at all."""
        if not self.size:
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        at = np.minimum(np.searchsorted(self.ids, ids), self.size - 1)
        return at, self.ids[at] == ids

    def allowed(self, wanted: Filter) -> Mask:
        """Which passages may be found."""
        mask = self.masks.get(wanted)
        if mask is None:
            by_article = np.array([wanted.lets_in(each) for each in self.articles], np.bool_)
            mask = by_article[self.of] if self.size else np.zeros(0, np.bool_)
            if len(self.masks) >= _MASKS:
                self.masks.clear()
            self.masks[wanted] = mask
        return mask


class Shelf:
    """The newest state, for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = 0
        self._of = ("", 0)
        self._held = _empty(0)

    def fresh(self, session: Session, encoder: str = "", width: int = 0) -> Held:
        """What the session's moment holds, with vectors of this encoder; "" for none."""
        number = passages.changes(session)
        with self._lock:
            if self._of != (encoder, width):
                self._seen, self._of, self._held = 0, (encoder, width), _empty(width)
            if number > self._seen:
                self._held = self._updated(session)
                self._seen = number
            return self._held

    def _updated(self, session: Session) -> Held:
        changed = list(articles.changed(session, self._seen))
        held = self._moved(session, changed) if changed else self._held
        encoder, width = self._of
        if encoder:
            for ids, rows in passages.vectors(session, "passage", encoder, self._seen, width):
                at, here = held.places(ids)
                held.vectors[at[here]] = rows[here]
            places = {article.id: place for place, article in enumerate(held.articles)}
            for ids, rows in passages.vectors(session, "article", encoder, self._seen, width):
                for article_id, row in zip(ids.tolist(), rows, strict=True):
                    if article_id in places:
                        held.titles[places[article_id]] = row
        return held

    def _moved(self, session: Session, changed: list[Article]) -> Held:
        """The state with these articles in the place of what they were."""
        old, width = self._held, self._of[1]
        gone = {article.id for article in changed}
        live = [article for article in changed if article.deleted_at is None]
        kept = [article for article in old.articles if article.id not in gone]
        every = kept + live
        some = None if self._seen == 0 else [article.id for article in live]
        read = list(passages.lengths(session, some))
        new = np.array(read, np.int64).reshape(-1, 3)
        staying = np.array([article.id not in gone for article in old.articles], np.bool_)
        stays = staying[old.of] if old.size else np.zeros(0, np.bool_)
        article_ids = np.array([article.id for article in old.articles], np.int64)
        ids = np.concatenate([old.ids[stays], new[:, 0]])
        of_ids = np.concatenate([article_ids[old.of[stays]] if old.size else new[:0, 1], new[:, 1]])
        lengths = np.concatenate([old.lengths[stays], new[:, 2]])
        order = np.argsort(ids)
        place = {article.id: at for at, article in enumerate(every)}
        of = np.array([place[each] for each in of_ids[order].tolist()], np.int64)
        held = Held(
            ids[order], of, lengths[order], every, _rows(len(ids), width), _rows(len(every), width)
        )
        at, here = held.places(old.ids)  # a passage that stayed in a changed article, too
        held.vectors[at[here]] = old.vectors[here]
        for number, article in enumerate(old.articles):
            if article.id in place:
                held.titles[place[article.id]] = old.titles[number]
        return held


def _rows(count: int, width: int) -> Scores:
    return np.zeros((count, width), np.float32)


def _empty(width: int) -> Held:
    none = np.zeros(0, np.int64)
    return Held(none, none, none, [], _rows(0, width), _rows(0, width))
