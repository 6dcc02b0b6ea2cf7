"""Mail out: one mail handed to an SMTP server (RFC 5321), step by step.

The steps matter: until the text of a mail leaves, nobody can have got it; once it has left and no
answer came, nobody here can know. `handing_over` is called between the two.
"""

import contextlib
import smtplib
from collections.abc import Callable
from email.utils import parseaddr

from chatbot.mail.servers import MailError, NotEver, NotNow, Server, Unsure, in_words

_READY = 354
_TAKEN = 250


def send(
    server: Server,
    mail: bytes,
    sender: str,
    to: str,
    handing_over: Callable[[], None] = lambda: None,
) -> None:
    """Hand a mail over. `mail` is a whole message, `sender` and `to` are addresses alone.

    `handing_over` is called when the server is ready for the text; what it raises stops the try.

    Raises:
        NotNow: nothing was taken, it may go well later.
        NotEver: the server refused it for good.
        Unsure: the text left and no answer came.
    """
    smtp = _connected(server, sender.partition("@")[2])
    try:
        _address(smtp, sender, to)
        code, said = smtp.docmd("DATA")
        if code != _READY:
            raise _refusal(code, said)
        handing_over()
        _hand_over(smtp, server, mail)
    except smtplib.SMTPServerDisconnected:
        raise NotNow(f"{server.host}:{server.port} closed the connection.") from None
    except OSError as error:
        raise NotNow(in_words(error, server)) from None
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def check(server: Server, sender: str) -> None:
    """Connect and log in, and send nothing. Raises NotNow."""
    smtp = _connected(server, sender.partition("@")[2])
    with contextlib.suppress(smtplib.SMTPException, OSError):
        smtp.quit()


def _connected(server: Server, domain: str) -> smtplib.SMTP:
    try:
        smtp = _greeted(server, domain)
    except smtplib.SMTPException as error:
        raise _turned_away(server, error) from None
    except OSError as error:
        raise NotNow(in_words(error, server)) from None
    try:
        _log_in(smtp, server)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _greeted(server: Server, domain: str) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(
            server.host, server.port, domain, timeout=server.timeout, context=server.tls()
        )
    return smtplib.SMTP(server.host, server.port, domain, timeout=server.timeout)


def _log_in(smtp: smtplib.SMTP, server: Server) -> None:
    """Encrypt where that comes after the greeting, then log in where there is a user."""
    try:
        if server.security == "starttls":
            smtp.starttls(context=server.tls())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError:
        raise NotNow(f"{server.host} refused the login. Check user and password.") from None
    except smtplib.SMTPNotSupportedError:
        raise NotNow(
            f"{server.host}:{server.port} does not offer what the settings ask for "
            "(STARTTLS, or a login)."
        ) from None
    except smtplib.SMTPException as error:
        raise _turned_away(server, error) from None
    except OSError as error:
        raise NotNow(in_words(error, server)) from None


def _turned_away(server: Server, error: smtplib.SMTPException) -> NotNow:
    code = getattr(error, "smtp_code", "")
    return NotNow(f"{server.host}:{server.port} refused the connection. {code}".strip())


def _address(smtp: smtplib.SMTP, sender: str, to: str) -> None:
    options = []
    if not to.isascii():
        if not smtp.has_extn("smtputf8"):
            raise NotEver("The server does not take addresses with letters beyond ASCII.")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        smtp.command_encoding = "utf-8"
    _require(*smtp.mail(sender, options))
    _require(*smtp.rcpt(to))


def _require(code: int, said: bytes) -> None:
    if not 200 <= code < 300:
        raise _refusal(code, said)


def _hand_over(smtp: smtplib.SMTP, server: Server, mail: bytes) -> None:
    """Send the text and its end, then hear what came of it."""
    stuffed = mail.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    try:
        smtp.send(stuffed + b".\r\n")
        code, said = smtp.getreply()
    except (smtplib.SMTPException, OSError):
        raise Unsure(
            f"{server.host} took the mail and gave no answer. It may have gone out."
        ) from None
    if code != _TAKEN:
        raise _refusal(code, said)


def _refusal(code: int, said: bytes) -> MailError:
    """The server's own words, of which people need the first line."""
    words = said.decode("utf-8", "replace").splitlines()
    text = f"The server answered {code}: {' '.join(words[0].split())[:200] if words else ''}"
    return NotNow(text) if 400 <= code < 500 else NotEver(text)


def plain_address(text: str) -> str | None:
    """The one address of a text in the form that goes to a server; None when it is none.

    A domain beyond ASCII is spelled as in the DNS.
    """
    name, at, domain = parseaddr(text)[1].rpartition("@")
    if not at or not name or any(sign.isspace() or sign in '<>(),;:\\"[]' for sign in text.strip()):
        return None
    try:
        return f"{name}@{domain.encode('idna').decode()}" if domain else None
    except UnicodeError:
        return None
