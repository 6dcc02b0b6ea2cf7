"""The one door of knowledge: articles are written, listed, searched and cited through it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.knowledge.views import Added, Article, Hit, Lack, Listing, OpenEncoder, State, Tell
from store.records import Person

if TYPE_CHECKING:
    from chatbot.documents import Bad, Parsed


class Knowledge:
    """Articles in, passages out. Blocking; may be shared by threads.

    Agents, authors, reviewers and administrators read and search; agents, authors and
    administrators write. Chatters reach knowledge through answers alone.
    """

    def __init__(self, archive: Archive, audit: Audit, open_encoder: OpenEncoder) -> None:
        self._archive = archive
        self._audit = audit
        self._open_encoder = open_encoder

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
    ) -> list[Hit]:
        """The passages that fit a question best, the best first; `earlier`: turns before it.

        Only articles that are valid today; `internal` lets internal ones in. All filters apply
        before anything is ranked. Hits that score less than `least` are left out.
        Raises StoreUnavailable.
        """
        raise NotImplementedError

    @staticmethod
    def may_see_internal(person: Person) -> bool:
        """Whether internal articles are shown to this person."""
        raise NotImplementedError

    def empty(self) -> bool:
        """Whether there is no passage. Cheap. Raises StoreUnavailable."""
        raise NotImplementedError

    def is_fitting(self, hits: Sequence[Hit]) -> bool:
        """Whether the best hit is likely about the question."""
        raise NotImplementedError

    def lacked(self, question: str, channel: str) -> None:
        """Note that nothing was found for a question; personal values are masked first.

        Raises StoreUnavailable.
        """
        raise NotImplementedError

    def lacking(self, person: Person, days: int = 30) -> list[Lack]:
        """What was asked and not found, like questions together, the most frequent first.

        Raises NotAllowed, StoreUnavailable.
        """
        raise NotImplementedError

    def drop_lack(self, person: Person, lack_id: str) -> None:
        """Take a cluster from the list. Raises NotFound, NotAllowed, StoreUnavailable."""
        raise NotImplementedError

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
        raise NotImplementedError

    def article(self, person: Person, article_id: str) -> Article:
        """One article with its passages and versions. Raises NotFound, NotAllowed."""
        raise NotImplementedError

    def add(
        self,
        person: Person,
        parsed: "Parsed | Bad | Iterable[Parsed | Bad]",
        tell: Callable[[int, int], None] | None = None,
    ) -> Added:
        """Take in articles; one whose source is known becomes a version of that one.

        Each stands or falls by itself. Raises NotAllowed, StoreUnavailable.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def set_visibility(self, person: Person, article_id: str, visibility: str) -> None:
        """Make an article public or internal. Raises NotFound, NotAllowed."""
        raise NotImplementedError

    def remove(self, person: Person, article_id: str) -> None:
        """Take an article out of everything; `restore` brings it back. Raises NotFound."""
        raise NotImplementedError

    def restore(self, person: Person, article_id: str) -> None:
        """Bring a removed article back. Raises NotFound, Conflict, NotAllowed."""
        raise NotImplementedError

    def passage(self, person: Person, passage_id: str) -> tuple[Article, int | None]:
        """The article of a passage, and the passage's number; None when it was rewritten since.

        Raises NotFound, NotAllowed, StoreUnavailable.
        """
        raise NotImplementedError

    def embed(self, tell: Tell | None = None, stop: Callable[[], bool] | None = None) -> int:
        """Compute the vectors that are missing, in batches; how many. Resumable.

        Raises ModelUnavailable, ModelCorrupt, StoreUnavailable.
        """
        raise NotImplementedError

    async def keep_embedded(self) -> None:
        """Compute missing vectors as they come, until cancelled. For the server only."""
        raise NotImplementedError

    def state(self) -> State:
        """How much there is, and whether it is searched by meaning. Raises StoreUnavailable."""
        raise NotImplementedError

    def note_cited(
        self, passage_ids: Sequence[str], where: str, message: str | None = None
    ) -> None:
        """Count citations. `where`: the channel; `message`: public id of the answer.

        Passages that are gone are left out. Raises StoreUnavailable.
        """
        raise NotImplementedError
