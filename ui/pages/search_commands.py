"""Finding conversations, which every page offers: the list and the search. Shows nothing.

A page's commands inherit these; each call takes the person and finds only what is theirs.
"""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.views import Person
from ui.pages import chat_view
from ui.pages.commands import command

Json = dict[str, Any]
Name = Annotated[str, Field(max_length=200)]
Offset = Annotated[int, Field(ge=-16 * 60, le=16 * 60)]


class SearchCommands:
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        self._conversations = product.conversations

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
