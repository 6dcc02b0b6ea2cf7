"""A reply as a mail. Nothing that stands in it can become a header or another recipient."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime

_ID = re.compile(r"<[^<>\s]{1,250}>")
_MOST_REFERENCES = 20
_RE = re.compile(r"(?i)\s*((re|aw|rv|sv|antw|fwd?|wg)\s*(\[\d+\])?\s*:\s*)+")


class _Ids(UnstructuredHeader):
    """Message-IDs, a line each: the standard library would encode those it finds too long."""

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
for _name in ("message-id", "in-reply-to", "references"):
    _HEADERS.map_to_type(_name, _Ids)  # type: ignore[arg-type]  # a mixin, as it asks for


def compose(
    *,
    name: str,
    address: str,
    to: str,
    subject: str,
    body: str,
    message_id: str,
    in_reply_to: str | None,
    references: Sequence[str],
    at: datetime,
) -> bytes:
    """The mail as it goes to a server. `to` is an address alone, see `smtp.plain_address`."""
    mail = EmailMessage(policy=(SMTP if to.isascii() else SMTPUTF8).clone(header_factory=_HEADERS))
    user, _, domain = address.rpartition("@")
    mail["From"] = Address(_one_line(name), user, domain)
    to_user, _, to_domain = to.rpartition("@")
    mail["To"] = Address("", to_user, to_domain)
    mail["Subject"] = subject_of_reply(subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    answered = _ids([in_reply_to or ""])
    if answered:
        mail["In-Reply-To"] = answered[0]
    if thread := _ids([*references, *answered])[-_MOST_REFERENCES:]:
        mail["References"] = " ".join(thread)
    mail.set_content(body, charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()


def subject_of_reply(subject: str) -> str:
    """`Re: …`, once, whatever marks of replies stood there before."""
    bare = _RE.sub("", _one_line(subject), count=1)[:300]
    return f"Re: {bare}".rstrip()


def _ids(texts: Sequence[str]) -> list[str]:
    found = [each for text in texts for each in _ID.findall(text)]
    return list(dict.fromkeys(each for each in found if each.isascii()))


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())
