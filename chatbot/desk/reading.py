"""What analysis says of a ticket, computed once when its customer wrote, and kept with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.desk.parts import Part
from store import ticket_threads, tickets
from store.ticket_records import NewMessage, Ticket, TicketMessage

READ = 4000
"""Characters of what a customer said last that are looked at."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a customer's words say; empty where they do not tell."""

    language: str
    mood: str
    intent: str


class Reading(Part):
    """Sees what customers wrote."""

    def read_new(self) -> int:
        """Let analysis see the tickets whose customers wrote; how many there were."""
        with self._archive.main.reading() as session:
            waiting = [
                (each, ticket_threads.read(session, each, limit=20))
                for each in tickets.to_read(session)
            ]
        for found, said in waiting:
            self.store(found, said)
        return len(waiting)

    def store(self, found: Ticket, said: Sequence[TicketMessage]) -> None:
        """Keep what analysis says of a thread, unless the customer wrote again meanwhile."""
        read = self.of(said, found.language)
        with self._archive.main.writing() as session:
            now = tickets.by_id(session, found.id)
            same = now.updated_at == found.updated_at
            tickets.mark(
                session,
                found.id,
                language=read.language or found.language,
                mood=read.mood or found.mood,
                intent=read.intent or found.intent,
                to_read=now.to_read and not same,
            )

    def of(self, said: Sequence[TicketMessage] | Sequence[NewMessage], language: str = "") -> Read:
        """What the customer's words in a thread say. `language`: as it was told with it."""
        own = [each.content[:READ] for each in said if each.role == "customer"]
        if not own:
            return Read(language, "", "")
        analysis, last = self._parts.analysis, own[-1]
        mood, intent = analysis.mood(last), analysis.intent(last)
        return Read(
            analysis.language(last) or analysis.language("\n".join(own)[-READ:]) or language,
            mood.word if mood else "",
            intent.name if intent else "",
        )
