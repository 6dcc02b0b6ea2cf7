"""Mails in files (.eml, mbox) → threads. Mails that answer one another become one thread."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from chatbot.documents import Tell
from chatbot.ticket_files.incoming import Bad, Incoming, IncomingMessage
from chatbot.ticket_files.mails import LARGEST_MAIL, Mail, parse
from chatbot.ticket_files.texts import Unreadable

LARGEST_BOX = 2_000_000_000
"""Bytes of an mbox file; it is read mail by mail."""


def incoming(mail: Mail, source: str, *, own: bool = False) -> Incoming:
    """The thread that one mail brings. `own`: one of ours wrote it."""
    return _incoming([(mail, own)], source)


@dataclass(slots=True)
class Threads:
    """Mails of a file or folder, put together by what they answer. `own`: addresses of ours."""

    source: str
    own: frozenset[str] = frozenset()
    _threads: list[list[tuple[Mail, bool]]] = field(default_factory=list)
    _by_id: dict[str, int] = field(default_factory=dict)

    def add(self, mail: Mail) -> None:
        """Put a mail to its thread, or begin one."""
        ids = [each for each in (*mail.references, mail.message_id) if each]
        known = [self._by_id[each] for each in ids if each in self._by_id]
        number = known[0] if known else len(self._threads)
        if not known:
            self._threads.append([])
        self._threads[number].append((mail, mail.address in self.own))
        for each in ids:
            self._by_id.setdefault(each, number)

    def all(self) -> Iterator[Incoming | Bad]:
        """Every thread, in the order in which they came."""
        for mails in self._threads:
            mails.sort(key=lambda each: each[0].at)
            if any(not own for _, own in mails):
                yield _incoming(mails, self.source)
            else:
                yield Bad(mails[0][0].subject or "a mail", "It holds no mail of a customer.")


def _incoming(mails: list[tuple[Mail, bool]], source: str) -> Incoming:
    first = next((mail for mail, own in mails if not own), mails[0][0])
    messages = tuple(
        IncomingMessage(
            "agent" if own else "customer",
            mail.said or f"({mail.subject})",
            mail.at,
            mail.message_id,
        )
        for mail, own in {mail.message_id or id(mail): (mail, own) for mail, own in mails}.values()
    )
    return Incoming(
        source=source,
        external_id=_name_of(mails[0][0], first.address),
        subject=first.subject,
        customer=first.name,
        address=first.address,
        channel="e-mail",
        language="",
        messages=messages,
        references=tuple(dict.fromkeys(each for mail, _ in mails for each in mail.references)),
    )


def _name_of(mail: Mail, address: str) -> str:
    """What a thread is known by. Of one address: nobody gets into another customer's thread."""
    if mail.root:
        return f"{mail.root} {address}"
    told = "\x1f".join((mail.subject, mail.at.isoformat(), mail.text))
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()} {address}"


def read_eml(path: Path, name: str, threads: Threads, when: datetime) -> Iterator[Bad]:
    """Add the mail of a file to the threads."""
    if path.stat().st_size > LARGEST_MAIL:
        yield Bad(name, f"The mail is larger than {LARGEST_MAIL // 1_000_000} MB.")
        return
    try:
        threads.add(parse(path.read_bytes(), when))
    except Unreadable as error:
        yield Bad(name, str(error))


def read_mbox(path: Path, name: str, threads: Threads, when: datetime, tell: Tell) -> Iterator[Bad]:
    """Add the mails of an mbox file to the threads; bad ones are named by their first line.

    Raises:
        Unreadable: it does not begin as such a file does.
    """
    size = path.stat().st_size
    if size > LARGEST_BOX:
        raise Unreadable(f"The file is larger than {LARGEST_BOX // 1_000_000} MB.")
    done = 0
    for line, raw in _mails(path):
        done += len(raw)
        try:
            threads.add(parse(raw, when))
        except Unreadable as error:
            yield Bad(f"{name}:{line}", str(error), line)
        tell(done, size)


def _mails(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each mail with its first line's number. What is over the limit is cut just above it."""
    begun, size, before = 0, 0, b"\n"
    held: list[bytes] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(b"From ") and not before.strip():
                if begun:
                    yield begun, b"".join(held)
                begun, size, held = number, 0, []
            elif not begun:
                raise Unreadable("It is no mbox file: such a file begins with “From ”.")
            elif size <= LARGEST_MAIL:
                held.append(line[1:] if line.startswith(b">From ") else line)
                size += len(line)
            before = line
    if begun:
        yield begun, b"".join(held)
