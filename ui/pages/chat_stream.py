"""What a tab sees of its conversation, for as long as the tab is open: the page's one listener.

    watch ─▶ a tab opens its stream and says what it looks at
    look  ─▶ it looks at something else, or again
    leave ─▶ it is out of sight and gives its connection back

The stream owns nothing. Turns run in chatbot.chat, the truth is in the database; closing the tab
ends this generator and nothing else. It wakes for what the tab asks, for notices that the person's
conversations changed (also by another tab), and for a running answer at most twenty times a second,
less often when many answers are watched at once: then each update is a longer piece.
Who watches is asked again before every reading and every few seconds: a login that ended, or a role
that was taken away, ends the stream with a sentence.

One stream for a tab, not one for each look: Gradio starts listeners in any order, sends the last
values of an ending one again, and loses those of one that starts while its connection closes.

Every update gives all outputs; Gradio sends differences only. While a model writes, the settled log
is SAME, so that the browser does not draw it again twenty times a second.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import gradio as gr

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, NotAllowed, NotFound, NotSignedIn
from chatbot.turn import PACE, Turn
from chatbot.views import Person, View
from ui.guard import admit, caller
from ui.pages import chat_view
from ui.pages.chat_view import Screen, Shown
from ui.pages.commands import BROKEN
from ui.pages.frame import CHAT

STEP = 50
"""Messages shown at first, and how many more each "Load earlier" adds."""
MOST = 5000
MOST_UNREAD = 40
"""Updates that wait for a tab that does not fetch them; then there are no more until it does."""
LOOK_AGAIN = 0.2
"""Seconds between two looks whether a tab has fetched its updates."""
CHECK = 3.0
"""Seconds between two looks, while an answer is being written, at who watches."""
CHECK_IDLE = 30.0
"""The same while nothing is being written."""

TOGETHER = 500
"""Updates of running answers that all tabs together get in a second."""
SLOWEST = 0.2
"""Most seconds between two updates of an answer that grows, however many are watched."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Same(dict[str, str]):
    """An output that stays as it is: to Gradio's page a change of nothing, to its server a value.

    `gr.skip()` says the same to the page, but the server builds the component anew for it; an equal
    value is cheap for the server, but the page draws all of it again.
    """

    def get(self, *_: object) -> str:
        """What the server looks at to tell a change of properties from a value."""
        return ""


SAME = Same({"__type__": "update"})

Update = tuple[Shown | Same, Shown, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What a tab looks at. `number` comes back with what is shown, so the tab knows which it is."""

    conversation: str | None = None
    at: str | None = None
    limit: int = STEP
    number: int = 0


class Held(Protocol):
    """What Gradio keeps of its sessions."""

    def unread(self, name: str) -> int:
        """Updates that wait to be fetched in a session."""

    def is_gone(self, name: str) -> bool:
        """Whether the browser of a session has closed it, or vanished."""


class Tab:
    """A tab that watches. `wake` is set when there may be something new to show."""

    def __init__(
        self, person: Person, look: Look, ask: Callable[[], Person], held: Held, session: str
    ) -> None:
        self.person = person
        self.look = look
        self.wake = asyncio.Event()
        self.left = self.silent = self.writing = False
        self.refused: ChatbotError | None = None
        self._ask = ask
        self._held = held
        self._session = session
        self.changes = 0
        self.screen = chat_view.empty()

    def turn_to(self, look: Look) -> None:
        """Look at something else."""
        self.look = look
        self.wake.set()

    def update(self, screen: Screen, **more: Any) -> Update:
        """Remember what is shown, with further facts, and give it as the listener's outputs."""
        page = screen.page | {"changes": self.changes} | more
        self.screen = replace(screen, page=page)
        return screen.log, screen.now, json.dumps(page)

    def leave(self, *, silently: bool = False) -> None:
        """End the stream; `silently` when the tab has begun another one."""
        self.left, self.silent = True, silently
        self.wake.set()

    @property
    def behind(self) -> bool:
        """Whether the tab has not fetched what it was given: Gradio would keep it without end."""
        return self._held.unread(self._session) >= MOST_UNREAD

    async def caught_up(self) -> None:
        """Wait until the tab has fetched enough, or leaves."""
        while self.behind and not self.left:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN)  # Gradio tells nobody when a tab has fetched

    async def check(self) -> bool:
        """Ask again who watches; the stream ends, and this is False, when they may not any more."""
        try:
            self.person = await asyncio.to_thread(self._ask)
        except (NotSignedIn, NotAllowed) as error:
            self.refused = error
            self.leave()
            return False
        return True

    async def keep_checking(self) -> None:
        """Check again and again, until cancelled; a tab that is gone gives its place back.

        Gradio ends the listener of a closed page only when that has something to say.
        """
        idle = 0.0
        while True:
            await asyncio.sleep(CHECK)
            if self._held.is_gone(self._session):
                self.leave()  # not silently: a page that lost its heartbeat alone watches anew
            idle += CHECK
            if self.writing or idle >= CHECK_IDLE:
                idle = 0.0
                with suppress(ChatbotError):  # the database may not answer for a moment
                    await self.check()


