"""Mail as such: fetched over IMAP, handed over by SMTP. Knows no ticket and no table."""

from chatbot.mail.checking import look
from chatbot.mail.composing import compose
from chatbot.mail.imap import Inbox
from chatbot.mail.kinds import Told, kind_of
from chatbot.mail.servers import (
    MailError,
    NotEver,
    NotNow,
    Server,
    Unsure,
    imap_server,
    smtp_server,
)
from chatbot.mail.smtp import check, plain_address, send

__all__ = [
    "Inbox",
    "MailError",
    "NotEver",
    "NotNow",
    "Server",
    "Told",
    "Unsure",
    "check",
    "compose",
    "imap_server",
    "kind_of",
    "look",
    "plain_address",
    "send",
    "smtp_server",
]
