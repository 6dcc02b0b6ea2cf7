"""New mails of the mailbox → tickets. One process reads at a time; each mail is taken in once.

How far it read is written after each mail, when the desk has it. After a crash between the two the
mail is met again, and the desk knows its Message-ID. Automatic mails make no ticket, so that two
machines never answer each other; reports of failed delivery mark the mail that came back.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chatbot.archive import Archive
from chatbot.desk import Desk
from chatbot.mail import Inbox, MailError, Server, kind_of
from chatbot.mailbox import Mailbox
from chatbot.ticket_files import (
    LARGEST_MAIL,
    Bad,
    Incoming,
    Mail,
    Unreadable,
    incoming_of_mail,
    parse_mail,
)
from store import mail
from store.mail import Folder

log = logging.getLogger(__name__)

MOST = 200
"""Mails of one look; the next look goes on."""
_CLAIM = 300.0
"""Seconds for which a folder is held for the next mail."""
_TOO_LARGE = "[This mail is larger than {} MB and stays in the mailbox. Read it there.]"


class Fetching:
    """Reads one folder. Blocking: call it from a thread."""

    def __init__(self, archive: Archive, desk: Desk, mailbox: Mailbox, server: Server) -> None:
        self._main = archive.main
        self._desk = desk
        self._mailbox = mailbox
        self._server = server
        self.folder = f"{server.user}@{server.host}:{server.port}/{mailbox.imap_folder}"
        self.problem = ""

    def run(self) -> int:
        """Take in what is new; how many mails were looked at. Raises StoreUnavailable.

        A server that does not do its part is no error: `problem` says so until a look goes well.
        """
        with self._main.writing() as session:
            mail.know_folder(session, self.folder, self._mailbox.address)
            held = mail.claim_folder(session, self.folder, _CLAIM)
        if held is None:
            return 0
        done = False
        try:
            count = self._read(held)
            done, self.problem = True, ""
        except MailError as error:
            self.problem = str(error)
            return 0
        finally:
            with self._main.writing() as session:
                mail.release_folder(session, self.folder, read=done)
        return count

    def _read(self, folder: Folder) -> int:
        with Inbox(self._server) as inbox:
            validity = inbox.select(self._mailbox.imap_folder, writable=self._mailbox.mark_seen)
            if folder.uid_validity == validity:
                uids = inbox.after(folder.last_uid)[:MOST]
            else:
                uids = self._at_first(inbox, folder, validity)
            for uid in uids:
                self._take(inbox, validity, uid)
        return len(uids)

    def _at_first(self, inbox: Inbox, folder: Folder, validity: int) -> list[int]:
        """The UIDs to begin with, where those of before mean nothing. Older mails stay unread."""
        days = timedelta(days=self._mailbox.first_days)
        begin = datetime.now(UTC) - days
        if folder.read_at is not None:
            begin = min(begin, folder.read_at - timedelta(days=1))
        newest = inbox.newest()
        uids = inbox.since(begin.date())[:MOST] if days or folder.read_at else []
        before = uids[0] - 1 if uids else newest
        with self._main.writing() as session:
            mail.advance(session, self.folder, validity, before, seconds=_CLAIM)
        return uids

    def _take(self, inbox: Inbox, validity: int, uid: int) -> None:
        """Take one mail in, or leave it out, and write down that it is done."""
        left_out, seen = 0, ""
        about = inbox.about(uid)
        if about is not None:
            size, came = about
            raw = inbox.fetch(uid, head=size > LARGEST_MAIL)
            if raw is not None:
                left_out, seen = self._judge(raw, came, whole=size <= LARGEST_MAIL)
        with self._main.writing() as session:
            if seen:
                mail.note_seen(session, seen)
            mail.advance(session, self.folder, validity, uid, left_out=left_out, seconds=_CLAIM)
        if self._mailbox.mark_seen and not left_out:
            inbox.mark_seen(uid)

    def _judge(self, raw: bytes, came: datetime, *, whole: bool) -> tuple[int, str]:
        """Do what a mail asks for: whether it was left out (1), and its digest."""
        try:
            told = kind_of(raw, self._mailbox.address)
        except Exception as error:  # noqa: BLE001  one mail must not keep all others out
            log.warning("a mail was left out: %s", type(error).__name__)
            return 1, ""
        seen = mail.digest(told.message_id, raw)
        with self._main.reading() as session:
            if mail.is_seen(session, seen):
                return 0, seen
        if told.kind == "bounce":
            return self._undelivered(told.about, told.status), seen
        if told.kind != "person":
            return int(told.kind == "automatic"), seen
        return self._bring(raw, came, whole=whole), seen

    def _undelivered(self, about: tuple[str, ...], status: str) -> int:
        reason = f"The mail came back{f' ({status})' if status else ''}: it was not delivered."
        with self._main.writing() as session:
            return int(not mail.undelivered(session, about, reason))

    def _bring(self, raw: bytes, came: datetime, *, whole: bool) -> int:
        try:
            # What the mail itself says may be wrong: an answer dated before its question.
            parsed = replace(parse_mail(raw, came), at=came)
        except Unreadable as error:
            log.warning("a mail was left out: %s", error)
            return 1
        except Exception as error:  # noqa: BLE001  one mail must not keep all others out
            log.warning("a mail was left out: %s", type(error).__name__)
            return 1
        brought = self._desk.bring(None, [self._incoming(parsed, whole=whole)])
        for refused in brought.refused:
            log.warning("a mail was refused: %s", refused.reason)
        return len(brought.refused)

    def _incoming(self, parsed: Mail, *, whole: bool) -> Incoming | Bad:
        if not whole:
            note = _TOO_LARGE.format(LARGEST_MAIL // 1_000_000)
            parsed = replace(parsed, text=note, attachments=())
        return incoming_of_mail(parsed, f"mail:{self._mailbox.address}")
