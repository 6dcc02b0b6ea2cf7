"""A small IMAP server on loopback: as much of RFC 3501 as a mailbox that is read by UID needs.

One mailbox, one user. Commands: CAPABILITY, STARTTLS, LOGIN, SELECT, EXAMINE, UID SEARCH (UID,
SINCE, HEADER Message-ID), UID FETCH (RFC822.SIZE INTERNALDATE, BODY.PEEK[], BODY.PEEK[HEADER]),
UID STORE (+FLAGS.SILENT), APPEND, NOOP, LOGOUT.
"""

import contextlib
import re
import socketserver
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

USER, PASSWORD = "desk@shop.example.com", "lamp 42"


@dataclass
class Stored:
    """A mail in a folder."""

    uid: int
    raw: bytes
    came: datetime = field(default_factory=lambda: datetime.now(UTC))
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    """A folder: UIDs count up while `validity` stays the same."""

    validity: int = 1
    next_uid: int = 1
    mails: list[Stored] = field(default_factory=list)

    def put(self, raw, *, came=None, flags=()):
        """Let a mail arrive; its UID."""
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        mail = Stored(self.next_uid, raw, came or datetime.now(UTC), set(flags))
        self.mails.append(mail)
        self.next_uid += 1
        return mail.uid

    def renumber(self):
        """What a server does after a restore: other UIDs, another UIDVALIDITY."""
        self.validity += 1
        for mail in self.mails:
            mail.uid += 1000
        self.next_uid += 1000


class ImapServer:
    """Listens on a free port of loopback. `tls` is a server's SSLContext, `mode` how it is used."""

    def __init__(self, *, tls=None, mode="none"):
        self.folders = {"INBOX": Folder(), "Sent": Folder()}
        self.commands = []
        self.tls, self.mode = tls, mode
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.box = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def inbox(self):
        return self.folders["INBOX"]

    @property
    def sent(self):
        return self.folders["Sent"]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, _address):
        """The other side went away, or does not trust us: its test says which."""
        request.close()


class _Session(socketserver.StreamRequestHandler):
    def setup(self):
        self.box = self.server.box
        if self.box.mode == "tls":
            self.request = self.box.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self):
        self.folder, self.user, self.on = None, False, True
        self.line("* OK ready")
        while self.on and (line := self.rfile.readline()):
            tag, _, rest = line.decode().rstrip("\r\n").partition(" ")
            word, _, rest = rest.partition(" ")
            if word.upper() == "UID":
                word, _, rest = rest.partition(" ")
            self.box.commands.append(f"{word} {rest}".strip())
            answer = getattr(self, f"do_{word.lower()}", self.do_unknown)(rest)
            self.line(f"{tag} {answer} .")
            if word.upper() == "STARTTLS" and answer.startswith("OK"):
                self.secure()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def line(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def secure(self):
        try:
            self.request = self.box.tls.wrap_socket(self.request, server_side=True)
        except OSError:  # the other side does not trust us
            self.on = False
            return
        self.connection = self.request
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)

    def do_unknown(self, _):
        return "BAD unknown"

    def do_capability(self, _):
        self.line("* CAPABILITY IMAP4rev1" + (" STARTTLS" if self.box.mode == "starttls" else ""))
        return "OK"

    def do_starttls(self, _):
        return "OK begin" if self.box.mode == "starttls" else "BAD no"

    def do_noop(self, _):
        return "OK"

    def do_login(self, rest):
        self.user = re.findall(r'"([^"]*)"|(\S+)', rest) == [("", USER), (PASSWORD, "")]
        return "OK" if self.user else "NO wrong"

    def do_logout(self, _):
        self.line("* BYE")
        self.on = False
        return "OK"

    def do_select(self, rest, mode="READ-WRITE"):
        folder = self.box.folders.get(rest.strip().strip('"'))
        if folder is None or not self.user:
            return "NO no such folder"
        self.folder, self.mode = folder, mode
        self.line(f"* {len(folder.mails)} EXISTS")
        self.line(f"* OK [UIDVALIDITY {folder.validity}] valid")
        return f"OK [{mode}] selected"

    def do_examine(self, rest):
        return self.do_select(rest, "READ-ONLY")

    def do_search(self, rest):
        found = [mail.uid for mail in self.folder.mails if self.fits(mail, rest)]
        self.line("* SEARCH " + " ".join(map(str, found)))
        return "OK"

    def fits(self, mail, rest):
        newest = max((each.uid for each in self.folder.mails), default=0)
        if rest == "UID *":
            return mail.uid == newest
        if first := re.fullmatch(r"UID (\d+):\*", rest):
            return min(int(first[1]), newest) <= mail.uid
        if day := re.fullmatch(r"SINCE (\S+)", rest):
            return mail.came.date() >= datetime.strptime(day[1], "%d-%b-%Y").date()  # noqa: DTZ007
        wanted = re.fullmatch(r'HEADER Message-ID "(.*)"', rest)
        return wanted[1].encode() in mail.raw.partition(b"\r\n\r\n")[0]

    def do_fetch(self, rest):
        uid, _, what = rest.partition(" ")
        for number, mail in enumerate(self.folder.mails, 1):
            if mail.uid != int(uid):
                continue
            if "RFC822.SIZE" in what:
                size, came = len(mail.raw), mail.came.strftime("%d-%b-%Y %H:%M:%S +0000")
                told = f'UID {uid} RFC822.SIZE {size} INTERNALDATE "{came}"'
                self.line(f"* {number} FETCH ({told})")
                continue
            raw = mail.raw
            if "HEADER" in what:
                raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            name = "BODY[HEADER]" if "HEADER" in what else "BODY[]"
            self.line(f"* {number} FETCH (UID {uid} {name} {{{len(raw)}}}")
            self.wfile.write(raw)
            self.line(")")
        return "OK"

    def do_store(self, rest):
        uid, flags = re.fullmatch(r"(\d+) \+FLAGS\.SILENT \((.*)\)", rest).groups()
        if self.mode != "READ-WRITE":
            return "NO read-only"
        for mail in self.folder.mails:
            if mail.uid == int(uid):
                mail.flags |= set(flags.split())
        return "OK"

    def do_append(self, rest):
        name, flags, size = re.fullmatch(
            r'"?([^"]*)"? \((.*)\) (?:"[^"]*" )?\{(\d+)\}', rest
        ).groups()
        self.line("+ go on")
        raw = self.rfile.read(int(size))
        self.rfile.readline()
        self.box.folders[name].put(raw, flags=flags.split())
        return "OK"
