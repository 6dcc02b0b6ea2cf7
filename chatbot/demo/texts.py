"""The shop's texts as they lie in the package: articles in Markdown, tickets in JSON Lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chatbot.documents import Bad, Parsed, read_folder
from chatbot.ticket_files import Channel, Incoming, IncomingMessage

SHOP = Path(__file__).parent / "shop"

_SPREAD = timedelta(days=5)
_BETWEEN = timedelta(minutes=20)
"""Between two messages of a thread."""
_CHANNELS: dict[str, Channel] = {"chat": "chat", "e-mail": "e-mail", "form": "api"}


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket of the shop. `mood` is what its last message sounds like."""

    id: str
    subject: str
    name: str
    channel: Channel
    language: str
    mood: str
    answered: bool
    thread: tuple[tuple[str, str], ...]

    def age(self, place: int) -> timedelta:
        """How long before now it began; more of them lately. `place`: its line in the file."""
        share = place * 37 % 82 / 82
        return len(self.thread) * _BETWEEN + timedelta(minutes=4) + _SPREAD * share**2

    def is_closed(self) -> bool:
        """Whether nothing is to be answered any more: thanks, mostly."""
        return not self.answered and self.mood == "happy"

    def is_assigned(self, place: int) -> bool:
        """Whether whoever loads the demo has it already."""
        return place % 9 == 4

    def incoming(self, source: str, begun: datetime) -> Incoming:
        """The thread as it came in, its first message then."""
        messages = (
            IncomingMessage("agent" if role == "agent" else "customer", text, begun + n * _BETWEEN)
            for n, (role, text) in enumerate(self.thread)
        )
        return Incoming(
            source=source,
            external_id=self.id,
            subject=self.subject,
            customer=self.name,
            address="",
            channel=self.channel,
            language=self.language,
            messages=tuple(messages),
        )


def articles() -> Iterator[Parsed | Bad]:
    """The shop's handbook."""
    return read_folder(SHOP / "articles")


def stories() -> Iterator[Story]:
    """The shop's tickets."""
    for line in (SHOP / "tickets.jsonl").read_text("utf-8").splitlines():
        yield _story(json.loads(line))


def _story(told: dict[str, Any]) -> Story:
    return Story(
        id=str(told["id"]),
        subject=told["subject"],
        name=told["name"],
        channel=_CHANNELS[told["channel"]],
        language=told["language"],
        mood=told["mood"],
        answered=told["article"] is not None,
        thread=tuple((turn["role"], turn["text"]) for turn in told["thread"]),
    )
