"""Whether a person wrote a mail to us, or a machine did (RFC 3834, RFC 3464). Breaks loops."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from typing import Literal

Kind = Literal["person", "own", "automatic", "bounce"]
"""`own`: it came from our address. `bounce`: a mail of ours was not delivered."""

_ID = re.compile(r"<[^<>\s]{1,250}>")
_STATUS = re.compile(r"(?im)^Status:\s*([245]\.\d{1,3}\.\d{1,3})")
_ACTION = re.compile(r"(?im)^Action:\s*(\w+)")
_ROBOT = re.compile(r"(?i)^(mailer-daemon|postmaster)@")
_BULK = {"bulk", "list", "junk", "auto_reply"}
_MOST_HEADER = 4000
"""Characters of a header that are looked at: mails are made to keep a reader busy, too."""
_MOST_TEXT = 200_000


class _Policy(Compat32):
    """As `policy.compat32`, without what is too long for a header."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Name and value of a header."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MOST_HEADER]


_POLICY = _Policy()


@dataclass(frozen=True, slots=True)
class Told:
    """What a mail is. For a bounce: which mails of ours it is about, and the status code."""

    kind: Kind
    message_id: str = ""
    about: tuple[str, ...] = ()
    status: str = ""


def kind_of(raw: bytes, own: str) -> Told:
    """Look at a mail's header, and at a report's parts. `own`: our address. Raises nothing."""
    try:
        mail = message_from_bytes(raw, policy=_POLICY)
    except RecursionError:  # parts within parts: no report, and no mail that can be read either
        return Told("person")
    message_id = (_ID.findall(_header(mail, "Message-ID")) or [""])[0]
    sender = (re.findall(r"[^\s<>\"]+@[^\s<>\"]+", _header(mail, "From")) or [""])[-1].lower()
    if _is_report(mail) or _ROBOT.match(sender):
        status, action = _STATUS.search(_texts(mail)), _ACTION.search(_texts(mail))
        # "delayed" is no bounce: the server goes on trying, and says so.
        if action and action[1].lower() not in ("failed", "expanded"):
            return Told("automatic", message_id)
        about = tuple(dict.fromkeys(_ID.findall(_about(mail))))
        return Told("bounce", message_id, about, status[1] if status else "")
    if sender == own.lower():
        return Told("own", message_id)
    return Told("automatic" if _is_automatic(mail) else "person", message_id)


def _is_automatic(mail: Message) -> bool:
    submitted = _header(mail, "Auto-Submitted").split(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or _header(mail, "Precedence").strip().lower() in _BULK
        or bool(_header(mail, "List-Id") or _header(mail, "X-Autoreply"))
        or _header(mail, "Return-Path").strip() == "<>"
    )


def _is_report(mail: Message) -> bool:
    return mail.get_content_type() == "multipart/report" and "delivery-status" in str(
        mail.get_param("report-type", "")
    )


def _about(mail: Message) -> str:
    """The ids of the mail that came back: in its header, as reports carry it, or in References."""
    found = [_header(mail, "In-Reply-To"), _header(mail, "References")]
    for part in mail.walk():
        if part is not mail and part["Message-ID"]:
            found.append(_header(part, "Message-ID"))
        elif part.get_content_type() in ("text/rfc822-headers", "text/plain"):
            found += re.findall(r"(?im)^[ \t]*Message-ID:[ \t]*(.*)$", _text(part))
    return " ".join(found)


def _texts(mail: Message) -> str:
    return "\n".join(
        str(part) if part.get_content_type() == "message/delivery-status" else _text(part)
        for part in mail.walk()
        if part.get_content_type() in ("message/delivery-status", "text/plain")
    )[:_MOST_TEXT]


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    return raw[:_MOST_TEXT].decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _header(mail: Message, name: str) -> str:
    return str(mail.get(name, "") or "")
