"""One mail → who wrote what when. Knows no mailbox and no ticket.

HTML becomes text, nothing in it is loaded or run; attachments are named and not kept. A mail that
breaks the rules of mail is read as far as it goes: that is how customers write.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr, parsedate_to_datetime
from itertools import islice

from chatbot.documents import plain_of_html
from chatbot.ticket_files.quoting import folded
from chatbot.ticket_files.texts import MOST_TEXT, Unreadable, clean, one_line

LARGEST_MAIL = 30_000_000
"""Bytes of a mail that is read, attachments included; common servers take 25 MB."""
_ID = re.compile(r"<[^<>\s]{1,995}>")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MOST_NAMES = 50
_MOST_HEADER = 4000
"""Characters of a header that are read; the standard library takes a minute for 150,000."""
_MOST_PARTS = 200
_MOST_BODY = 4_000_000
"""Bytes of a text that are read, markup included."""


class _Policy(EmailPolicy):
    """As `policy.default`, without what is too long for a header."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of a header."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MOST_HEADER]


_POLICY = _Policy()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as people see it. `references`: Message-IDs of its thread, oldest first."""

    message_id: str
    references: tuple[str, ...]
    name: str
    address: str
    subject: str
    at: datetime
    text: str
    attachments: tuple[str, ...]

    @property
    def root(self) -> str:
        """The Message-ID that its thread began with, as far as the mail says."""
        return self.references[0] if self.references else self.message_id

    @property
    def said(self) -> str:
        """The text, and the names of what was attached."""
        if not self.attachments:
            return self.text
        return f"{self.text}\n\n[Attached: {', '.join(self.attachments)}]".lstrip()


def parse(raw: bytes, when: datetime) -> Mail:
    """Read a mail. `when`: its time where it says none that can be.

    Raises:
        Unreadable: it is no mail, too large, or says nothing.
    """
    if len(raw) > LARGEST_MAIL:
        raise Unreadable(f"The mail is larger than {LARGEST_MAIL // 1_000_000} MB.")
    try:
        message = message_from_bytes(raw, policy=_POLICY)
    except RecursionError:
        raise Unreadable("Its parts lie too deep in each other to be read.") from None
    assert isinstance(message, EmailMessage)  # noqa: S101  what the policy makes
    name, address = _sender(message)
    if not address:
        raise Unreadable("It is no mail, or it does not say who wrote it (From).")
    mail = Mail(
        message_id=(_ids(message, "Message-ID") or [""])[0],
        references=tuple(dict.fromkeys(_ids(message, "References", "In-Reply-To"))),
        name=name,
        address=address,
        subject=one_line(_header(message, "Subject"))[:500],
        at=_time(message, when),
        text=_text(message),
        attachments=_attachments(message),
    )
    if not mail.said.strip() and not mail.subject:
        raise Unreadable("The mail is empty.")
    return mail


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message[name]
    except Exception:  # noqa: BLE001  the standard library breaks on some broken headers
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return clean(str(value or ""))


def _sender(message: EmailMessage) -> tuple[str, str]:
    """Name and address of who wrote; the address in lower case, empty when there is none."""
    for field in ("From", "Reply-To", "Sender"):
        try:
            header = message[field]
            if isinstance(header, AddressHeader) and header.addresses:
                first = header.addresses[0]
                found = first.display_name, first.addr_spec
            else:
                found = parseaddr(_header(message, field))
        except Exception:  # noqa: BLE001  as above
            found = parseaddr(_header(message, field))
        name, address = one_line(clean(found[0]))[:200], clean(found[1]).strip().lower()
        if "@" in address.strip("@<>") and len(address) <= 320 and not re.search(r"\s", address):
            return name or address, address
    return "", ""


def _ids(message: EmailMessage, *names: str) -> list[str]:
    return [each for name in names for each in _ID.findall(_header(message, name))]


def _time(message: EmailMessage, when: datetime) -> datetime:
    """When it says it was written: not in the future, which would never have to be answered."""
    try:
        at = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return when
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    now = datetime.now(UTC)
    return min(at.astimezone(UTC), now) if at > _EARLIEST else when


def _text(message: EmailMessage) -> str:
    """The writer's own words: plain text where there is some, else the text of the HTML."""
    plain, html = _bodies(message)
    text = folded(plain) if plain.strip() else folded(_of_html(html), marked=False)
    text = re.sub(r"\n{3,}", "\n\n", clean(text)).strip()
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n\n[…]"


def _of_html(html: str) -> str:
    try:
        return plain_of_html(html)
    except (ValueError, RecursionError):
        return ""


def _bodies(message: EmailMessage) -> tuple[str, str]:
    """The first plain text and the first HTML that are no attachments."""
    found = {"text/plain": "", "text/html": ""}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in found and not found[kind].strip() and not _is_attached(part):
            found[kind] = _decoded(part)
    return found["text/plain"], found["text/html"]


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    return islice(message.walk(), _MOST_PARTS)


def _is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment"


def _decoded(part: EmailMessage) -> str:
    """A part's text in the charset it names; where that is wrong, in one that fits."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    if len(raw) > _MOST_BODY:
        raw = raw[: raw.rfind(b"\n", 0, _MOST_BODY)]  # not within a character
    for charset in (part.get_content_charset(), "utf-8"):
        try:
            text = raw.decode(charset or "utf-8")
        except (LookupError, ValueError):
            continue
        break
    else:
        text = raw.decode("cp1252", "replace")
    return _unflowed(text, part)


def _unflowed(text: str, part: EmailMessage) -> str:
    """Lines joined that were broken for transport alone (RFC 3676)."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joined: list[list[str]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        before = joined[-1] if joined else [""]
        flows = before[-1].endswith(" ") and before != ["-- "]
        if flows and before[0][:1] != ">" and line[:1] != ">":
            before += filter(None, [line.removeprefix(" ")])
        else:
            joined.append([line])
    return "\n".join("".join(parts) for parts in joined)


def _attachments(message: EmailMessage) -> tuple[str, ...]:
    names = []
    for part in _parts(message):
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            continue
        if part.get_content_maintype() == "text" and not _is_attached(part):
            continue
        try:
            name = part.get_filename()
        except Exception:  # noqa: BLE001  as above
            name = None
        names.append(one_line(clean(str(name or part.get_content_type())))[:200])
    return tuple(names[:_MOST_NAMES])
