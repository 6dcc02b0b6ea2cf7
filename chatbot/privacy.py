"""What a person may ask of their data, and how long data lives.

* Retention: each class (chat, desk with its tickets, api, traces, audit) has its days, temporary
  conversations their minutes. Who writes meanwhile waits for a small part of a removal at most.
* Export: everything about a person in one zip file, kept for a day.
* Forgetting: every row, file and search word of a person goes, running answers first. What stays is
  the audit, which holds the id alone, and old backups, which this program cannot reach.
"""

import asyncio
import json
import re
import secrets
import shutil
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chatbot.archive import Archive, Place, told
from chatbot.audit import Audit, plain, require_admin
from chatbot.errors import NotFound, Refused, StoreUnavailable
from chatbot.knowledge import Knowledge
from chatbot.options import Options, Retention
from chatbot.sourcing import for_export
from store import accounts, audit, conversations, datasets, export, forgetting, retention, tickets
from store.engine import Session
from store.records import Conversation, Person

PAUSE = 0.1
"""Least seconds between two parts of a removal: whoever waits to write gets their turn."""
RETENTION_EVERY = 3600.0
"""Seconds between two runs of retention by the server."""
EXPORT_HOURS = 24
"""How long an export waits to be fetched."""

CLASSES = ("chat", "desk", "api", "temporary", "traces", "audit")
"""What retention tells apart. `temporary` is in the server's memory: elsewhere it is 0."""

LAST = "Nobody else administers this workspace. Make someone an administrator first."
_ZIP = zipfile.ZIP_DEFLATED

README = """This is everything that {workspace} holds about you, as of {moment}.

account/        your account and what belongs to it, a file for each kind of record
conversations/  each conversation as JSON (everything) and as Markdown (to read)
audit.json      what you did, and what was done to your account, as the audit has it

Passwords and the tokens of your sessions are kept as hashes only and are left out.
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed of a person: rows by table, and answers that were still being written."""

    rows: dict[str, int]
    stopped: int


