"""The one door of knowledge: articles are written, listed, searched and cited through it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.documents import Bad, Parsed
from chatbot.knowledge.access import READERS
from chatbot.knowledge.embedding import Embedding
from chatbot.knowledge.lacking import Lacking
from chatbot.knowledge.reading import Reading
from chatbot.knowledge.scoring import fits
from chatbot.knowledge.searching import Searching, name_of
from chatbot.knowledge.shelf import Filter
from chatbot.knowledge.views import (
    Added,
    Article,
    By,
    Hit,
    Lack,
    Listing,
    OpenEncoder,
    State,
    Tell,
    Visibility,
)
from chatbot.knowledge.writing import Writing, from_editor, visibility_of
from store import article_lists, articles, knowledge_uses
from store.records import Person

KEPT_REMOVED = timedelta(days=7)
"""How long a removed article can be restored."""


class Knowledge:
    """Articles in, passages out. Blocking; may be shared by threads.

    Agents, authors, reviewers and administrators read and search; agents, authors and
    administrators write. Chatters reach knowledge through answers alone.
    """

    def __init__(self, archive: Archive, audit: Audit, open_encoder: OpenEncoder) -> None:
        self._archive = archive
        self._open_encoder = open_encoder
        self._searching = Searching(archive, open_encoder)
        self._writing = Writing(archive, audit, _language_of)
        self._reading = Reading(archive)
        self._embedding = Embedding(archive, open_encoder)
        self._lacking = Lacking(archive, open_encoder)

    def search(
        self,
        question: str,
        *,
        earlier: Sequence[str] = (),
        most: int = 5,
        internal: bool = False,
        tags: Sequence[str] = (),
        language: str = "",
        least: float | None = None,
        by: By = "both",
    ) -> list[Hit]:
        """The passages that fit a question best, the best first; `earlier`: turns before it.

        Only articles that are valid today; `internal` lets internal ones in. All filters apply
        before anything is ranked. Hits that score less than `least` are left out; `by` leaves one
        of the two halves out.
        Raises StoreUnavailable.
        """
        wanted = Filter(internal, frozenset(tags), language, date.today())  # noqa: DTZ011  ours
        hits = self._searching.search(question, earlier, wanted, most, by)
        return hits if least is None else [hit for hit in hits if hit.score >= least]

    @staticmethod
    def may_see_internal(person: Person) -> bool:
        """Whether internal articles are shown to this person."""
        return any(role in READERS for role in person.roles)

    def empty(self) -> bool:
        """Whether there is no passage. Cheap. Raises StoreUnavailable."""
        with self._archive.main.reading() as session:
            return article_lists.is_empty(session)

    def is_fitting(self, hits: Sequence[Hit]) -> bool:
        """Whether the best hit is likely about the question."""
        return fits(hits)

    def lacked(self, question: str, channel: str) -> None:
        """Note that nothing was found for a question; personal values are masked first.

        Raises StoreUnavailable.
        """
        self._lacking.lacked(question, channel)

    def lacking(self, person: Person, days: int = 30) -> list[Lack]:
        """What was asked and not found, like questions together, the most frequent first.

        Raises NotAllowed, StoreUnavailable.
        """
        return self._lacking.lacking(person, days)

    def drop_lack(self, person: Person, lack_id: str, days: int = 30) -> None:
        """Take questions off the list: those that were listed with this one over those days.

        Raises NotFound, NotAllowed, StoreUnavailable.
        """
        self._lacking.drop(person, lack_id, days)

    def articles(
        self,
        person: Person,
        *,
        text: str = "",
        visibility: str = "",
        tag: str = "",
        limit: int = 100,
        after: str | None = None,
    ) -> Listing:
        """Articles, the latest changed first; `text` narrows to titles and sources with it.

        `after` is a listing's. Raises NotAllowed, StoreUnavailable.
        """
        return self._reading.articles(
            person,
            self._encoder_name(),
            text=text,
            visibility=visibility,
            tag=tag,
            limit=limit,
            after=after,
        )

    def article(self, person: Person, article_id: str) -> Article:
        """One article with its passages and versions. Raises NotFound, NotAllowed."""
        return self._reading.article(person, article_id, self._encoder_name())

    def add(
        self,
        person: Person,
        parsed: Parsed | Bad | Iterable[Parsed | Bad],
        tell: Tell | None = None,
        *,
        visibility: Visibility = "internal",
    ) -> Added:
        """Take in articles; one whose source is known becomes a version of that one.

        `visibility` is for new ones that do not say themselves. Each stands or falls by itself.
        Raises NotAllowed, StoreUnavailable.
        """
        return self._writing.add(person, parsed, tell, visibility)

    def write(
        self,
        person: Person,
        article_id: str | None,
        *,
        title: str,
        text: str,
        visibility: str,
        tags: Sequence[str],
        language: str,
        valid_from: date | None,
        valid_until: date | None,
        base_version: int | None,
    ) -> Article:
        """Save what an editor holds: a new article (id None), or one more version.

        Raises Conflict (somebody saved a version after `base_version`), EmptyText, NotFound,
        NotAllowed, StoreUnavailable.
        """
        parsed = from_editor(title, text, tags, language, valid_from, valid_until)
        seen_by = visibility_of(visibility)
        saved = self._writing.write(person, article_id, parsed, seen_by, base_version)
        return self.article(person, saved)

    def set_visibility(self, person: Person, article_id: str, visibility: str) -> None:
        """Make an article public or internal. Raises NotFound, NotAllowed."""
        self._writing.set_visibility(person, article_id, visibility_of(visibility))

    def remove(self, person: Person, article_id: str) -> None:
        """Take an article out of everything; `restore` brings it back. Raises NotFound."""
        self._writing.remove(person, article_id)

    def restore(self, person: Person, article_id: str) -> None:
        """Bring a removed article back. Raises NotFound, Conflict, NotAllowed."""
        self._writing.restore(person, article_id)

    def passage(self, person: Person, passage_id: str) -> tuple[Article, int | None]:
        """The article of a passage, and the passage's number; None when it was rewritten since.

        Raises NotFound, NotAllowed, StoreUnavailable.
        """
        return self._reading.passage(person, passage_id, self._encoder_name())

    def embed(self, tell: Tell | None = None, stop: Callable[[], bool] | None = None) -> int:
        """Compute the vectors that are missing, in batches; how many. Resumable.

        Raises ModelUnavailable, ModelCorrupt, StoreUnavailable.
        """
        return self._embedding.embed(tell, stop)

    async def keep_embedded(self) -> None:
        """Compute missing vectors as they come, until cancelled. For the server only."""
        await self._embedding.keep()

    def state(self) -> State:
        """How much there is, and whether it is searched by meaning. Raises StoreUnavailable."""
        return self._embedding.state()

    def note_cited(
        self, passage_ids: Sequence[str], where: str, message: str | None = None
    ) -> None:
        """Count citations. `where`: the channel; `message`: public id of the answer.

        Passages that are gone are left out. Raises StoreUnavailable.
        """
        with self._archive.main.writing() as session:
            knowledge_uses.cite(session, passage_ids, where, message)

    def tidy(self) -> None:
        """Remove for good what was removed a while ago, and old questions.

        Raises StoreUnavailable.
        """
        more = True
        while more:
            with self._archive.main.writing() as session:
                more = articles.purge(session, KEPT_REMOVED) > 0
        self._lacking.tidy()

    def clear(self, beginning: str) -> int:
        """Remove for good every article whose source begins so; how many. For the demo, unchecked.

        Raises ValueError for an empty beginning.
        """
        if not beginning:
            raise ValueError("every source begins with nothing")
        count = 0
        while True:
            with self._archive.main.writing() as session:
                some = articles.purge_sources(session, beginning)
            if not some:
                return count
            count += some

    def _encoder_name(self) -> str:
        encoder = self._open_encoder()
        return name_of(encoder) if encoder is not None else ""


def _language_of(text: str) -> str:
    from chatbot.analysis.languages import language_of  # reads a model

    return language_of(text)
