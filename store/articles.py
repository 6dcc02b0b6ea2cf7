"""Articles: written as versions, cut into passages, listed, removed and brought back.

Who writes raises the number of changes first, so writers wait for each other and readers with a
copy in memory know what to read again. Knows nothing of files, scores or who may do what.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from store import folding, passages
from store.columns import now
from store.errors import Conflict, NotFound
from store.models import Article as Row
from store.models import ArticleVector, PassageVector, User
from store.models import ArticleVersion as VersionRow
from store.models import Passage as PassageRow
from store.rows import columns_of

_CHUNK = 500
_PURGED = 20  # articles removed for good at a time


@dataclass(frozen=True, slots=True)
class Content:
    """What an article holds. `sections`: a path of headings and the text under it, each."""

    title: str
    sections: tuple[tuple[tuple[str, ...], str], ...]
    visibility: str
    tags: tuple[str, ...] = ()
    language: str = ""
    owner: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be kept; `start` is its first character, `tokens` counts its words."""

    heading: str
    text: str
    start: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Article:
    """An article without its texts. `id` stays inside; `tags` stand between line feeds."""

    id: int
    public_id: str
    source: str
    title: str
    visibility: str
    language: str
    tags: str
    owner: str
    valid_from: date | None
    valid_until: date | None
    version: int
    sha: str
    passages: int
    change: int
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as it is kept."""

    id: int
    public_id: str
    article_id: int
    number: int
    start: int
    tokens: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """What an article held; `author` is a name, empty when it is not known any more."""

    number: int
    content: dict[str, Any]
    author: str
    created_at: datetime


ARTICLE = columns_of(Row, Article)
"""The columns of an article's record."""

LIVE = Row.deleted_at.is_(None)
"""Articles that are not removed."""

_PASSAGE = columns_of(PassageRow, Passage)


def create(
    session: Session, content: Content, pieces: Sequence[Piece], *, sha: str, author_id: int | None
) -> Article:
    """A new article, version 1. Raises `Conflict` when its source has one, `UnstorableText`."""
    change = passages.change(session)
    row = Row(version=1, sha=sha, passages=len(pieces), change=change, **_fields(content))
    row.changed_by = author_id
    session.add(row)
    session.flush()
    _keep_version(session, row.id, 1, content, author_id)
    _cut(session, row.id, content, pieces, anew=False)
    return get(session, row.public_id)


def change(
    session: Session,
    article: Article,
    content: Content,
    pieces: Sequence[Piece],
    *,
    sha: str | None,
    author_id: int | None,
) -> Article:
    """One more version of an article. `sha` None: of what was imported, as before.

    Raises `Conflict` when somebody saved one after `article` was read, `UnstorableText`.
    """
    number = article.version + 1
    values: dict[str, Any] = _fields(content) | {
        "version": number,
        "sha": article.sha if sha is None else sha,
        "passages": len(pieces),
        "change": passages.change(session),
        "changed_at": now(),
        "changed_by": author_id,
    }
    unchanged = (Row.id == article.id, Row.version == article.version, LIVE)
    saved = update(Row).where(*unchanged).values(**values).returning(Row.id)
    if session.execute(saved).one_or_none() is None:
        raise Conflict("Somebody saved this article meanwhile. Copy what you wrote, then load it.")
    _keep_version(session, article.id, number, content, author_id)
    anew = (article.title, article.language) != (content.title, content.language)
    if article.title != content.title:
        session.execute(delete(ArticleVector).where(ArticleVector.article_id == article.id))
    _cut(session, article.id, content, pieces, anew=anew)
    return get(session, article.public_id)


def set_visibility(session: Session, article: Article, visibility: str) -> None:
    """Make an article public or internal, from the next search on."""
    values = {"visibility": visibility, "change": passages.change(session), "changed_at": now()}
    session.execute(update(Row).where(Row.id == article.id).values(**values))


def remove(session: Session, article: Article) -> None:
    """Take an article out of everything; `restore` brings it back until it is purged."""
    values = {"deleted_at": now(), "change": passages.change(session)}
    session.execute(update(Row).where(Row.id == article.id, LIVE).values(**values))


def restore(session: Session, public_id: str) -> Article:
    """Bring a removed article back. Raises `NotFound`, `Conflict` (its source has another now)."""
    removed = get(session, public_id, removed=True)
    if removed.source and by_source(session, removed.source) not in (None, removed):
        raise Conflict("Its file was imported again meanwhile, so the article is there already.")
    number = passages.change(session)
    back = update(Row).where(Row.id == removed.id).values(deleted_at=None, change=number)
    session.execute(back)
    passages.touch_vectors(session, removed.id, number)
    return get(session, public_id)


def purge(session: Session, older: timedelta) -> int:
    """Remove for good some of what was removed so long ago; how many. Call it until it gives 0."""
    query = select(Row.id).where(Row.deleted_at < now() - older).limit(_PURGED)
    ids = list(session.scalars(query))
    if ids:
        _purge(session, ids)
    return len(ids)


def purge_sources(session: Session, beginning: str) -> int:
    """Remove for good some articles whose source begins so; how many. Call it until it gives 0."""
    query = select(Row.id).where(Row.source.startswith(beginning, autoescape=True)).limit(_PURGED)
    ids = list(session.scalars(query))
    if ids:
        _purge(session, ids)
    return len(ids)


def count_sources(session: Session, beginning: str) -> int:
    """How many articles have a source that begins so, removed ones too."""
    own = Row.source.startswith(beginning, autoescape=True)
    return session.scalar(select(func.count()).select_from(Row).where(own)) or 0


