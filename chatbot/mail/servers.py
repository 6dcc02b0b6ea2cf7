"""What both directions share: how a server is reached, and how it is told what went wrong."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.mailbox import Mailbox, Security


class MailError(Exception):
    """A server did not do it; the text is a sentence for people, without names or addresses."""


class NotNow(MailError):
    """It may go well later: no connection, a login refused, a temporary answer."""


class NotEver(MailError):
    """The server refused this mail for good."""


class Unsure(MailError):
    """The mail was handed over and no answer came: it may have gone out."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server and how to log in there. `timeout` in seconds, for each step."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: Security
    timeout: float
    ca_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Certificates and names are verified, always. Raises NotNow."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except (OSError, ssl.SSLError):
                raise NotNow(f"{self.ca_file} holds no certificates that can be read.") from None
        return context


def imap_server(mailbox: Mailbox) -> Server | None:
    """Where mail is fetched; None where none is."""
    if not mailbox.imap_host:
        return None
    return Server(
        mailbox.imap_host,
        mailbox.ports[0],
        mailbox.imap_user or mailbox.address,
        mailbox.imap_password.get_secret_value(),
        mailbox.imap_security,
        mailbox.timeout,
        mailbox.ca_file,
    )


def smtp_server(mailbox: Mailbox) -> Server | None:
    """Where replies go; None where none do."""
    if not mailbox.smtp_host:
        return None
    password = mailbox.smtp_password.get_secret_value()
    return Server(
        mailbox.smtp_host,
        mailbox.ports[1],
        mailbox.smtp_user or (mailbox.address if password else ""),
        password,
        mailbox.smtp_security,
        mailbox.timeout,
        mailbox.ca_file,
    )


def in_words(error: Exception, server: Server) -> str:
    """Why a server could not be reached. Says host, port and the system's reason alone."""
    where = f"{server.host}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {where} is not valid here: {error.verify_message}."
    if isinstance(error, TimeoutError):
        return f"{where} did not answer within {server.timeout:g} s."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"{where} cannot be reached{f': {reason}' if reason else ''}."
