"""Loads the shop of the demo and clears it: its rows are known by their source, `demo:…`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chatbot.archive import Archive
from chatbot.demo.texts import Story, articles, stories
from chatbot.desk import Desk
from chatbot.documents import Bad, Parsed
from chatbot.errors import ChatbotError, NotAllowed
from chatbot.knowledge import Knowledge
from chatbot.ticket_files import Incoming
from store import accounts, article_lists, tickets
from store import articles as article_rows
from store.engine import Session
from store.records import Person

BEGINNING = "demo:"
"""How the source of every row of the demo begins, and of no other."""
_TICKETS = f"{BEGINNING}shop"
_MAY = ("agent", "admin")
_NOT_YOURS = "The demo is loaded and cleared by agents and administrators."

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many of each."""

    articles: int
    tickets: int


class Demo:
    """The shop's articles and tickets. Loaded and cleared by agents and administrators."""

    def __init__(self, archive: Archive, knowledge: Knowledge, desk: Desk) -> None:
        self._main = archive.main
        self._knowledge = knowledge
        self._desk = desk

    def is_loaded(self) -> bool:
        """Whether anything of the demo is here. Raises StoreUnavailable."""
        with self._main.reading() as session:
            return _counts(session) != Loaded(0, 0)

    def is_wanted(self, person: Person) -> bool:
        """Whether to offer it: nothing is here yet, neither article nor ticket, and they may.

        Raises StoreUnavailable.
        """
        with self._main.reading() as session:
            empty = article_lists.is_empty(session) and tickets.is_empty(session)
            return empty and accounts.has_role(session, person.id, _MAY)

    def load(self, person: Person, tell: Tell | None = None) -> Loaded:
        """Put the shop in; what is there already stays. `tell`: done and total.

        The tickets were written during the last days, counted from now. Raises NotAllowed,
        StoreUnavailable; what was put in until then stays, and loading again completes it.
        """
        self._require(person)
        shelf, told = list(articles()), list(stories())
        total = len(shelf) + len(told)
        step = tell or (lambda _done, _of: None)
        # An article without a source of ours would not be found when the demo is cleared.
        named = [_named(each) for each in shelf]
        added = self._knowledge.add(person, named, lambda done, _of: step(done, total))
        now = datetime.now(UTC)
        threads = [self._as_incoming(each, place, now) for place, each in enumerate(told)]
        brought = self._desk.bring(
            person, threads, lambda done, _of: step(len(shelf) + done, total)
        )
        refused = [reason for _, reason in added.refused]
        refused += [each.reason for each in brought.refused]
        if refused:
            raise ChatbotError(f"The demo was not put in whole: {refused[0]}")
        self._place(person, told)
        with self._main.reading() as session:
            return _counts(session)

    def clear(self, person: Person) -> Loaded:
        """Take everything of the demo out for good, and nothing else; how many went.

        Drafts and replies go with their tickets, versions and passages with their articles.
        Raises NotAllowed, StoreUnavailable.
        """
        self._require(person)
        gone = self._desk.remove_source(person, BEGINNING)
        return Loaded(self._knowledge.clear(BEGINNING), gone)

    def _require(self, person: Person) -> None:
        with self._main.reading() as session:
            if not accounts.has_role(session, person.id, _MAY):
                raise NotAllowed(_NOT_YOURS)

    def _as_incoming(self, story: Story, place: int, now: datetime) -> Incoming:
        """A ticket with its times: those of one that is here already, so that it stays as it is."""
        with self._main.reading() as session:
            known = tickets.by_source(session, _TICKETS, story.id)
        begun = known.created_at if known else now - story.age(place)
        return story.incoming(_TICKETS, begun)

    def _place(self, person: Person, told: list[Story]) -> None:
        """Give new tickets the language and mood that the texts name, and some an agent or an end.

        Only those that nobody has touched since they came.
        """
        for place, story in enumerate(told):
            with self._main.writing() as session:
                found = tickets.by_source(session, _TICKETS, story.id)
                if found is None or found.state != "new":
                    continue
                tickets.mark(session, found.id, language=story.language, mood=story.mood)
            if story.is_closed():
                self._desk.close(person, found.public_id)
            elif story.is_assigned(place):
                self._desk.assign(person, found.public_id, person.public_id)


def _named(parsed: Parsed | Bad) -> Parsed | Bad:
    return replace(parsed, source=f"{BEGINNING}{parsed.source}")


def _counts(session: Session) -> Loaded:
    return Loaded(
        article_rows.count_sources(session, BEGINNING),
        tickets.count(session, tickets.beginning(BEGINNING)),
    )
