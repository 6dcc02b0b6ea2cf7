"""What the command `draft` and the route `/api/drafts` share: what they take, what they give.

    {"thread": [{"role": "customer"|"agent", "text": …}], "tone": …, "instruction": …}
    → {"text", "sources": [{"n", "title", "passage"}], "missing": [], "unsupported": [], "model",
       "prompt_version", …}

Only agents and administrators draft. Nothing is sent to anybody here.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.errors import ChatbotError, NotAllowed, Refused

if TYPE_CHECKING:
    from chatbot.backends.cancel import CancelToken
    from chatbot.bootstrap import Product
    from chatbot.drafting import Draft
    from chatbot.views import Person

ROLES = ("agent", "admin")
NOT_AN_AGENT = "Only agents and administrators draft replies. Ask an administrator for the role."
NOT_UNDERSTOOD = 'Send JSON such as {"thread": [{"role": "customer", "text": "…"}]}.'
NO_DRAFT = "The model wrote no draft. Try again."

MOST_MESSAGES = 500
LONGEST = 200_000
"""Characters of one message."""

_Text = Annotated[str, Field(max_length=LONGEST)]
_Line = Annotated[str, Field(max_length=1000)]
_Name = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Message(_Strict):
    """One message of the thread, the oldest first."""

    role: Literal["customer", "agent", "assistant"]
    text: _Text
    name: _Name = ""


class Ticket(_Strict):
    """Under which id of another helpdesk the thread is kept as a ticket here."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    subject: _Name = ""
    name: _Name = ""


class Asked(_Strict):
    """What is asked for. `variant` 1 and 2 are other drafts of the same."""

    thread: Annotated[
        tuple[Message, ...], Field(min_length=1, max_length=MOST_MESSAGES, strict=False)
    ]
    tone: Literal[
        "neutral", "warm", "friendly", "formal", "empathetic", "apologetic", "brief", "concise"
    ] = "neutral"
    instruction: _Line = ""
    facts: Annotated[tuple[_Line, ...], Field(max_length=30, strict=False)] = ()
    agent: _Name = ""
    model: _Name = ""
    variant: Annotated[int, Field(ge=0, le=2)] = 0
    ticket: Ticket | None = None


def read(text: str) -> Asked:
    """What a JSON text asks for. Raises Refused with the first thing that is wrong."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(NOT_UNDERSTOOD) from None
    return check(given)


def check(given: object) -> Asked:
    """What a JSON value asks for. Raises Refused with the first thing that is wrong."""
    if not isinstance(given, dict):
        raise Refused(NOT_UNDERSTOOD)
    try:
        return Asked.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise Refused(f"{place}: {first['msg']}. {NOT_UNDERSTOOD}") from None


def of_message(text: str) -> Asked:
    """A draft for one message of a customer. Raises Refused: it is too long."""
    if len(text) > LONGEST:
        raise Refused(f"The message has more than {LONGEST:,} characters. Shorten it.")
    return Asked(thread=(Message(role="customer", text=text),))


async def drafted(
    product: "Product", person: "Person", asked: Asked, cancel: "CancelToken"
) -> "Draft":
    """The finished draft. Raises NotAllowed, and what `Drafting.draft` raises."""
    from chatbot.analysis import Said

    if not set(ROLES) & set(person.roles):
        raise NotAllowed(NOT_AN_AGENT)
    customer = asked.ticket.name if asked.ticket else ""
    thread = [
        Said(one.role, one.text, one.name or (customer if one.role == "customer" else ""))
        for one in asked.thread
    ]
    ended = None
    pieces = product.drafting.draft(
        person,
        thread,
        cancel,
        tone=asked.tone,
        facts=asked.facts,
        instruction=asked.instruction,
        agent=asked.agent,
        model=asked.model or None,
        variant=asked.variant,
        subject=asked.ticket.subject if asked.ticket else "",
    )
    async with aclosing(pieces):
        async for told in pieces:
            ended = told.ended or ended
    if ended is None:
        raise ChatbotError(NO_DRAFT)
    return ended


def keep(product: "Product", person: "Person", asked: Asked) -> None:
    """Keep the thread as a ticket where that was asked for; the same id again is the same ticket.

    Raises NotAllowed, Refused (why it was not taken in), StoreUnavailable.
    """
    from chatbot.ticket_files import Incoming, IncomingMessage

    ticket = asked.ticket
    if ticket is None:
        return
    now = datetime.now(UTC)
    messages = tuple(
        IncomingMessage(
            "customer" if one.role == "customer" else "agent",
            one.text,
            now,
            _name_of(ticket.id, place, one),
        )
        for place, one in enumerate(asked.thread)
    )
    came = product.desk.bring(
        person,
        [
            Incoming(
                source="api",
                external_id=ticket.id,
                subject=ticket.subject,
                customer=ticket.name,
                address="",
                channel="api",
                language="",
                messages=messages,
            )
        ],
    )
    if came.refused:
        raise Refused(f"The ticket was not kept: {came.refused[0].reason}")


def _name_of(ticket: str, place: int, message: Message) -> str:
    """What a message without a time is known by when its thread is sent again."""
    told = "\x1f".join((ticket, str(place), message.role, message.text))
    return f"api:{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()}"


def as_json(draft: "Draft") -> dict[str, Any]:
    """The draft as both doors give it."""
    return {
        "text": draft.text,
        "sources": [
            {
                "n": one.n,
                "title": one.label,
                "passage": one.text,
                "id": one.passage,
                "article": one.article,
                "internal": one.internal,
                "score": round(one.score, 4),
            }
            for one in draft.sources
        ],
        "missing": list(draft.missing),
        "unsupported": list(draft.unsupported),
        "model": draft.model,
        "prompt": draft.prompt,
        "prompt_version": draft.number,
        "prompt_sha": draft.version,
        "language": draft.language,
        "status": draft.status,
        "marks": [asdict(mark) for mark in draft.marks],
        "notes": list(draft.notes),
        "first_s": draft.first_s,
        "total_s": draft.total_s,
    }


def beside(draft: "Draft") -> Sequence[str]:
    """What a person at a terminal should know beside the text: a line each."""
    cited = [one for one in draft.sources if f"[{one.n}]" in draft.text]
    lines = [f"[{one.n}] {one.label}{' (internal)' * one.internal}" for one in cited]
    lines += [f"Needs {one}" for one in draft.missing]
    lines += [f"No source: {one}" for one in draft.unsupported]
    lines += [f"Stands nowhere: {one.text}" for one in draft.marks if one.kind == "invented"]
    return [*lines, *draft.notes]
