"""A record of an export → a thread. Knows how helpdesks name fields (docs/mail.md lists them).

Names are compared in lower case, with `_` for everything that is no letter or digit. Private notes
of agents are left out: they are no part of what the customer reads.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chatbot.documents import plain_of_html
from chatbot.ticket_files.incoming import Channel, Incoming, IncomingMessage
from chatbot.ticket_files.texts import MOST_TEXT, Unreadable, clean, moment, one_line

ID = ("id", "ticket_id", "external_id", "ticket", "number", "case_id", "display_id", "key")
SUBJECT = ("subject", "title", "summary", "raw_subject")
NAME = (
    *("customer", "customer_name", "name", "requester_name", "contact_name", "full_name"),
    *("requester", "contact", "from_name", "from"),
)
ADDRESS = (
    *("address", "email", "e_mail", "customer_email", "requester_email", "contact_email"),
    *("from_email", "email_address"),
)
TEXT = (
    *("text", "plain_body", "body_text", "description_text", "message", "content", "comment"),
    *("body", "description", "html_body"),
)
TIME = ("at", "created_at", "created", "created_time", "date", "timestamp", "sent_at", "time")
LANGUAGE = ("language", "lang", "locale", "requester_language")
CHANNEL = ("channel", "via", "source")
ROLE = ("role", "author_role", "sender", "direction", "author_type", "type")
THREAD = ("thread", "messages", "comments", "conversations", "conversation", "turns")

_CUSTOMER = {"customer", "user", "end_user", "requester", "client", "contact", "incoming", "in"}
_AGENT = {"agent", "assistant", "staff", "support", "admin", "operator", "outgoing", "out"}
_CHANNELS: dict[str, Channel] = {
    **dict.fromkeys(("email", "e_mail", "mail", "1"), "e-mail"),
    **dict.fromkeys(("chat", "messaging", "native_messaging", "live_chat", "7"), "chat"),
    **dict.fromkeys(("api", "web", "form", "web_form", "portal", "2"), "api"),
}
_MARKUP = re.compile(r"(?i)\s*<(!doctype|html|body|div|p|br|span|table|ul|h[1-6])\b[^>]*>")


def plain_names(record: Mapping[Any, Any]) -> dict[str, Any]:
    """The record with its names as they are compared."""
    return {
        re.sub(r"[^a-z0-9]+", "_", str(name).lstrip("\ufeff").lower()).strip("_"): value
        for name, value in record.items()
        if name is not None
    }


def thread_of(record: Mapping[str, Any], source: str, when: datetime) -> Incoming:
    """The thread of a record. `when`: the time of messages that have none.

    Raises:
        Unreadable: something is missing or makes no sense.
    """
    record = plain_names(record)
    if isinstance(record.get("ticket"), Mapping):
        record = plain_names(record["ticket"])
    messages = _messages(record, when)
    if not any(message.role == "customer" for message in messages):
        raise Unreadable("It holds no message of a customer.")
    customer, address = _customer(record)
    subject = one_line(_first(record, SUBJECT))[:500]
    return Incoming(
        source=source,
        external_id=(_first(record, ID) or _fingerprint(subject, customer, messages))[:200],
        subject=subject or one_line(messages[0].text)[:80],
        customer=customer or address or "Customer",
        address=address,
        channel=_channel(record),
        language=re.split(r"[-_]", _first(record, LANGUAGE).lower())[0][:8],
        messages=messages,
    )


def _messages(record: Mapping[str, Any], when: datetime) -> tuple[IncomingMessage, ...]:
    requester = str(record.get("requester_id") or "")
    listed: Any = next((record[name] for name in THREAD if record.get(name)), [])
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        raise Unreadable("Its thread is no list of messages.")
    turns = [plain_names(turn) if isinstance(turn, Mapping) else {"text": turn} for turn in listed]
    messages = [_message(turn, requester, when) for turn in turns if not _is_private(turn)]
    if not messages:
        return (_message(record, requester, when),)
    first = _text(record)
    if first and first != messages[0].text:
        # Zendesk repeats the description as the first comment, Freshdesk does not.
        messages.insert(0, _message({**record, "role": "customer"}, requester, when))
    return tuple(messages)


def _message(turn: Mapping[str, Any], requester: str, when: datetime) -> IncomingMessage:
    text = _text(turn)
    if not text:
        raise Unreadable("A message is empty, or its column has another name than text or body.")
    if len(text) > MOST_TEXT:
        raise Unreadable(f"A message has more than {MOST_TEXT:,} characters.")
    said = _first(turn, TIME)
    return IncomingMessage(_role(turn, requester), text, moment(said) if said else when)


def _role(turn: Mapping[str, Any], requester: str) -> Any:
    if isinstance(turn.get("incoming"), bool):
        return "customer" if turn["incoming"] else "agent"
    if requester and turn.get("author_id") is not None:
        return "customer" if str(turn["author_id"]) == requester else "agent"
    for name in ROLE:
        word = re.sub(r"[^a-z]+", "_", str(turn.get(name) or "").lower()).strip("_")
        if word in _CUSTOMER or word in _AGENT:
            return "customer" if word in _CUSTOMER else "agent"
        if name == "role" and word:
            raise Unreadable(f"The role {word[:30]!r} is neither customer nor agent.")
    return "customer"


def _is_private(turn: Mapping[str, Any]) -> bool:
    return str(turn.get("public")).lower() == "false" or str(turn.get("private")).lower() == "true"


def _text(turn: Mapping[str, Any]) -> str:
    text = clean(_first(turn, TEXT)).strip()
    return clean(plain_of_html(text)).strip() if _MARKUP.match(text) else text


def _customer(record: Mapping[str, Any]) -> tuple[str, str]:
    """Name and address; both may stand in an object, or in one text as `Name <address>`."""
    for name in ("requester", "customer", "contact", "from"):
        inner = record.get(name)
        if isinstance(inner, Mapping):
            return _customer(plain_names(inner))
    customer, address = one_line(_first(record, NAME)), _first(record, ADDRESS).strip().lower()
    both = re.fullmatch(r"(.*?)\s*<([^<>\s]+@[^<>\s]+)>", customer)
    if both:
        customer, address = both[1].strip("\" '"), address or both[2].lower()
    elif "@" in customer and not address:
        address = customer.lower()
    if not re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", address) or len(address) > 320:
        address = ""
    return customer[:200], address


def _channel(record: Mapping[str, Any]) -> Channel:
    for name in CHANNEL:
        value = record.get(name)
        if isinstance(value, Mapping):
            value = value.get("channel")
        word = re.sub(r"[^a-z0-9]+", "_", str(value or "").lower()).strip("_")
        if word in _CHANNELS:
            return _CHANNELS[word]
    return "file"


def _first(record: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first of these fields that holds a text or number."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            found = clean(str(value)).strip()
            if found:
                return found
    return ""


def _fingerprint(subject: str, customer: str, messages: tuple[IncomingMessage, ...]) -> str:
    """What a record without an id is known by when its file is read again."""
    told = "\x1f".join((subject, customer, messages[0].text))
    return "sha256:" + hashlib.sha256(told.encode()).hexdigest()
