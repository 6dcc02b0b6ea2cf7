"""What passages are found by: their stems (FTS5 or tsvector) and their vectors.

`index` makes a passage findable, `having` names those that have one of some stems, and `stems_of`
gives what a score is computed from. Both databases get the same ready-made stems, so they find and
score the same. Knows nothing of how scores are computed.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, delete, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from store import stemming
from store.models import (
    Article,
    ArticleVector,
    KnowledgeChanges,
    Passage,
    PassageStem,
    PassageVector,
)
from store.models import PassageWords as Words
from store.rows import is_sqlite, upsert

_CHUNK = 500  # rows of one INSERT
_READ = 5000  # rows read at a time

# Stems hold letters, digits and symbols only, so quoting is enough.
_HAVING_SQLITE = text(
    "SELECT rowid FROM passage_index WHERE passage_index MATCH :asked LIMIT :most"
)
_HAVING_POSTGRESQL = text(
    "SELECT id FROM passage_words WHERE array_to_tsvector(string_to_array(words, ' ')) "
    "@@ CAST(:asked AS tsquery) LIMIT :most"
)
_STEMS_SQLITE = text(
    "SELECT id, stems FROM passage_words WHERE id IN (SELECT value FROM json_each(:ids))"
)
_STEMS_POSTGRESQL = text("SELECT id, stems FROM passage_words WHERE id = ANY(:ids)")
# The same on both databases, and many at once: neither is compiled anew for each article.
_MORE = text(
    "INSERT INTO passage_stems (id, passages) VALUES (:id, :times) "
    "ON CONFLICT (id) DO UPDATE SET passages = passage_stems.passages + excluded.passages"
)
_NEWER = (
    "INSERT INTO {kind}_vectors ({kind}_id, encoder, change, vector) "
    "VALUES (:id, :encoder, :change, :vector) ON CONFLICT ({kind}_id) DO UPDATE "
    "SET encoder = excluded.encoder, change = excluded.change, vector = excluded.vector"
)
_VECTORS = (
    "SELECT {kind}_id, vector FROM {kind}_vectors WHERE encoder = :encoder AND change > :after"
)
Kind = Literal["passage", "article"]
_TABLES: dict[Kind, Any] = {"passage": PassageVector, "article": ArticleVector}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passage, or an article's title, that has no vector of this encoder yet."""

    id: int
    title: str
    heading: str
    text: str


def change(session: Session) -> int:
    """Raise the number of changes and return it; other writers of knowledge wait for our commit."""
    row = {"id": 1, "number": 1}
    higher = {"number": KnowledgeChanges.number + 1}
    number: int = upsert(session, KnowledgeChanges, row, ["id"], higher, KnowledgeChanges.number)
    return number


def changes(session: Session) -> int:
    """How often knowledge was changed. Cheap."""
    return session.scalar(select(KnowledgeChanges.number)) or 0


def index(session: Session, passages: Mapping[int, str], language: str) -> None:
    """Make passages (id → text, with what stands above it) findable by these words from now on."""
    unindex(session, list(passages))
    rows, times = [], Counter[int]()
    for passage_id, content in passages.items():
        found = stemming.stems(content, language)
        counted = stemming.counted(found)
        times.update(counted["stem"].tolist())
        words = " ".join(dict.fromkeys(found))
        rows.append(
            {"id": passage_id, "length": len(found), "stems": counted.tobytes(), "words": words}
        )
    _count(session, times)
    for start in range(0, len(rows), _CHUNK):
        session.execute(insert(Words), rows[start : start + _CHUNK])


def unindex(session: Session, ids: Sequence[int]) -> None:
    """Let passages be found by no word; to be called before they are deleted."""
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        times = Counter[int]()
        for stems in session.scalars(select(Words.stems).where(Words.id.in_(some))):
            times.update(np.frombuffer(stems, stemming.COUNTED)["stem"].tolist())
        if times:
            _count(session, Counter({stem: -number for stem, number in times.items()}))
            session.execute(delete(Words).where(Words.id.in_(some)))


def frequencies(session: Session, stems: Sequence[int]) -> dict[int, int]:
    """In how many passages each stem (by its hash) stands; those in none are left out."""
    query = select(PassageStem.id, PassageStem.passages).where(
        PassageStem.id.in_(stems), PassageStem.passages > 0
    )
    return dict(session.execute(query).all())


def having(session: Session, stems: Sequence[str], most: int) -> NDArray[np.int64]:
    """Ids of passages that have at least one of these stems; at most so many, in no order."""
    if is_sqlite(session):
        asked = " OR ".join(f'"{stem}"' for stem in stems)
        found = session.execute(_HAVING_SQLITE, {"asked": asked, "most": most})
    else:
        asked = " | ".join(f"'{stem}'" for stem in stems)
        found = session.execute(_HAVING_POSTGRESQL, {"asked": asked, "most": most})
    return np.array([row[0] for row in found.all()], np.int64)


