"""Articles as people see them: lists, one article, and the way from a citation to its passage."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chatbot.archive import Archive
from chatbot.documents import Parsed, Section, markdown_of
from chatbot.errors import NotFound
from chatbot.knowledge.access import require_reader
from chatbot.knowledge.views import Article, Counts, Listing, Piece, Row, Version
from chatbot.knowledge.writing import known_visibility
from store import article_lists, articles, knowledge_uses
from store.columns import now
from store.engine import Session
from store.records import Person

MOST_ROWS = 500
RECENTLY = timedelta(days=30)
"""How long a citation is counted as recent."""


class Reading:
    """Shows articles, to those who may read them. `encoder`: whose vectors are counted."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def articles(
        self,
        person: Person,
        encoder: str,
        *,
        text: str,
        visibility: str,
        tag: str,
        limit: int,
        after: str | None,
    ) -> Listing:
        """See `Knowledge.articles`."""
        limit = max(1, min(limit, MOST_ROWS))
        with self._archive.main.reading() as session:
            require_reader(session, person)
            found = article_lists.listing(
                session, text=text, visibility=visibility, tag=tag, limit=limit + 1, after=after
            )
            rows = _rows(session, found[:limit], encoder)
            totals = article_lists.totals(session)
        counts = Counts(
            all=totals.public + totals.internal,
            public=totals.public,
            internal=totals.internal,
            passages=totals.passages,
            tags=tuple(sorted(totals.tags.items(), key=lambda each: (-each[1], each[0]))),
            languages=tuple(sorted(totals.languages.items(), key=lambda each: (-each[1], each[0]))),
        )
        return Listing(tuple(rows), counts, rows[-1].id if len(found) > limit else None)

    def article(self, person: Person, article_id: str, encoder: str) -> Article:
        """See `Knowledge.article`."""
        with self._archive.main.reading() as session:
            require_reader(session, person)
            return _article(session, article_id, encoder)

    def passage(self, person: Person, passage_id: str, encoder: str) -> tuple[Article, int | None]:
        """See `Knowledge.passage`."""
        with self._archive.main.reading() as session:
            require_reader(session, person)
            found = articles.passage(session, passage_id)
            if found is not None:
                return _article(session, found[0], encoder), found[1].number
            once = knowledge_uses.article_cited_as(session, passage_id)
            if once is None:
                raise NotFound
            return _article(session, once, encoder), None


def _rows(session: Session, found: list[articles.Article], encoder: str) -> list[Row]:
    ids = [article.id for article in found]
    cited = knowledge_uses.cited(session, ids, now() - RECENTLY)
    embedded = articles.embedded(session, ids, encoder)
    return [
        Row(
            id=each.public_id,
            title=each.title,
            source=each.source,
            visibility=known_visibility(each),
            language=each.language,
            tags=articles.tags_of(each.tags),
            owner=each.owner,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            passages=each.passages,
            embedded=len(embedded.get(each.id, ())),
            cited_30d=cited.get(each.id, 0),
            version=each.version,
            changed_at=each.changed_at,
        )
        for each in found
    ]


def _article(session: Session, public_id: str, encoder: str) -> Article:
    found = articles.get(session, public_id, removed=True)
    versions = articles.versions(session, found)
    embedded = articles.embedded(session, [found.id], encoder).get(found.id, set())
    recent = knowledge_uses.cited_passages(session, found.id, now() - RECENTLY)
    cited, down = knowledge_uses.judged(session, found.id)
    return Article(
        row=_rows(session, [found], encoder)[0],
        text=_written(versions[0].content),
        pieces=tuple(
            Piece(
                passage=each.public_id,
                number=each.number,
                heading=each.heading,
                text=each.text,
                start=each.start,
                tokens=each.tokens,
                embedded=each.id in embedded,
                cited_30d=recent.get(each.public_id, 0),
            )
            for each in articles.pieces_of(session, found)
        ),
        versions=tuple(
            Version(each.number, str(each.content["title"]), each.author, each.created_at)
            for each in versions
        ),
        cited=cited,
        rated_down=down,
        created_at=found.created_at,
        removed=found.deleted_at is not None,
    )


def _written(content: Mapping[str, Any]) -> str:
    """What a version holds as an editor shows it: Markdown."""
    sections = tuple(Section(tuple(heading), text) for heading, text in content["sections"])
    return markdown_of(Parsed(title=str(content["title"]), sections=sections))
