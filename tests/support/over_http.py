"""What a page's scripts do, without the page: commands and the stream of a tab, over HTTP.

with Door(site.address) as door:
    begun = door.call("send", conversation=None, text="hello", key="key 00001")
    for log, now, facts in door.watch(begun["conversation"]): …
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
from gradio_client.utils import apply_diff

Json = dict[str, Any]
CHAT = "chat-meta"


class Door:
    """One tab. `client` may bring cookies; `session` is the name that Gradio knows the tab by."""

    def __init__(self, address: str, client: httpx.Client | None = None) -> None:
        self.client = client or httpx.Client(base_url=address, timeout=60)
        self.session = secrets.token_hex(6)
        self.config: Json = self.client.get("/config").json()
        self._ids = {one["props"].get("elem_id"): one["id"] for one in self.config["components"]}

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def books(self) -> dict[str, int]:
        """The places that commands are sent to, and their numbers."""
        return {
            one["props"]["elem_id"]: one["id"]
            for one in self.config["components"]
            if one["props"].get("server_fns") or one.get("server_fns")
        }

    def post(self, data: Any, at: str = CHAT, **more: Any) -> httpx.Response:
        """One call of the scripts, whatever `data` is."""
        body = {
            "data": data,
            "fn_name": "call",
            "component_id": self._ids[at],
            "session_hash": self.session,
        }
        text = json.dumps(body | more)
        headers = {"content-type": "application/json"}
        return self.client.post("/gradio_api/component_server", content=text, headers=headers)

    def call(self, do: str, at: str = CHAT, **given: Any) -> Json:
        """The answer of a command."""
        answer = self.post({"do": do, **given}, at)
        answer.raise_for_status()
        told: Json = answer.json()
        return told

    def join(self, at: str, event: str, data: Any) -> httpx.Response:
        """Begin a listener; its answers wait to be read by `events`."""
        number = self._ids[at]
        listener = next(
            one["id"] for one in self.config["dependencies"] if [number, event] in one["targets"]
        )
        body = {
            "data": [],
            "event_data": data,
            "fn_index": listener,
            "trigger_id": number,
            "session_hash": self.session,
        }
        return self.client.post("/gradio_api/queue/join", json=body)

    def events(self) -> Iterator[Json]:
        """What the listeners of this tab give, as it comes; ends when the server closes it."""
        where = {"session_hash": self.session}
        with self.client.stream("GET", "/gradio_api/queue/data", params=where) as answer:
            rest = b""
            for part in answer.iter_bytes():  # not iter_lines: it also cuts at signs within a text
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    if line.startswith(b"data:"):
                        yield json.loads(line[5:])

    def watch(self, conversation: str | None, tab: str = "tab") -> Iterator[Json]:
        """The facts of a tab that looks at a conversation, as they change."""
        look = {"tab": tab, "conversation": conversation, "limit": 50, "number": 1}
        self.join(CHAT, "watch", look).raise_for_status()
        outputs: list[Any] = [None, None, None]
        log: list[Json] = []
        for event in self.events():
            if event["msg"] not in ("process_generating", "process_completed"):
                continue
            outputs = _changed(outputs, event)
            if isinstance(outputs[2], str):
                log = outputs[0] if isinstance(outputs[0], list) else log  # or "as before"
                yield {"log": log, "now": outputs[1], **json.loads(outputs[2])}

    def finished(self, conversation: str, tab: str = "tab") -> Json:
        """The facts once nothing is being written."""
        for facts in self.watch(conversation, tab):
            if not facts.get("running") and facts.get("messages"):
                return facts
        raise AssertionError("the stream ended early")


def _changed(before: list[Any], event: Json) -> list[Any]:
    """The outputs after an event: whole values at first, differences afterwards."""
    given = (event.get("output") or {}).get("data") or []
    after = list(before)
    for index, one in enumerate(given):
        if event["msg"] == "process_generating" and before[index] is not None:
            after[index] = apply_diff(after[index], one)
        else:
            after[index] = one
    return after
