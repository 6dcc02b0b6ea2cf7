"""Articles in: from files, from the editor, out again and back.

Every article is a transaction of its own, so that an import that is cut off leaves whole articles,
and the next one goes on where it stopped: what is there unchanged is left alone.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence, Sized
from datetime import date

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.documents import Bad, Parsed, cut, parse_text
from chatbot.errors import ChatbotError, Conflict, EmptyText, NotAllowed, Refused, StoreUnavailable
from chatbot.knowledge.access import require_writer
from chatbot.knowledge.views import Added, Tell, Visibility
from store import articles
from store.articles import Content, Piece
from store.records import Person

READ_FOR_LANGUAGE = 2000
"""Characters of an article that its language is told from."""

_WORD = re.compile(r"\w+")

EMPTY = "The article is empty. Write a title and a text, then save it again."
MOST_TITLE = 500
"""Characters of a title."""


class Writing:
    """Writes articles, for those who may."""

    def __init__(self, archive: Archive, audit: Audit, language: Callable[[str], str]) -> None:
        self._archive = archive
        self._audit = audit
        self._language = language

    def add(
        self,
        person: Person,
        parsed: Parsed | Bad | Iterable[Parsed | Bad],
        tell: Tell | None,
        visibility: Visibility,
    ) -> Added:
        """See `Knowledge.add`."""
        with self._archive.main.reading() as session:
            require_writer(session, person)
        each = [parsed] if isinstance(parsed, Parsed | Bad) else parsed
        total = len(each) if isinstance(each, Sized) else 0
        counts = {"new": 0, "changed": 0, "unchanged": 0}
        refused: list[tuple[str, str]] = []
        taken: list[str] = []
        for number, one in enumerate(each, 1):
            if isinstance(one, Bad):
                refused.append((one.source, one.reason))
            else:
                try:
                    kind, article = self._take(person, one, visibility)
                    counts[kind] += 1
                    taken.append(article)
                except (StoreUnavailable, NotAllowed):
                    raise
                except ChatbotError as error:
                    refused.append((one.source or one.title, str(error)))
            if tell is not None:
                tell(number, total)
        if taken:
            known = {name: n for name, n in counts.items() if n}
            self._audit.note(
                person, "articles_added", "article", taken[0] if len(taken) == 1 else "", **known
            )
        return Added(**counts, refused=tuple(refused), articles=tuple(taken))

    def write(
        self,
        person: Person,
        article_id: str | None,
        parsed: Parsed,
        visibility: Visibility,
        base_version: int | None,
    ) -> str:
        """See `Knowledge.write`; returns the public id. `parsed` is what the editor holds."""
        with self._archive.main.writing() as session:
            require_writer(session, person)
            known = None if article_id is None else articles.get(session, article_id)
            if known is not None and base_version is not None and known.version != base_version:
                raise Conflict(
                    "Somebody saved this article meanwhile. Copy what you wrote, then load it."
                )
            content, pieces = self._content(parsed, visibility, known)
            if known is None:
                saved = articles.create(session, content, pieces, sha="", author_id=person.id)
            else:
                saved = articles.change(
                    session, known, content, pieces, sha=None, author_id=person.id
                )
            action = "article_written" if known else "article_added"
            self._audit.note_in(session, person, action, "article", saved.public_id)
        return saved.public_id

    def set_visibility(self, person: Person, article_id: str, visibility: Visibility) -> None:
        """See `Knowledge.set_visibility`."""
        with self._archive.main.writing() as session:
            require_writer(session, person)
            articles.set_visibility(session, articles.get(session, article_id), visibility)
            self._audit.note_in(
                session, person, "article_shown_to", "article", article_id, visibility=visibility
            )

    def remove(self, person: Person, article_id: str) -> None:
        """See `Knowledge.remove`."""
        with self._archive.main.writing() as session:
            require_writer(session, person)
            articles.remove(session, articles.get(session, article_id))
            self._audit.note_in(session, person, "article_removed", "article", article_id)

    def restore(self, person: Person, article_id: str) -> None:
        """See `Knowledge.restore`."""
        with self._archive.main.writing() as session:
            require_writer(session, person)
            articles.restore(session, article_id)
            self._audit.note_in(session, person, "article_restored", "article", article_id)

    def _take(self, person: Person, parsed: Parsed, visibility: Visibility) -> tuple[str, str]:
        """One article of an import: what happened to it, and its public id."""
        sha = _sha(parsed)
        with self._archive.main.writing() as session:
            require_writer(session, person)
            known = articles.by_source(session, parsed.source) if parsed.source else None
            if known is None:
                content, pieces = self._content(parsed, visibility, None)
                made = articles.create(session, content, pieces, sha=sha, author_id=person.id)
                return "new", made.public_id
            if known.sha == sha:
                return "unchanged", known.public_id
            content, pieces = self._content(parsed, known_visibility(known), known)
            articles.change(session, known, content, pieces, sha=sha, author_id=person.id)
            return "changed", known.public_id

    def _content(
        self, parsed: Parsed, visibility: Visibility, known: articles.Article | None
    ) -> tuple[Content, list[Piece]]:
        title = " ".join(parsed.title.split())[:MOST_TITLE]
        pieces = [
            Piece(each.heading, each.text, each.start, len(_WORD.findall(each.text)))
            for each in cut(parsed)
        ]
        if not title or not pieces:
            raise EmptyText(EMPTY)
        text = "\n".join([title, *(piece.text for piece in pieces[:3])])[:READ_FOR_LANGUAGE]
        content = Content(
            title=title,
            sections=tuple((section.heading, section.text) for section in parsed.sections),
            visibility=parsed.visibility or visibility,
            tags=_tags(parsed.tags),
            language=(parsed.language or self._language(text))[:20].lower(),
            owner=(parsed.owner or (known.owner if known else ""))[:200],
            valid_from=parsed.valid_from,
            valid_until=parsed.valid_until,
            source=known.source if known else parsed.source,
        )
        return content, pieces


def from_editor(
    title: str,
    text: str,
    tags: Sequence[str],
    language: str,
    valid_from: date | None,
    valid_until: date | None,
) -> Parsed:
    """What an editor's fields hold, as an article.

    Raises Refused: dates in the wrong order, or a text that cannot be read.
    """
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise Refused("The article ends before it begins. Change one of the two dates.")
    if not text.strip():
        raise EmptyText(EMPTY)
    try:
        read = parse_text(text, title=title.strip())
    except ValueError as error:
        raise Refused(str(error)) from error
    return Parsed(
        title=read.title,
        sections=read.sections,
        tags=tuple(tags),
        language=language,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def known_visibility(article: articles.Article) -> Visibility:
    """Who sees an article now."""
    return "internal" if article.visibility == "internal" else "public"


def visibility_of(word: str) -> Visibility:
    """A word that came from outside. Raises Refused."""
    if word == "public":
        return "public"
    if word == "internal":
        return "internal"
    raise Refused("An article is `public` or `internal`.")


def _tags(given: Sequence[str]) -> tuple[str, ...]:
    """Tags without blanks around them, each once, whatever its case."""
    found: dict[str, str] = {}
    for tag in given:
        clean = " ".join(tag.split())[:60]
        if clean:
            found.setdefault(clean.casefold(), clean)
    return tuple(found.values())


def _sha(parsed: Parsed) -> str:
    held = [
        parsed.title,
        [[section.heading, section.text] for section in parsed.sections],
        parsed.tags,
        parsed.language,
        parsed.visibility,
        parsed.owner,
        str(parsed.valid_from),
        str(parsed.valid_until),
    ]
    written = json.dumps(held, ensure_ascii=False).encode(errors="surrogatepass")
    return hashlib.sha256(written).hexdigest()