class ChatStream:
    """The streams of one product. Outputs: settled log, unsettled log, facts for the scripts."""

    def __init__(self, product: Product, held: Held) -> None:
        self._product = product
        self._held = held
        self._tabs: dict[tuple[int, str], Tab] = {}
        self._watched = 0

    async def watch(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Update]:
        """Everything that a tab shows, until it leaves or is closed."""
        name, look = _asked(event._data)  # noqa: SLF001  Gradio offers an event's data only here

        def ask() -> Person:
            person = caller(self._product, request)
            admit(person, CHAT.roles)
            return person

        try:
            person = await asyncio.to_thread(ask)
        except ChatbotError as error:
            empty = chat_view.empty(ask=look.number, left=True, **_reason(error))
            yield empty.log, empty.now, json.dumps(empty.page)
            return
        tab = Tab(person, look, ask, self._held, request.session_hash or "")
        place = (person.id, name)
        if place in self._tabs:
            self._tabs[place].leave(silently=True)
        self._tabs[place] = tab
        tasks = [asyncio.create_task(work) for work in (self._hear(tab), tab.keep_checking())]
        await asyncio.sleep(0)  # from here on no change is missed
        try:
            async for update in self._updates(tab):
                yield update
            if tab.refused:
                yield tab.update(tab.screen, left=True, **_reason(tab.refused))
            elif not tab.silent:
                yield tab.update(tab.screen, left=True)
        finally:
            for task in tasks:
                task.cancel()
            if self._tabs.get(place) is tab:
                del self._tabs[place]

    def look(self, person: Person, name: str, look: Look) -> bool:
        """Turn a tab of this person to something; False when it does not watch (any more)."""
        tab = self._tabs.get((person.id, name))
        if tab is None or tab.left:
            return False
        tab.turn_to(look)
        return True

    def leave(self, person: Person, name: str) -> None:
        """End the stream of a tab of this person."""
        tab = self._tabs.get((person.id, name))
        if tab is not None:
            tab.leave()

    def close(self) -> None:
        """End every stream: the server stops."""
        for tab in list(self._tabs.values()):
            tab.leave()

    async def _hear(self, tab: Tab) -> None:
        """Wake the tab when something of its person's changed."""
        async for _ in self._product.notices.listen(tab.person.id):
            tab.changes += 1
            tab.wake.set()

    async def _updates(self, tab: Tab) -> AsyncIterator[Update]:
        while not tab.left:
            await tab.caught_up()
            tab.wake.clear()
            look = tab.look
            try:
                if not await tab.check():
                    return
                async for update in self._shown(tab, look):
                    yield update
            except ChatbotError as error:
                yield _trouble(tab, look, error)
            except Exception as error:  # noqa: BLE001  the page must go on, whatever broke
                # The exception's text may quote the conversation, so only its type is logged.
                log.error("a page broke: %s", type(error).__name__)  # noqa: TRY400
                yield _trouble(tab, look, ChatbotError(BROKEN))
            await tab.wake.wait()

    async def _shown(self, tab: Tab, look: Look) -> AsyncIterator[Update]:
        """The conversation as it is, then its answers until nothing runs or the tab wakes."""
        if look.conversation is None:
            yield tab.update(chat_view.empty(ask=look.number))
            return
        running, view = await self._read(tab.person, look.conversation, look)
        if tab.look is look:
            tab.look = replace(look, at=None, limit=max(look.limit, len(view.messages)))
        yield tab.update(self._screen(tab.person, view, running, look))
        if not running:
            return
        tab.writing = True
        self._watched += 1
        try:
            writing = _writing(tab, view, running, self._pace)
            async with aclosing(_until(tab.wake, writing)) as updates:
                async for update in updates:
                    yield update
        finally:
            tab.writing = False
            self._watched -= 1
        tab.wake.set()

    def _pace(self) -> float:
        """Seconds between two updates of one answer, so that all stay quick when many are watched.

        Each costs the server about as much whatever it holds.
        """
        return min(max(PACE, self._watched / TOGETHER), SLOWEST)

    async def _read(self, person: Person, conversation: str, look: Look) -> tuple[list[Turn], View]:
        """What runs, then what is saved: in this order no answer can end unseen in between."""
        turns = self._product.chat.running(person, conversation)
        running = [turn for turn in turns if not turn.done]
        open_ = self._product.conversations.open
        view = await asyncio.to_thread(open_, person, conversation, at=look.at, limit=look.limit)
        return [*running, *self._elsewhere(person, view, running)], view

    def _elsewhere(self, person: Person, view: View, running: list[Turn]) -> list[Turn]:
        """What another server, or a terminal, is writing in this conversation."""
        chat = self._product.chat
        here = {turn.reply for turn in running}
        return [
            chat.elsewhere.follow(Turn(person.id, view.id, asked.id, one.id, text=one.text))
            for asked, one in pairwise(view.messages)
            if one.status == "streaming" and one.id not in here and not chat.turn(person, one.id)
        ]

    def _screen(self, person: Person, view: View, running: list[Turn], look: Look) -> Screen:
        unsaved = {}
        for message in view.messages:
            turn = self._product.chat.turn(person, message.id)
            if turn is not None and turn.done and not turn.saved:
                unsaved[message.id] = turn
        return chat_view.screen(view, running, unsaved, ask=look.number, at=look.at)


