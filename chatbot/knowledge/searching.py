"""One search: filters, then words and meaning over what is left, then one score.

    question ─▶ encoder ─▶ cosine with every allowed passage and title ─┐
             └▶ stems ─▶ FTS5 or tsvector ─▶ BM25 of the candidates ────┴▶ sum ─▶ hits

Without an encoder, or before vectors are computed, words alone decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chatbot.archive import Archive
from chatbot.knowledge import scoring
from chatbot.knowledge.scoring import Ids, Scores
from chatbot.knowledge.shelf import Filter, Held, Mask, Shelf
from chatbot.knowledge.views import By, Hit, OpenEncoder
from store import articles, passages, stemming
from store.articles import Article, Passage
from store.engine import Session

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

CANDIDATES = 2000
"""Passages whose words are scored: those that have the question's rarest words."""

LONGEST = 4000
"""Characters of a question that are read, the last ones."""

TITLES = 100
"""Articles that may be found by their title: those whose titles are most like the question."""

_MOST_IDS = 20_000
_STEMS = 64
"""Different words of a question that are looked up at most, the rarest."""

_NO_WORDS = (np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scores of every passage of a shelf; where a passage may not be found, minus infinity."""

    total: Scores
    meaning: Scores
    words: Scores


class Searching:
    """Finds passages. May be shared by threads."""

    def __init__(self, archive: Archive, open_encoder: OpenEncoder) -> None:
        self._archive = archive
        self._open_encoder = open_encoder
        self._shelf = Shelf()

    def search(
        self,
        question: str,
        earlier: Sequence[str],
        wanted: Filter,
        most: int,
        by: By = "both",
    ) -> list[Hit]:
        """The `most` best passages. Raises StoreUnavailable, ModelUnavailable, ModelCorrupt."""
        text = "\n".join([*earlier, question])[-LONGEST:].strip()
        if not text or most < 1:
            return []
        encoder = self._open_encoder() if by != "words" else None
        # One after the other: side by side both take longer, for the encoder wants every core.
        vector = encoder.encode([text])[0] if encoder else None
        with self._archive.main.reading() as session:
            held = self._fresh(session, encoder)
            allowed = held.allowed(wanted)
            if not allowed.any():
                return []
            words = _NO_WORDS
            if by != "meaning":
                words = _by_words(session, held, text, allowed, later=any(earlier))
        ranked = _ranked(held, allowed, words, vector)
        best = _best(ranked.total, most)
        with self._archive.main.reading() as session:
            shown = articles.shown(session, held.ids[best].tolist())
        return _hits(held, shown, ranked, best)

    def _fresh(self, session: Session, encoder: "Encoder | None") -> Held:
        if encoder is None:
            return self._shelf.fresh(session)
        return self._shelf.fresh(session, name_of(encoder), encoder.width)


def _by_words(
    session: Session, held: Held, text: str, allowed: Mask, *, later: bool
) -> tuple[Ids, Scores]:
    """Places of passages that share words with the text, and their weighed BM25.

    A passage whose vector is not computed yet is weighed as where there is no encoder.
    """
    by_language = [set(stemming.stems(text, each)) for each in sorted(held.languages)]
    stems = {stemming.key(stem): stem for some in by_language for stem in some}
    within = passages.frequencies(session, list(stems))
    rarest = sorted(within, key=lambda stem: (within[stem], stem))[:_STEMS]
    chosen = _enough(rarest, within)
    if not chosen:
        return _NO_WORDS
    ids = passages.having(session, [stems[stem] for stem in chosen], _MOST_IDS)
    at, here = held.places(ids)
    here &= allowed[at]
    found, sizes, counted = passages.stems_of(session, ids[here][:CANDIDATES])
    at, _ = held.places(found)
    question = scoring.asked(
        {stem: within[stem] for stem in rarest}, held.size, max(map(len, by_language))
    )
    mean = float(held.lengths.mean())
    scores = scoring.by_words(question, sizes, counted, held.lengths[at], mean)
    beside = scoring.weight(question, later=later)
    alone = scoring.weight(question, alone=True)
    return at, (scores * np.where(held.has_vector(at), beside, alone)).astype(np.float32)


def name_of(encoder: "Encoder") -> str:
    """By what vectors are known: other weights, or another width, are other vectors."""
    return f"{encoder.name}/{encoder.width}"


def _enough(rarest: Sequence[int], within: dict[int, int]) -> list[int]:
    """The rarest stems that together lead to enough candidates."""
    chosen, reached = [], 0
    for stem in rarest:
        chosen.append(stem)
        reached += within[stem]
        if reached >= CANDIDATES:
            break
    return chosen


def _ranked(
    held: Held, allowed: Mask, looked_up: tuple[Ids, Scores], vector: Scores | None
) -> Ranked:
    words = np.zeros(held.size, np.float32)
    words[looked_up[0]] = looked_up[1]
    meaning = np.zeros(held.size, np.float32) if vector is None else held.vectors @ vector
    if vector is not None:
        _lift(held, allowed, meaning, words, held.titles @ vector)
    total = np.where(allowed & ((words > 0) | (meaning != 0)), meaning + words, -np.inf)
    return Ranked(total.astype(np.float32), meaning, words)


def _lift(held: Held, allowed: Mask, meaning: Scores, words: Scores, titles: Scores) -> None:
    """An article is also found by its title: where that is more like the question than any of
    its passages, the best passage scores as the title would.
    """
    may = np.zeros(len(titles), np.bool_)
    may[held.of[allowed]] = True
    liked = np.zeros(len(titles), np.bool_)
    liked[_best(np.where(may, titles, -np.inf), TITLES)] = True
    rows = np.flatnonzero(allowed & liked[held.of])
    of, title = held.of[rows], titles[held.of[rows]] + words[rows]
    passage = meaning[rows] + words[rows]
    best = _best_of_each(of, passage)
    score = np.maximum(passage[best], title[_best_of_each(of, title)])
    meaning[rows[best]] = score - words[rows[best]]


def _best_of_each(of: Ids, total: Scores) -> Ids:
    """The place of the best one of each article, in the order of articles."""
    order = np.lexsort((total, of))
    best: Ids = order[np.flatnonzero(np.diff(of[order], append=-1))]
    return best


def _best(total: Scores, most: int) -> Ids:
    """Places of the best, the best first; equal ones in the order of passages."""
    some = np.argpartition(-total, most)[:most] if most < len(total) else np.arange(len(total))
    some = some[np.isfinite(total[some])]
    order: Ids = some[np.lexsort((some, -total[some]))]
    return order


def _hits(
    held: Held, shown: Mapping[int, tuple[Article, Passage]], ranked: Ranked, best: Ids
) -> list[Hit]:
    hits = []
    for at in best.tolist():
        if (pair := shown.get(int(held.ids[at]))) is None:
            continue
        article, passage = pair
        hits.append(
            Hit(
                passage=passage.public_id,
                article=article.public_id,
                title=article.title,
                heading=passage.heading,
                text=passage.text,
                internal=article.visibility == "internal",
                language=article.language,
                score=float(ranked.total[at]),
                text_rank=_rank(ranked.words, at, ranked.total),
                meaning_rank=_rank(ranked.meaning, at, ranked.total),
                start=passage.start,
                meaning=float(ranked.meaning[at]),
                words=float(ranked.words[at]),
            )
        )
    return hits


def _rank(half: Scores, at: int, total: Scores) -> int | None:
    """Which place a passage has in one half, among those that may be found."""
    if half[at] == 0:
        return None
    return 1 + int(np.count_nonzero((half > half[at]) & np.isfinite(total)))