def get(session: Session, public_id: str, *, removed: bool = False) -> Article:
    """An article; with `removed` also one that is to be purged. Raises `NotFound`."""
    query = select(*ARTICLE).where(Row.public_id == public_id)
    found = session.execute(query if removed else query.where(LIVE)).one_or_none()
    if found is None:
        raise NotFound("This article")
    return Article(*found)


def by_source(session: Session, source: str) -> Article | None:
    """The article that was imported from there."""
    found = session.execute(select(*ARTICLE).where(Row.source == source, LIVE)).one_or_none()
    return None if found is None else Article(*found)


def changed(session: Session, after: int) -> Iterator[Article]:
    """Articles changed after this number of changes, removed ones too; from 0 on, all others."""
    query = select(*ARTICLE).where(Row.change > after)
    if after == 0:
        query = query.where(LIVE)
    for row in session.execute(query.execution_options(yield_per=_CHUNK)):
        yield Article(*row)


def versions(session: Session, article: Article) -> list[Version]:
    """What an article held, the newest first."""
    query = (
        select(VersionRow.number, VersionRow.content, func.coalesce(User.name, ""),
               VersionRow.created_at)
        .outerjoin(User, User.id == VersionRow.author_id)
        .where(VersionRow.article_id == article.id)
        .order_by(VersionRow.number.desc())
    )  # fmt: skip
    return [Version(*row) for row in session.execute(query)]


def pieces_of(session: Session, article: Article) -> list[Passage]:
    """The passages of an article in their order."""
    query = select(*_PASSAGE).where(PassageRow.article_id == article.id)
    return [Passage(*row) for row in session.execute(query.order_by(PassageRow.number))]


def passage(session: Session, public_id: str) -> tuple[str, Passage] | None:
    """A passage and the public id of its article; None where there is none."""
    query = select(Row.public_id, *_PASSAGE).join(Row, Row.id == PassageRow.article_id)
    found = session.execute(query.where(PassageRow.public_id == public_id, LIVE)).one_or_none()
    return None if found is None else (found[0], Passage(*found[1:]))


def shown(session: Session, ids: Sequence[int]) -> dict[int, tuple[Article, Passage]]:
    """Passages with their articles, by the passages' ids; removed ones are left out."""
    query = select(*_PASSAGE, *ARTICLE).join(Row, Row.id == PassageRow.article_id)
    parts = len(_PASSAGE)
    return {
        row[0]: (Article(*row[parts:]), Passage(*row[:parts]))
        for row in session.execute(query.where(PassageRow.id.in_(ids), LIVE))
    }


def embedded(session: Session, articles: Sequence[int], encoder: str) -> dict[int, set[int]]:
    """Passages that have a vector of this encoder, by article."""
    query = (
        select(PassageRow.article_id, PassageRow.id)
        .join(PassageVector, PassageVector.passage_id == PassageRow.id)
        .where(PassageRow.article_id.in_(articles), PassageVector.encoder == encoder)
    )
    found: dict[int, set[int]] = {}
    for article_id, passage_id in session.execute(query):
        found.setdefault(article_id, set()).add(passage_id)
    return found


def tags_of(joined: str) -> tuple[str, ...]:
    """Tags out of their column."""
    return tuple(tag for tag in joined.split("\n") if tag)


def _fields(content: Content) -> dict[str, Any]:
    tags = "\n".join(content.tags)
    return {
        "source": content.source,
        "title": content.title,
        "visibility": content.visibility,
        "language": content.language,
        "tags": f"\n{tags}\n" if tags else "",
        "owner": content.owner,
        "valid_from": content.valid_from,
        "valid_until": content.valid_until,
        "folded": folding.fold(f"{content.title}\n{content.source}"),
    }


def _keep_version(
    session: Session, article_id: int, number: int, content: Content, author_id: int | None
) -> None:
    kept = {
        "title": content.title,
        "sections": [[list(heading), text] for heading, text in content.sections],
        "tags": list(content.tags),
        "language": content.language,
    }
    session.add(VersionRow(article_id=article_id, number=number, content=kept, author_id=author_id))


def _cut(
    session: Session, article_id: int, content: Content, pieces: Sequence[Piece], *, anew: bool
) -> None:
    """Replace the passages; those that stay keep their rows, and (unless `anew`) their vectors."""
    query = select(PassageRow).where(PassageRow.article_id == article_id)
    old: dict[tuple[str, str], list[PassageRow]] = {}
    for row in session.scalars(query.order_by(PassageRow.number)):
        old.setdefault((row.heading, row.text), []).append(row)
    kept: list[PassageRow] = []
    made: list[PassageRow] = []
    for number, piece in enumerate(pieces, 1):
        known = old.get((piece.heading, piece.text))
        if known:
            kept.append(known.pop(0))
            kept[-1].number, kept[-1].start = number, piece.start
        else:
            made.append(PassageRow(
                article_id=article_id, number=number, start=piece.start, tokens=piece.tokens,
                heading=piece.heading, text=piece.text,
            ))  # fmt: skip
    _drop(session, [row.id for rows in old.values() for row in rows])
    session.add_all(made)
    session.flush()
    if anew:
        passages.forget_vectors(session, [row.id for row in kept])
    found = {
        row.id: passages.read_as(content.title, row.heading, row.text)
        for row in (made + kept if anew else made)
    }
    passages.index(session, found, content.language)


def _drop(session: Session, ids: list[int]) -> None:
    passages.unindex(session, ids)
    for start in range(0, len(ids), _CHUNK):
        session.execute(delete(PassageRow).where(PassageRow.id.in_(ids[start : start + _CHUNK])))


def _purge(session: Session, ids: list[int]) -> None:
    passages.change(session)
    query = select(PassageRow.id).where(PassageRow.article_id.in_(ids))
    _drop(session, list(session.scalars(query)))
    session.execute(delete(Row).where(Row.id.in_(ids)))
