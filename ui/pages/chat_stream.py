"""Shows a conversation and follows its answer: the page's one streaming listener.

It owns nothing. The turn runs in chatbot.chat, the truth is in the database; closing the tab ends
this generator and nothing else. Updates come from `Turn.follow`, at most twenty a second.

A tab that asks for something else starts the listener anew, and the one before must fall silent.
Gradio's own cancelling is no help: it does nothing to a listener whose start is still on its way.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import gradio as gr

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError
from chatbot.turn import Turn
from chatbot.views import Person, View
from ui.guard import caller
from ui.pages import chat_view
from ui.pages.chat_view import Json, Screen

LIMIT = 50
"""Messages shown at first, and how many more each "Load earlier" adds."""
MOST = 5000

Update = tuple[Any, Any, Any]
_T = TypeVar("_T")


class ChatStream:
    """The listener for one product. Outputs: settled log, unsettled log, facts for the scripts."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._current: dict[str, asyncio.Event] = {}

    async def show(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Update]:
        """The conversation that the page asks for, then its answer until nothing runs there."""
        asked = _Asked(event._data)  # noqa: SLF001  Gradio offers a custom event's data only here
        tab = request.session_hash or ""
        superseded = asyncio.Event()
        if tab in self._current:
            self._current[tab].set()
        self._current[tab] = superseded
        try:
            async with aclosing(_until(superseded, self._updates(asked, request))) as updates:
                async for update in updates:
                    yield update
            if superseded.is_set():
                # Gradio sends the last values once more at the end; these change nothing.
                yield gr.skip(), gr.skip(), gr.skip()
        finally:
            if self._current.get(tab) is superseded:
                del self._current[tab]

    async def _updates(self, asked: "_Asked", request: gr.Request) -> AsyncIterator[Update]:
        if asked.conversation is None:
            yield _update(chat_view.empty(ask=asked.number))
            return
        try:
            person = await asyncio.to_thread(caller, self._product, request)
            async for update in self._follow(person, asked, asked.conversation):
                yield update
        except ChatbotError as error:
            yield _update(chat_view.empty(ask=asked.number, error=str(error), code=error.code))

    async def _follow(
        self, person: Person, asked: "_Asked", conversation: str
    ) -> AsyncIterator[Update]:
        running, view = await self._read(person, conversation, asked.limit, asked.at)
        limit = max(asked.limit, len(view.messages))
        while True:
            yield _update(self._screen(person, view, running, asked))
            if not running:
                return
            async for update in _writing(view, running):
                yield update
            running, view = await self._read(person, conversation, limit, None)

    async def _read(
        self, person: Person, conversation: str, limit: int, at: str | None
    ) -> tuple[list[Turn], View]:
        """What runs, then what is saved: in this order no answer can end unseen in between."""
        turns = self._product.chat.running(person, conversation)
        running = [turn for turn in turns if not turn.done]
        open_ = self._product.conversations.open
        view = await asyncio.to_thread(open_, person, conversation, at=at, limit=limit)
        return running, view

    def _screen(self, person: Person, view: View, running: list[Turn], asked: "_Asked") -> Screen:
        unsaved = {}
        for message in view.messages:
            turn = self._product.chat.turn(person, message.id)
            if turn is not None and turn.done and not turn.saved:
                unsaved[message.id] = turn
        return chat_view.screen(view, running, unsaved, ask=asked.number, at=asked.at)


async def _writing(view: View, running: list[Turn]) -> AsyncIterator[Update]:
    """Updates of the tail until the first running turn is done."""
    turn, before = running[0], ""
    async for now in turn.follow():
        if now.done:
            return
        shown: Json | Any = gr.skip()
        if now.state != before:
            before = now.state
            shown = {"stage": chat_view.stage(now)}
        yield gr.skip(), chat_view.tail(view, running), shown


async def _until(end: asyncio.Event, items: AsyncIterator[_T]) -> AsyncGenerator[_T]:
    """The items until `end` is set."""
    ended = asyncio.ensure_future(end.wait())
    following: asyncio.Future[_T] | None = None
    try:
        while not end.is_set():
            following = asyncio.ensure_future(anext(items))
            await asyncio.wait({ended, following}, return_when=asyncio.FIRST_COMPLETED)
            if end.is_set():
                return
            try:
                item = following.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        for waiting in (ended, following):
            if waiting is not None:
                waiting.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await waiting


def _update(screen: Screen) -> Update:
    return screen.log, screen.now, screen.page


class _Asked:
    """What the page asks to see, checked: it comes from a browser."""

    def __init__(self, data: Any) -> None:
        given = data if isinstance(data, dict) else {}
        self.conversation = _id(given.get("conversation"))
        self.at = _id(given.get("at"))
        number, limit = given.get("ask"), given.get("limit")
        self.number = number if isinstance(number, int) else 0
        self.limit = min(max(limit, 1), MOST) if isinstance(limit, int) else LIMIT


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 64 else None
