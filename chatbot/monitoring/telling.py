"""Who is told that an alert began or ended: webhooks that listen, and one address by mail.

Webhooks are queued in the transaction in which it begins or ends. A mail is handed over by the
desk's mail server; one that is not taken is tried again until it is, as long as the alert goes on.
Ids, names of versions and figures alone.
"""

import logging
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid

from chatbot.mail import MailError, plain_address, send, smtp_server
from chatbot.mailbox import Mailbox
from chatbot.monitoring import measures
from chatbot.monitoring.measures import WATCHED
from chatbot.monitoring.views import RuleForm
from store import webhooks
from store.alerts import Event, Rule
from store.engine import Session

log = logging.getLogger(__name__)


def sentence(form: RuleForm, subject: str, value: float, bound: float) -> str:
    """What is broken: `First word, p95 of all answers: 0.92 s, above 0.8 s.`"""
    measure = WATCHED[form.measure].measure
    word = "above" if measures.broken("above", value, bound) else "below"
    name = subject[0].lower() + subject[1:] if subject.endswith("ll answers") else subject
    told = measures.number(value, measure.unit)
    return f"{measure.title} of {name}: {told}, {word} {measures.number(bound, measure.unit)}."


def tell_hooks(
    session: Session, rule: Rule, event: Event, kind: webhooks.Kind, at: datetime
) -> None:
    """Queue what webhooks are told, once for each event."""
    if not rule.hook:
        return
    data: dict[str, str | int | float] = {
        "alert": event.public_id,
        "rule": rule.public_id,
        "name": rule.name,
        "measure": rule.measure,
        "how": rule.how,
        "subject": event.subject,
        "value": round(event.value, 4),
        "limit": round(event.bound, 4),
        "answers": event.answers,
        "began_at": event.began_at.isoformat(),
        "at": at.isoformat(),
    }
    webhooks.tell(session, kind, f"{kind}:{event.public_id}", data)


def hooks_know(session: Session, event: Event) -> bool:
    """Whether a webhook is, or is to be, told that it began; also while no mail of it left."""
    return webhooks.is_told(session, f"alert.began:{event.public_id}")


class Mailer:
    """Sends mails about alerts, where the desk has a mail server."""

    def __init__(self, mailbox: Mailbox | None, workspace: str) -> None:
        self._mailbox = mailbox
        self._server = smtp_server(mailbox) if mailbox is not None else None
        self._workspace = workspace

    @property
    def can(self) -> bool:
        """Whether there is a server that takes mail."""
        return self._server is not None

    def began(self, rule: Rule, text: str, cause: str) -> bool:
        """Say that it began; whether nothing is left to be sent. Blocking."""
        body = f"{text}\n{cause}\n\nThe page Monitor shows the answers behind it, and mutes it.\n"
        return self._send(rule, f"Alert: {rule.name}", body)

    def ended(self, rule: Rule, text: str) -> bool:
        """Say that it is over; whether nothing is left to be sent. Blocking."""
        return self._send(rule, f"Over: {rule.name}", f"This is over: {text}\n")

    def _send(self, rule: Rule, subject: str, body: str) -> bool:
        if not rule.mail or self._mailbox is None or self._server is None:
            return True
        to = plain_address(rule.mail)
        if to is None:
            return True
        try:
            raw = self._composed(self._mailbox, to, f"{self._workspace}: {subject}", body)
            send(self._server, raw, self._mailbox.address, to)
        except MailError as error:
            log.warning("a mail about an alert was not sent: %s", error)
            return False
        return True

    @staticmethod
    def _composed(box: Mailbox, to: str, subject: str, body: str) -> bytes:
        mail = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
        user, _, domain = box.address.rpartition("@")
        mail["From"] = Address(" ".join(box.name.split()), user, domain)
        to_user, _, to_domain = to.rpartition("@")
        mail["To"] = Address("", to_user, to_domain)
        mail["Subject"] = " ".join(subject.split())
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=box.domain)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body, charset="utf-8", cte="quoted-printable")
        return mail.as_bytes()
