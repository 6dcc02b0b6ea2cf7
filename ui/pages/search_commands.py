"""What every page offers: the list of conversations, the search, how much waits on other pages.

A page's commands inherit these; each call takes the person and finds only what is theirs, and of
tickets and articles what their roles open. Shows nothing.
"""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.views import Person
from ui.pages import chat_view
from ui.pages.commands import command
from ui.pages.frame import DESK, KNOWLEDGE, REVIEW, Page

Json = dict[str, Any]
Name = Annotated[str, Field(max_length=200)]
Offset = Annotated[int, Field(ge=-16 * 60, le=16 * 60)]

MOST = 5
"""Tickets, and articles, that a search shows."""


class SearchCommands:
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        self._conversations = product.conversations
        self._desk = product.desk
        self._knowledge = product.knowledge
        self._reviewing = product.review

    @command
    def list(self, person: Person, *, offset: Offset, limit: int = 200) -> Json:
        """The sidebar. `offset`: minutes that the reader's clock is ahead of UTC."""
        today = datetime.now(timezone(timedelta(minutes=offset)))
        limit = min(max(limit, 1), 2000)
        found = self._conversations.groups(person, today=today, limit=limit)
        shown = sum(len(group.items) for group in found if group.label != "Pinned")
        return {"groups": chat_view.groups(found), "more": shown >= limit}

    @command
    def search(self, person: Person, *, text: Name) -> Json:
        """Titles and messages that hold the words."""
        return {"hits": chat_view.hits(self._conversations.search(person, text))}

    @command
    def search_work(self, person: Person, *, text: Name) -> Json:
        """Tickets and articles that hold the words, for those whose roles open their pages."""
        found: Json = {"tickets": [], "articles": []}
        if not text.strip():
            return found
        if _opens(person, DESK):
            rows = self._desk.queue(person, text=text, limit=MOST).rows
            rows += self._desk.queue(person, text=text, state="closed", limit=MOST).rows
            found["tickets"] = [
                {
                    "id": one.id,
                    "title": one.subject,
                    "about": f"#{one.number} · {one.customer} · {one.state}",
                    "date": f"{one.updated_at:%Y-%m-%d}",
                }
                for one in rows[:MOST]
            ]
        if _opens(person, KNOWLEDGE):
            found["articles"] = [
                {
                    "id": one.id,
                    "title": one.title,
                    "about": one.visibility,
                    "date": f"{one.changed_at:%Y-%m-%d}",
                }
                for one in self._knowledge.articles(person, text=text, limit=MOST).rows
            ]
        return found

    @command
    def waiting(self, person: Person) -> Json:
        """How much waits for this person on the pages that their roles open."""
        found: Json = {}
        if _opens(person, DESK):
            found["desk"] = self._desk.queue(person, which="mine", limit=1).counts.mine
        if _opens(person, REVIEW):
            found["review"] = self._reviewing.waiting(person)
        return {"waiting": found}


def _opens(person: Person, page: Page) -> bool:
    return any(role in page.roles for role in person.roles)
