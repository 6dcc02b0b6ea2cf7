"""A tab of the Chat page without a browser: what its scripts ask, over HTTP, timed.

tab = Tab(client, config, "tab 1")
async with tab.watching():
    seen = await tab.ask("!tokens 500 !rate 20 canary-7", "key-00007")
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

Json = dict[str, Any]
CHAT = "chat-meta"


class Refused(Exception):
    """The server said no: the status, and the seconds after which it may be tried again."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code}")
        self.status = answer.status_code
        self.retry_after = answer.headers.get("retry-after")


@dataclass
class Seen:
    """An answer as a tab saw it. `times`: when its text grew, in seconds since it was asked for."""

    conversation: str = ""
    text: str = ""
    status: str = ""
    times: list[float] = field(default_factory=list)

    @property
    def gaps(self) -> list[float]:
        """Seconds between one growth of the text and the next."""
        return [later - earlier for earlier, later in pairwise(self.times)]


class Tab:
    """One tab. `client` carries the login; `config` is Gradio's, as the page gets it."""

    def __init__(self, client: httpx.AsyncClient, config: Json, name: str) -> None:
        self._client = client
        self._name = name
        self._session = secrets.token_hex(6)
        self._meta = next(
            one["id"] for one in config["components"] if one["props"].get("elem_id") == CHAT
        )
        self._watch = next(
            one["id"] for one in config["dependencies"] if [self._meta, "watch"] in one["targets"]
        )
        self._changed = asyncio.Event()
        self._outputs: list[Any] = [None, None, None]
        self._log: list[Json] = []
        self.number = 0

    async def call(self, do: str, **given: Any) -> Json:
        """A command's answer. Raises Refused."""
        body = {"data": {"do": do, **given}, "fn_name": "call", "component_id": self._meta}
        return await self._post("component_server", body | {"session_hash": self._session})

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While the tab has its stream open. Raises Refused."""
        body = {
            "data": [],
            "event_data": {"tab": self._name, "conversation": None, "limit": 50, "number": 0},
            "fn_index": self._watch,
            "trigger_id": self._meta,
            "session_hash": self._session,
        }
        await self._post("queue/join", body)
        reading = asyncio.create_task(self._read())
        living = asyncio.create_task(self._live())
        try:
            while self._outputs[2] is None and not reading.done():
                await self._next()
            yield
        finally:
            for task in (reading, living):
                task.cancel()
                with suppress(asyncio.CancelledError, httpx.HTTPError):
                    await task

    async def ask(self, text: str, key: str) -> Seen:
        """Ask in a new conversation and see the whole answer. Raises Refused."""
        begun, seen = time.perf_counter(), Seen()
        told = await self.call("send", conversation=None, text=text, key=key)
        if "error" in told:
            raise RuntimeError(told["code"])
        self.number += 1
        seen.conversation = told["conversation"]
        await self.call("look", tab=self._name, conversation=seen.conversation, number=self.number)
        while True:
            now = time.perf_counter() - begun
            facts = json.loads(self._outputs[2])
            if facts.get("ask") == self.number and facts["id"] == seen.conversation:
                shown = _answer([*self._log, *(self._outputs[1] or [])])
                if len(shown) > len(seen.text):
                    seen.text = shown
                    seen.times.append(now)
                if facts["messages"] and not facts["running"]:
                    seen.status = facts["messages"][-1]["status"]
                    return seen
            await self._next()

    async def _post(self, path: str, body: Json) -> Json:
        answer = await self._client.post(f"/gradio_api/{path}", json=body)
        if answer.status_code != 200:
            raise Refused(answer)
        found: Json = answer.json()
        return found

    async def _next(self) -> None:
        """Wait for the next update, with a look now and then that the stream lives."""
        self._changed.clear()
        await asyncio.wait_for(self._changed.wait(), 60)

    async def _live(self) -> None:
        """The connection by whose end the server learns that a page was closed."""
        where = f"/gradio_api/heartbeat/{self._session}"
        async with self._client.stream("GET", where) as answer:
            async for _ in answer.aiter_bytes():
                pass

    async def _read(self) -> None:
        where = {"session_hash": self._session}
        async with self._client.stream("GET", "/gradio_api/queue/data", params=where) as answer:
            if answer.status_code != 200:
                raise Refused(answer)
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    self._take(json.loads(line[5:]))

    def _take(self, event: Json) -> None:
        if event["msg"] not in ("process_generating", "process_completed"):
            return
        for index, one in enumerate((event.get("output") or {}).get("data") or []):
            if event["msg"] == "process_generating" and self._outputs[index] is not None:
                for action, path, value in one:
                    self._outputs[index] = changed(self._outputs[index], action, path, value)
            else:
                self._outputs[index] = one
        if isinstance(self._outputs[0], list):  # or "as before"
            self._log = self._outputs[0]
        self._changed.set()


def _answer(rows: list[Json]) -> str:
    """The last answer's text as the page shows it."""
    texts = [row["content"][0]["text"] for row in rows if row["role"] == "assistant"]
    return texts[-1].strip("\u200b") if texts else ""


def changed(target: Any, action: str, path: list[Any], value: Any) -> Any:
    """One of Gradio's differences, applied. Copies what lies on the path alone.

    gradio_client's own copies everything at each event, on the machine that is being measured.
    """
    if not path:
        return value if action == "replace" else target + value
    target = target.copy()
    key = path[0]
    if len(path) > 1:
        target[key] = changed(target[key], action, path[1:], value)
    elif action == "delete":
        del target[key]
    elif action == "add" and isinstance(target, list):
        target.insert(key, value)
    elif action == "append":
        target[key] = target[key] + value
    else:
        target[key] = value
    return target
