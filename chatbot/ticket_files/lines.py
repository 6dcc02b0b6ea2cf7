"""JSON Lines and JSON exports → threads: an object a ticket."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chatbot.documents import Tell
from chatbot.ticket_files.fields import thread_of
from chatbot.ticket_files.incoming import Bad, Incoming
from chatbot.ticket_files.tables import text_of
from chatbot.ticket_files.texts import Unreadable


def threads(
    raw: bytes, name: str, source: str, when: datetime, tell: Tell
) -> Iterator[Incoming | Bad]:
    """The tickets of a JSON Lines file, each line by itself."""
    lines = text_of(raw).split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _thread(lambda line=line: _parsed(line), name, number, source, when)
        tell(number, len(lines))


def threads_of_json(
    raw: bytes, name: str, source: str, when: datetime, tell: Tell
) -> Iterator[Incoming | Bad]:
    """The tickets of a JSON file: a list of them, or an object that has one under `tickets`."""
    whole = _parsed(text_of(raw))
    listed = whole.get("tickets", [whole]) if isinstance(whole, Mapping) else whole
    if not isinstance(listed, list):
        raise Unreadable("It is neither a list of tickets nor an object that holds one.")
    for number, record in enumerate(listed, 1):
        yield _thread(lambda record=record: record, name, number, source, when)
        tell(number, len(listed))


def _thread(read: Any, name: str, number: int, source: str, when: datetime) -> Incoming | Bad:
    try:
        return thread_of(_object(read()), source, when)
    except Unreadable as error:
        return Bad(f"{name}:{number}", str(error), number)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable("It is no JSON object.")
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"It is no JSON: {error.msg} at character {error.colno}.") from None
    except (RecursionError, ValueError):
        raise Unreadable("It is no JSON that can be read.") from None