class Privacy:
    """Retention, export, forgetting. Synchronous, but for `forget`: call it from threads.

    `stop_all` ends the answers of a person (internal id); `home` is where exports are put.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        options: Options,
        stop_all: Callable[[int], Awaitable[int]],
        *,
        home: Path,
        workspace: str,
        temporary_minutes: int,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._options = options
        self._stop_all = stop_all
        self._exports = home / "exports"
        self._workspace = workspace
        self._temporary = timedelta(minutes=temporary_minutes)
        self._ran: float | None = None
        self._ending = threading.Event()

    def close(self) -> None:
        """Let retention end after its next part: the server stops."""
        self._ending.set()

    # Retention -----------------------------------------------------------------------------------

    def due(self, as_if: Retention | None = None) -> dict[str, int]:
        """What a run would remove now, by `as_if` or by what is set. Raises StoreUnavailable."""
        rules, found = self._rules(as_if), Counter[str]()
        with self._archive.main.reading() as session:
            for idle in rules.idle:
                found[idle.channel] = retention.count_conversations(session, idle)
            if rules.desk:
                found["desk"] += tickets.count(session, tickets.idle(rules.desk))
            if rules.traces:
                found["traces"] = retention.count_traces(session, rules.traces)
            if rules.audit:
                found["audit"] = audit.older(session, rules.audit)
        if self._archive.has_temporary:
            with self._archive.temporary.reading() as session:
                found["temporary"] = conversations.idle(session, self._idle_since())
        return _by_class(found)

    def run_retention(self, by: Person | None) -> dict[str, int]:
        """Remove what is past its days; return how much of each class.

        `by` None: the server, or someone at the machine's terminal. Raises NotAllowed for others
        than administrators, StoreUnavailable (what was removed by then stays removed).
        """
        if by is not None:
            with self._archive.main.reading() as session:
                require_admin(session, by)
        rules, found = self._rules(), Counter[str]()
        for idle in rules.idle:
            found[idle.channel] = self._in_parts(partial(retention.purge_conversations, idle=idle))
        if rules.desk:
            old = tickets.idle(rules.desk)
            found["desk"] += self._in_parts(partial(tickets.erase, conditions=old))
        if rules.traces:
            found["traces"] = self._in_parts(partial(retention.purge_traces, before=rules.traces))
        if rules.audit:
            found["audit"] = self._in_parts(partial(audit.purge, moment=rules.audit, most=500))
        if self._archive.has_temporary:
            with self._archive.temporary.writing() as session:
                found["temporary"] = conversations.purge_idle(session, self._idle_since())
        with self._archive.main.writing() as session:
            datasets.renew(session)
            if by is not None or found.total():
                self._audit.note_in(session, by, "retention_ran", "retention", "", **found)
        return _by_class(found)

    def tidy(self, *, here: bool = False) -> None:
        """What a server does every minute: old exports, people gone, each hour retention.

        `here`: what only this process can do, and no more.
        """
        self._drop_old_exports()
        if self._archive.has_temporary:
            self._forget_elsewhere()
        if not here and (self._ran is None or time.monotonic() - self._ran >= RETENTION_EVERY):
            self._ran = time.monotonic()
            self.run_retention(None)

    def _rules(self, as_if: Retention | None = None) -> "_Rules":
        return _rules(as_if or self._options.stored(Retention).value, datetime.now(UTC))

    def _idle_since(self) -> datetime:
        return datetime.now(UTC) - self._temporary

    def _in_parts(self, remove: Callable[[Session], int]) -> int:
        total = 0
        while True:
            begun = time.monotonic()
            with self._archive.main.writing() as session:
                gone = remove(session)
            total += gone
            # On a busy machine a part takes longer, and so does the turn of those who wait.
            if not gone or self._ending.wait(max(PAUSE, time.monotonic() - begun)):
                return total

    def _forget_elsewhere(self) -> None:
        """Let go of the temporary conversations of people whom another process forgot."""
        with self._archive.temporary.reading() as session:
            here = forgetting.people(session)
        with self._archive.main.reading() as session:
            gone = forgetting.missing(session, here)
        for user_id in gone:
            _erase(self._archive.temporary, user_id, keep=False)

    # Export --------------------------------------------------------------------------------------

    def export_mine(self, person: Person) -> Path:
        """Everything about a person, for that person. Returns the path of a zip file.

        Raises NotFound when they are forgotten, StoreUnavailable, also when the disk is full.
        """
        return self.export_of(person, person)

    def export_of(self, by: Person | None, person: Person) -> Path:
        """Everything about a person, for an administrator.

        `by` None: someone at the machine's terminal. Raises NotAllowed, and as `export_mine`.
        """
        with self._archive.main.writing() as session:
            self._admit(session, by, person)
            self._audit.note_in(session, by, "exported", "person", person.public_id)
        moment = datetime.now(UTC)
        folder = self._exports / person.public_id
        with _on_disk(folder, "written"):
            for each in (folder.parent, folder):
                each.mkdir(mode=0o700, exist_ok=True)
            file = folder / f"data-{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}.zip"
            part = file.with_suffix(".part")
            try:
                with part.open("xb") as out, zipfile.ZipFile(out, "w", _ZIP) as made:
                    part.chmod(0o600)
                    self._write(made, person, moment)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)
            for old in folder.glob("*.zip"):
                if old != file:
                    old.unlink(missing_ok=True)
        return file

    def _write(self, made: zipfile.ZipFile, person: Person, moment: datetime) -> None:
        about = {"workspace": self._workspace or "this chat", "moment": f"{moment:%Y-%m-%d} UTC"}
        made.writestr("README.txt", README.format_map(about))
        with self._archive.main.reading() as session:
            told = forgetting.rows(session, person.id)
        for table, rows in told.items():
            made.writestr(f"account/{table}.json", _json(rows))
        for place in self._archive.places():
            for row in _every(place, person):
                _write_conversation(made, place, person, row)
        entries = self._audit.each(about=person.public_id)
        made.writestr("audit.json", _json([plain(entry) for entry in entries]))

    def _drop_old_exports(self) -> None:
        limit = time.time() - EXPORT_HOURS * 3600
        for file in self._exports.glob("*/*"):
            with suppress(OSError):  # somebody fetches or removes it just now
                if file.stat().st_mtime < limit:
                    file.unlink(missing_ok=True)

    # Forgetting ----------------------------------------------------------------------------------

    def held(self, by: Person | None, person: Person) -> dict[str, int]:
        """How many rows about a person each table has. Raises NotAllowed, NotFound."""
        with self._archive.main.reading() as session:
            self._admit(session, by, person)
        return self._counts(person)

    def _counts(self, person: Person) -> dict[str, int]:
        found = Counter[str]()
        for place in self._archive.places():
            with place.reading() as session:
                found.update(forgetting.counts(session, person.id))
        return dict(found)

    async def forget(self, by: Person | None, person: Person) -> Forgotten:
        """Remove a person and everything about them. For themselves, or an administrator.

        `by` None: someone at the machine's terminal. The one local person of `solo` loses all but
        the empty account. An interrupted removal leaves someone who cannot sign in: begin it again.

        Raises:
            NotAllowed: `by` may not.
            Refused: nobody else administers the workspace.
            NotFound: there is no such person.
            StoreUnavailable: not all is removed yet.
        """
        rows = await asyncio.to_thread(self._shut_out, by, person)
        stopped = await self._stop_all(person.id)
        await asyncio.to_thread(self._remove, by, person)
        return Forgotten(rows, stopped)

    def _shut_out(self, by: Person | None, person: Person) -> dict[str, int]:
        """Check that it may be, let the person do nothing more, and count what there is."""
        with self._archive.main.writing() as session:
            self._admit(session, by, person)
            if not _is_local(person):
                accounts.lock_administrators(session)
                if accounts.administrators(session) == [person.id]:
                    raise Refused(LAST)
                accounts.set_active(session, person.id, active=False)
        return self._counts(person)

    def _remove(self, by: Person | None, person: Person) -> None:
        folder = self._exports / person.public_id
        with _on_disk(folder, "removed"), suppress(FileNotFoundError):
            shutil.rmtree(folder)
        for place in reversed(self._archive.places()):
            _erase(place, person.id, keep=_is_local(person))
        with self._archive.main.writing() as session:
            self._audit.note_in(session, by, "forgotten", "person", person.public_id)

    def _admit(self, session: Session, by: Person | None, person: Person) -> None:
        """Let a person at themselves, and an administrator at anybody."""
        if accounts.person(session, person.id).public_id != person.public_id:
            raise NotFound
        if by is not None and by.id != person.id:
            require_admin(session, by)


@dataclass(frozen=True, slots=True)
class _Rules:
    """Retention as moments: what is older is to go. None: nothing is."""

    idle: list[retention.Idle]
    desk: datetime | None
    traces: datetime | None
    audit: datetime | None


def _rules(options: Retention, now: datetime) -> _Rules:
    def before(days: int | None) -> datetime | None:
        return None if days is None else now - timedelta(days=days)

    days = {"chat": options.chat_days, "desk": options.desk_days, "api": options.api_days}
    pinned = before(options.pinned_days)
    return _Rules(
        [
            retention.Idle(channel, now - timedelta(days=limit), pinned)
            for channel, limit in days.items()
            if limit is not None
        ],
        before(options.desk_days),
        before(options.trace_days),
        before(options.audit_days),
    )


def _by_class(found: dict[str, int]) -> dict[str, int]:
    return {name: found.get(name, 0) for name in CLASSES}


def _is_local(person: Person) -> bool:
    return person.public_id == accounts.LOCAL


def _erase(place: Place, user_id: int, *, keep: bool) -> None:
    """Remove a person from one database, tickets and conversations first and in parts."""
    for remove in (forgetting.erase_tickets, forgetting.erase_conversations):
        while True:
            with place.writing() as session:
                if not remove(session, user_id):
                    break
            time.sleep(PAUSE if place.lasting else 0)
    with place.writing() as session:
        forgetting.erase_person(session, user_id, keep=keep)
    more = True
    while more:
        with place.writing() as session:
            more = forgetting.forget_words(session)
        time.sleep(PAUSE if place.lasting and more else 0)
    with told():
        place.database.empty_journal()


def _every(place: Place, person: Person) -> Iterator[Conversation]:
    """All conversations of a person, a page at a time."""
    with place.reading() as session:
        pinned = conversations.pinned(session, person.id)
    yield from pinned
    before: tuple[datetime, int] | None = None
    while True:
        with place.reading() as session:
            page = conversations.recent(session, person.id, limit=100, before=before)
        if not page:
            return
        yield from page
        before = (page[-1].updated_at, page[-1].id)


def _write_conversation(
    made: zipfile.ZipFile, place: Place, person: Person, row: Conversation
) -> None:
    try:
        with place.reading() as session:
            whole = export.conversation(session, person.id, row.public_id)
            shown = export.markdown(session, person.id, row.public_id)
    except NotFound:
        return  # deleted while the file was being made
    words = re.sub(r"[\W_]+", "-", row.title.casefold()).strip("-")[:40] or "conversation"
    name = f"conversations/{row.created_at:%Y-%m-%d}-{words}-{row.public_id[-12:]}"
    seen = for_export(whole, internal=Knowledge.may_see_internal(person))
    made.writestr(f"{name}.json", _json(seen))
    made.writestr(f"{name}.md", shown)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_as_json)


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def _on_disk(folder: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"The export cannot be {done} in {folder.parent}: {error.strerror}. Nothing was lost."
        ) from error