async def _writing(
    tab: Tab, view: View, running: list[Turn], pace: Callable[[], float]
) -> AsyncIterator[Update]:
    """Updates of the tail until the first running turn is done."""
    turn, before = running[0], ""
    _, _, page = tab.update(tab.screen)
    async for now in turn.follow(pace):
        if now.done:
            return
        if tab.behind:  # each look is whole, so those that are left out are not missed
            continue
        if now.state != before:
            before = now.state
            _, _, page = tab.update(tab.screen, stage=chat_view.stage(now))
        yield SAME, chat_view.tail(view, running), page


async def _until(end: asyncio.Event, items: AsyncIterator[_T]) -> AsyncGenerator[_T]:
    """The items until `end` is set."""
    ended = asyncio.ensure_future(end.wait())
    following: asyncio.Future[_T] | None = None
    try:
        while not end.is_set():
            following = asyncio.ensure_future(anext(items))
            await asyncio.wait({ended, following}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
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


def _reason(error: ChatbotError) -> dict[str, str]:
    return {"error": str(error), "code": error.code}


def _trouble(tab: Tab, look: Look, error: ChatbotError) -> Update:
    """An error beside what is shown already; what does not exist is shown no longer."""
    screen = chat_view.empty() if isinstance(error, NotFound) else tab.screen
    return tab.update(screen, ask=look.number, **_reason(error))


def _asked(data: Any) -> tuple[str, Look]:
    """The tab's name and its look, checked: they come from a browser."""
    given = data if isinstance(data, dict) else {}
    limit, number = given.get("limit"), given.get("number")
    return _id(given.get("tab")) or "", Look(
        conversation=_id(given.get("conversation")),
        at=_id(given.get("at")),
        limit=min(max(limit, 1), MOST) if isinstance(limit, int) else STEP,
        number=number if isinstance(number, int) else 0,
    )


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 64 else None
