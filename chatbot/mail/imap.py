"""Mail in: a folder read over IMAP (RFC 3501), by UIDs. Changes nothing but \\Seen, when told to.

UIDs count upwards within a folder as long as its UIDVALIDITY stays the same, so "what is new" needs
no mark on the server and other programs may read the same mailbox.
"""

import base64
import contextlib
import imaplib
import re
from datetime import UTC, date, datetime, timedelta
from time import mktime
from types import TracebackType
from typing import Any, Self

from chatbot.mail.servers import MailError, NotNow, Server, in_words

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_PLAIN_ID = re.compile(r"<[!#-\[\]-~]{1,200}>")


class Inbox:
    """One connection to an IMAP server, logged in. A context manager; every call may raise NotNow.

    The sentences name the server and what it was asked, never what a mail says.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        try:
            self._imap = self._connected()
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._failed("the greeting", error) from None
        try:
            self._log_in()
        except BaseException:
            self._hang_up()
            raise

    def _connected(self) -> imaplib.IMAP4:
        server = self._server
        if server.security == "tls":
            return imaplib.IMAP4_SSL(
                server.host, server.port, ssl_context=server.tls(), timeout=server.timeout
            )
        return imaplib.IMAP4(server.host, server.port, timeout=server.timeout)

    def _log_in(self) -> None:
        """Encrypt where that comes after the greeting, then log in."""
        server = self._server
        try:
            if server.security == "starttls":
                self._imap.starttls(server.tls())
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._failed("STARTTLS", error) from None
        try:
            self._imap.login(server.user, server.password)
        except imaplib.IMAP4.error:
            raise NotNow(f"{server.host} refused the login. Check user and password.") from None
        except OSError as error:
            raise NotNow(in_words(error, server)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError):
            self._hang_up()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):  # after a failed handshake there is no socket left
            self._imap.shutdown()

    def select(self, folder: str, *, writable: bool = False) -> int:
        """Open a folder; its UIDVALIDITY."""
        try:
            answer, _ = self._imap.select(_quoted(folder), readonly=not writable)
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._failed("SELECT", error) from None
        if answer != "OK":
            raise NotNow(f"{self._server.host} has no folder {folder}, or does not open it.")
        _, told = self._imap.response("UIDVALIDITY")
        if not told or told[0] is None:
            raise NotNow(f"{self._server.host} gives the folder no UIDVALIDITY.")
        return int(told[0])

    def newest(self) -> int:
        """The highest UID of the open folder; 0 when it is empty."""
        return max(self._search("UID", "*"), default=0)

    def after(self, uid: int) -> list[int]:
        """The UIDs above this one, lowest first."""
        # "n:*" always names the last mail, even when its UID is below n.
        return [each for each in self._search("UID", f"{uid + 1}:*") if each > uid]

    def since(self, day: date) -> list[int]:
        """The UIDs of mails that came on this day or later, lowest first."""
        return self._search("SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def about(self, uid: int) -> tuple[int, datetime] | None:
        """Bytes of a mail and when it came to the server; None when it is gone."""
        for part in self._ask("FETCH", str(uid), "(UID RFC822.SIZE INTERNALDATE)"):
            head = part[0] if isinstance(part, tuple) else part
            size = re.search(rb"RFC822\.SIZE (\d+)", head) if isinstance(head, bytes) else None
            if size:
                came = imaplib.Internaldate2tuple(head)
                now = datetime.now(UTC)
                moment = datetime.fromtimestamp(mktime(came), UTC) if came else now
                # The protocol cuts fractions off, which would put an answer before its question.
                return int(size[1]), min(moment + timedelta(seconds=1), now)
        return None

    def fetch(self, uid: int, *, head: bool = False) -> bytes | None:
        """A mail, or its header alone, without marking it as read; None when it is gone."""
        wanted = "(UID BODY.PEEK[HEADER])" if head else "(UID BODY.PEEK[])"
        for part in self._ask("FETCH", str(uid), wanted):
            if isinstance(part, tuple) and re.search(rb"\bUID %d\b" % uid, part[0]):
                return bytes(part[1])
        return None

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read; the folder must be open for writing."""
        self._ask("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def holds(self, message_id: str) -> bool:
        """Whether the open folder has a mail with this Message-ID."""
        if not _PLAIN_ID.fullmatch(message_id):
            return False
        return bool(self._search("HEADER", "Message-ID", f'"{message_id}"'))

    def append(self, folder: str, mail: bytes) -> None:
        """Put a mail into a folder, marked as read."""
        try:
            answer, _ = self._imap.append(_quoted(folder), r"(\Seen)", "", mail)
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._failed("APPEND", error) from None
        if answer != "OK":
            raise NotNow(f"{self._server.host} refused APPEND.")

    def _search(self, *criteria: str) -> list[int]:
        told = self._ask("SEARCH", *criteria)
        uids = [int(each) for part in told if isinstance(part, bytes) for each in part.split()]
        return sorted(set(uids))

    def _ask(self, command: str, *words: str) -> list[Any]:
        try:
            answer, told = self._imap.uid(command, *words)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise self._failed(command, error) from None
        if answer != "OK":
            raise NotNow(f"{self._server.host} refused {command}.")
        return list(told)

    def _failed(self, command: str, error: Exception) -> MailError:
        if isinstance(error, imaplib.IMAP4.error):
            return NotNow(f"{self._server.host} broke off at {command}.")
        return NotNow(in_words(error, self._server))


def _quoted(folder: str) -> str:
    """A folder's name as the protocol writes it: modified UTF-7 (RFC 3501, 5.1.3), in quotes."""
    parts = re.split(r"([^\x20-\x7e]+)", folder.replace("&", "&-"))
    for place in range(1, len(parts), 2):
        code = base64.b64encode(parts[place].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        parts[place] = f"&{code.decode()}-"
    return '"' + "".join(parts).replace("\\", "\\\\").replace('"', '\\"') + '"'
