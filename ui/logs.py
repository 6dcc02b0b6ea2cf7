"""Lines of the server's log, on standard error: for people (`plain`) or for programs (`json`).

Each says when, how bad, which turn and which replica, where there is one. A turn's id stands in the
chat under Trace, in the review, and in what the API answers: it leads from a page to its lines.
What was said stands in none: of an exception a line has its type and where it was raised, since its
text may quote a conversation. Control characters are written out, so nothing begins a line of its
own.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Any, Literal

from chatbot.turn import TURN

Kind = Literal["plain", "json"]
OWN = ("chatbot", "store", "prompts", "ui")
"""Whose lines below warnings are written too."""


def configure(
    kind: Kind, replica: Callable[[], int | None], stream: IO[str] | None = None
) -> logging.Handler:
    """Write the log of this process so from now on; for the server. Returns what writes it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json(replica) if kind == "json" else _Plain(replica))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.INFO)
    return handler


class _Line(logging.Formatter):
    """What both forms say of a record."""

    def __init__(self, replica: Callable[[], int | None]) -> None:
        super().__init__()
        self._replica = replica

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """By name, in the order of a line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts: dict[str, Any] = {"time": at.replace("+00:00", "Z"), "level": record.levelname}
        facts["logger"] = record.name
        if (number := self._replica()) is not None:
            facts["replica"] = number
        if turn := TURN.get():
            facts["turn"] = turn
        facts["message"] = _message(record)
        facts |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1] is not None:
            facts["error"], facts["raised"] = _raised(record.exc_info[1])
        return facts


class _Json(_Line):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Without a character that ends a line."""
        return json.dumps(self.facts(record), ensure_ascii=True, default=str)


class _Plain(_Line):
    """`time LEVEL logger: message name=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        """The same facts, for people."""
        facts = self.facts(record)
        head = f"{facts.pop('time')} {facts.pop('level')} {facts.pop('logger')}"
        message = str(facts.pop("message"))
        line = " ".join([f"{head}: {message}", *(f"{name}={_word(facts[name])}" for name in facts)])
        return "".join(each if each.isprintable() else _escaped(each) for each in line)


def _message(record: logging.LogRecord) -> str:
    """What a record says. asyncio writes out the exception, or what was passed to a callback."""
    message = record.getMessage()
    return message.partition("\n")[0].partition("(")[0] if record.name == "asyncio" else message


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text else text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _raised(error: BaseException) -> tuple[str, str]:
    """The type of an exception, and where it was raised: file and line of each step."""
    steps = traceback.extract_tb(error.__traceback__)
    places = [f"{step.filename.rpartition('/site-packages/')[2]}:{step.lineno}" for step in steps]
    return type(error).__name__, " > ".join(places)
