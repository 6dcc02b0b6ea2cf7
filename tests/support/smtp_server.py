"""A mail server on loopback that takes mails, or answers as a test tells it to."""

import socket
import threading
import warnings
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.imap_server import PASSWORD, USER


class Taken:
    """The handler: `mails` are (sender, recipients, bytes). `answers` come first, one each."""

    def __init__(self):
        self.mails = []
        self.answers = []
        self.refused = {}

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return answer


class _Loopback(Controller):
    def factory(self):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return SMTP(self.handler, hostname="localhost", **self.SMTP_kwargs)


@contextmanager
def smtp_server(*, port=0, tls=None, starttls=None, login=False):
    """A server; gives its handler, with `port`. `tls` and `starttls` are a server's SSLContext."""
    handler = Taken()
    more = {"enable_SMTPUTF8": True}
    if starttls is not None:
        more |= {"tls_context": starttls, "require_starttls": True}
    if login:
        more |= {"authenticator": _known, "auth_required": True, "auth_require_tls": False}
    port = port or free_port()
    controller = _Loopback(handler, hostname="127.0.0.1", port=port, ssl_context=tls, **more)
    controller.start()
    handler.port = port
    try:
        yield handler
    finally:
        controller.stop()


def free_port():
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _known(_server, _session, _envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and mechanism in ("LOGIN", "PLAIN")
    right = right and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right is True)


class Silent:
    """A server that takes a mail's text and then says nothing, or hangs up.

    `called` is set when somebody connects, `taken` when the whole text is here; `end` closes the
    connection without an answer. Without `greets` it says nothing from the beginning.
    """

    def __init__(self, *, greets=True):
        self.called, self.taken, self.end = (threading.Event() for _ in range(3))
        self.greets = greets
        self.text = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return  # closed before anybody came
        self.called.set()
        with connection, connection.makefile("rb") as lines:
            if not self.greets:
                self.end.wait(60)
                return
            connection.sendall(b"220 here\r\n")
            for line in lines:
                word = line.split(b" ")[0].strip().upper()
                if word != b"DATA":
                    connection.sendall(b"250 OK\r\n")
                    continue
                connection.sendall(b"354 go on\r\n")
                for each in lines:
                    if each == b".\r\n":
                        break
                    self.text += each
                self.taken.set()
                self.end.wait(60)
                return

    def close(self):
        self.end.set()
        self._socket.close()
        self._thread.join(10)
