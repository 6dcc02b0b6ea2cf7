"""Articles in a list, and how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from store import folding
from store.articles import ARTICLE, LIVE, Article, get, tags_of
from store.models import Article as Row

# Made once: every turn asks it, and making a query costs more than asking one.
_ANY = select(Row.id).where(LIVE, Row.passages > 0).limit(1)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many articles and passages there are, and how many articles have a tag or language."""

    public: int = 0
    internal: int = 0
    passages: int = 0
    tags: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)


def listing(
    session: Session,
    *,
    text: str = "",
    visibility: str = "",
    tag: str = "",
    limit: int = 100,
    after: str | None = None,
) -> list[Article]:
    """Articles, the latest changed first; `after`: the public id of the last one already had."""
    query = select(*ARTICLE).where(LIVE)
    for word in folding.fold(text).split():
        query = query.where(Row.folded.contains(word, autoescape=True))
    if visibility:
        query = query.where(Row.visibility == visibility)
    if tag:
        query = query.where(Row.tags.contains(f"\n{tag}\n", autoescape=True))
    if after is not None:
        last = get(session, after, removed=True)
        query = query.where(tuple_(Row.changed_at, Row.id) < (last.changed_at, last.id))
    ordered = query.order_by(Row.changed_at.desc(), Row.id.desc()).limit(limit)
    return [Article(*row) for row in session.execute(ordered)]


def is_empty(session: Session) -> bool:
    """Whether no article has a passage."""
    return session.scalar(_ANY) is None


def totals(session: Session) -> Totals:
    """How many there are of everything."""
    counted = select(Row.visibility, func.count(), func.sum(Row.passages)).where(LIVE)
    kinds = {kind: (n, int(some or 0)) for kind, n, some in session.execute(
        counted.group_by(Row.visibility))}  # fmt: skip
    languages = select(Row.language, func.count()).where(LIVE).group_by(Row.language)
    tags: dict[str, int] = {}
    tagged = select(Row.tags, func.count()).where(LIVE, Row.tags != "").group_by(Row.tags)
    for joined, number in session.execute(tagged):
        for tag in tags_of(joined):
            tags[tag] = tags.get(tag, 0) + number
    return Totals(
        public=kinds.get("public", (0, 0))[0],
        internal=kinds.get("internal", (0, 0))[0],
        passages=sum(some for _, some in kinds.values()),
        tags=tags,
        languages=dict(session.execute(languages).all()),
    )