def stems_of(
    session: Session, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Passages, how many different stems each has, and those stems with counts, one after another.

    Passages that are gone are left out.
    """
    if is_sqlite(session):
        rows = session.execute(_STEMS_SQLITE, {"ids": json.dumps(ids.tolist())}).all()
    else:
        rows = session.execute(_STEMS_POSTGRESQL, {"ids": ids.tolist()}).all()
    size = stemming.COUNTED.itemsize
    found = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    sizes = np.fromiter((len(row[1]) // size for row in rows), np.int64, len(rows))
    return found, sizes, np.frombuffer(b"".join(row[1] for row in rows), stemming.COUNTED)


def lengths(
    session: Session, articles: Sequence[int] | None = None
) -> Iterator[tuple[int, int, int]]:
    """Passage, article and words of every indexed passage, of these articles or of all."""
    query = select(Passage.id, Passage.article_id, Words.length).join(Words, Words.id == Passage.id)
    if articles is None:
        live = query.join(Article).where(Article.deleted_at.is_(None))
        yield from session.execute(live.execution_options(yield_per=_READ))
        return
    for start in range(0, len(articles), _CHUNK):
        some = query.where(Passage.article_id.in_(articles[start : start + _CHUNK]))
        yield from session.execute(some)


def vectors(
    session: Session, kind: Kind, encoder: str, after: int, width: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Vectors written after this number of changes, some thousand at a time: ids and rows."""
    found = session.execute(
        _statement(_VECTORS, kind),
        {"encoder": encoder, "after": after},
        execution_options={"yield_per": _READ},
    )
    for part in found.partitions():
        ids = np.fromiter((row[0] for row in part), np.int64, len(part))
        rows = np.frombuffer(b"".join(row[1] for row in part), "<f4")
        yield ids, rows.reshape(len(part), width)


def waiting(session: Session, kind: Kind, encoder: str, most: int) -> list[Waiting]:
    """What has no vector of this encoder: passages, or titles of articles; the oldest first."""
    if kind == "article":
        titles = select(Article.id, Article.title, literal(""), literal(""))
        query = titles.outerjoin(ArticleVector, ArticleVector.article_id == Article.id)
        query = query.order_by(Article.id)
    else:
        whole = select(Passage.id, Article.title, Passage.heading, Passage.text).join(Article)
        query = whole.outerjoin(PassageVector, PassageVector.passage_id == Passage.id)
        query = query.order_by(Passage.id)
    lacking = query.where(Article.deleted_at.is_(None), _lacks(kind, encoder)).limit(most)
    return [Waiting(*row) for row in session.execute(lacking)]


def count_waiting(session: Session, encoder: str) -> int:
    """How many passages have no vector of this encoder."""
    query = (
        select(func.count())
        .select_from(Passage)
        .join(Article)
        .outerjoin(PassageVector, PassageVector.passage_id == Passage.id)
        .where(Article.deleted_at.is_(None), _lacks("passage", encoder))
    )
    return session.scalar(query) or 0


def put_vectors(
    session: Session, kind: Kind, encoder: str, rows: Mapping[int, NDArray[np.float32]]
) -> None:
    """Keep vectors of passages or titles, by id; of those that went meanwhile nothing is kept."""
    number = change(session)
    of: Any = Passage if kind == "passage" else Article
    there = session.scalars(select(of.id).where(of.id.in_(list(rows)))).all()
    if not there:
        return
    values = [
        {
            "id": row,
            "encoder": encoder,
            "change": number,
            "vector": np.ascontiguousarray(rows[row], "<f4").tobytes(),
        }
        for row in there
    ]
    session.execute(_statement(_NEWER, kind), values)


def touch_vectors(session: Session, article_id: int, number: int) -> None:
    """Let vectors of an article be read again by those who keep a copy: it is back."""
    inside = select(Passage.id).where(Passage.article_id == article_id)
    for held, of in (
        (PassageVector, PassageVector.passage_id.in_(inside)),
        (ArticleVector, ArticleVector.article_id == article_id),
    ):
        session.execute(update(held).where(of).values(change=number))


def forget_vectors(session: Session, ids: Sequence[int]) -> None:
    """Let vectors be computed anew, since what stands above these passages has changed."""
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        session.execute(delete(PassageVector).where(PassageVector.passage_id.in_(some)))


def rebuild(session: Session) -> None:
    """Index every passage; the index must be empty. Vectors are computed by `Knowledge.embed`."""
    for article_id, title, language in session.execute(
        select(Article.id, Article.title, Article.language).order_by(Article.id)
    ).all():
        rows = session.execute(
            select(Passage.id, Passage.heading, Passage.text).where(
                Passage.article_id == article_id
            )
        )
        index(session, {row[0]: read_as(title, row[1], row[2]) for row in rows}, language)


def read_as(title: str, heading: str, content: str) -> str:
    """A passage as it is indexed: with what stands above it."""
    return "\n".join(part for part in (title, heading, content) if part)


@cache
def _statement(template: str, kind: Kind) -> TextClause:
    return text(template.format(kind=kind))


def _lacks(kind: Kind, encoder: str) -> Any:
    held = _TABLES[kind].encoder
    return held.is_(None) | (held != encoder)


def _count(session: Session, times: Counter[int]) -> None:
    """Add to how many passages stems stand in; in one order, so that writers do not cross."""
    rows = [{"id": stem, "times": number} for stem, number in sorted(times.items())]
    if rows:
        session.execute(_MORE, rows)
