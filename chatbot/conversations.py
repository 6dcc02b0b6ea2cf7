"""Reading and arranging conversations within one person's scope: lists, search, pages, feedback.

Everything takes the person and finds rows through queries scoped to them: another person's id is
`NotFound`, like one that does not exist. Synchronous: call it from threads. Answers are made by
chatbot.chat, never here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from chatbot.archive import Archive
from chatbot.backends.registry import Registry
from chatbot.errors import NotFound
from chatbot.knowledge import Knowledge
from chatbot.notices import Notices
from chatbot.releases import Releases
from chatbot.sourcing import for_export, for_person, label
from chatbot.views import (
    Found,
    Group,
    HandedView,
    Item,
    MessageView,
    Meta,
    Place,
    SourceView,
    View,
    grouped,
    note_of,
)
from store import conversations, datasets, export, messages, review, search, speakers, tickets
from store.records import Conversation, Feedback, Hit, Message, Person, Siblings, Trace
from store.ticket_records import Ticket

UNDO_SECONDS = 60
"""How long a deleted conversation can be brought back: six times what the page offers."""
PAGE = 50
"""Messages of a page."""
TITLE_LIMIT = 120


class Conversations:
    """What a person can see and arrange. `running` tells which conversations are being answered."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        notices: Notices,
        running: Callable[[str], bool],
        *,
        temporary_minutes: int,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._notices = notices
        self._running = running
        self._temporary = timedelta(minutes=temporary_minutes)

    # Lists ---------------------------------------------------------------------------------------

    def groups(self, person: Person, *, today: datetime, limit: int = 200) -> list[Group]:
        """Pinned conversations, then the newest `limit` by day and month of `today`'s time zone."""
        with self._archive.main.reading() as session:
            pinned = conversations.pinned(session, person.id)
            recent = conversations.recent(session, person.id, limit=limit)
        return grouped(self._items(pinned), self._items(recent), today)

    def recent(self, person: Person, *, limit: int = PAGE, before: str | None = None) -> list[Item]:
        """Conversations, newest first; `before` is the id of the last one already had."""
        with self._archive.main.reading() as session:
            cursor = None
            if before is not None:
                last = conversations.get(session, person.id, before)
                cursor = (last.updated_at, last.id)
            return self._items(conversations.recent(session, person.id, limit=limit, before=cursor))

    def page(
        self, person: Person, *, limit: int = PAGE, after: Place | None = None
    ) -> tuple[list[Item], Place | None]:
        """Conversations, newest first, and where the next page begins; None after the last one.

        A page begins where the one before ended, whatever was added or deleted meanwhile.
        """
        with self._archive.main.reading() as session:
            before = None
            if after is not None:
                last = conversations.number(session, person.id, after.conversation)
                before = after.updated_at, last
            rows = conversations.recent(session, person.id, limit=limit + 1, before=before)
        shown = rows[:limit]
        ended = Place(shown[-1].updated_at, shown[-1].public_id) if len(rows) > limit else None
        return self._items(shown), ended

    def search(self, person: Person, text: str, *, limit: int = 20) -> list[Found]:
        """Titles and messages that hold the words of `text`, newest first."""
        if not text.strip():
            return []
        with self._archive.main.reading() as session:
            return [_found(hit) for hit in search.find(session, person.id, text, limit=limit)]

    # One conversation ----------------------------------------------------------------------------

    def open(
        self,
        person: Person,
        conversation: str,
        *,
        at: str | None = None,
        before: str | None = None,
        limit: int = PAGE,
    ) -> View:
        """The newest `limit` messages of the current branch.

        `at`: choose the branch of this message (public id) and reach back to it. `before`: the
        messages above this one instead. Raises NotFound.
        """
        place = self._archive.of(conversation)
        if at is not None:
            self.choose(person, at)
        with place.reading() as session:
            row = conversations.get(session, person.id, conversation)
            leaf = row.head_id
            if before is not None:
                inside, first = messages.get(session, person.id, before)
                if inside.id != row.id:
                    raise NotFound
                leaf = first.parent_id
            path = messages.path(session, leaf, limit=limit + 1) if leaf else []
            while at is not None and path and len(path) > limit and not _holds(path, at):
                limit *= 4
                path = messages.path(session, leaf, limit=limit + 1) if leaf else []
            has_earlier, shown = len(path) > limit, path[-limit:]
            ids = [message.id for message in shown]
            siblings = messages.siblings(session, ids)
            traces = messages.traces(session, ids)
            feedback = messages.feedback(session, person.id, ids)
            by_people = speakers.names(session, shown)
            ticket = tickets.of_conversation(session, row.id)
        places = {info.label: info.where for info in self._registry.list()} if traces else {}
        return View(
            id=row.public_id,
            title=row.title,
            prompt=row.prompt,
            model=row.model,
            channel=row.channel,
            pinned=row.pinned,
            temporary=not place.lasting,
            created_at=row.created_at,
            messages=[
                _view(
                    message,
                    siblings.get(message.id),
                    self._meta(traces.get(message.id), places),
                    feedback.get(message.id),
                    _sources(person, traces.get(message.id)),
                    by_people.get(message.id),
                )
                for message in shown
            ],
            has_earlier=has_earlier,
            handed=_handed(ticket),
        )

    def rename(self, person: Person, conversation: str, title: str) -> str:
        """Give a title (one line, cut at 120 characters); an empty one changes nothing."""
        title = " ".join(title.split())[:TITLE_LIMIT]
        if title:
            with self._archive.of(conversation).writing() as session:
                conversations.rename(session, person.id, conversation, title)
            self._notices.tell(person.id, conversation)
        return title

    def pin(self, person: Person, conversation: str, *, pinned: bool) -> None:
        """Pin or unpin. Raises NotFound."""
        with self._archive.of(conversation).writing() as session:
            conversations.set_pinned(session, person.id, conversation, pinned)
        self._notices.tell(person.id, conversation)

    def delete(self, person: Person, conversation: str) -> None:
        """Hide a conversation; it is gone for good a minute later. Raises NotFound."""
        with self._archive.of(conversation).writing() as session:
            conversations.mark_deleted(session, person.id, conversation)
        self._notices.tell(person.id, conversation)

    def undelete(self, person: Person, conversation: str) -> None:
        """Bring a just deleted conversation back. Raises NotFound when it is gone for good."""
        with self._archive.of(conversation).writing() as session:
            conversations.restore(session, person.id, conversation)
        self._notices.tell(person.id, conversation)

    def erase(self, person: Person, conversation: str) -> None:
        """Delete at once and for good. Raises NotFound."""
        with self._archive.of(conversation).writing() as session:
            conversations.delete_now(session, person.id, conversation)
        self._notices.tell(person.id, conversation)

    def fork(self, person: Person, message: str) -> str:
        """A new conversation with everything up to this message. Returns its public id."""
        place = self._archive.of(message)
        with place.writing() as session:
            row, leaf = messages.get(session, person.id, message)
            copy = conversations.create(
                session,
                user_id=person.id,
                channel=row.channel,
                title=f"{row.title} (fork)"[:TITLE_LIMIT],
                prompt=row.prompt,
                release_id=row.release_id,
                version=row.version,
                model=row.model,
            )
            messages.copy_path(session, leaf.id, copy.id)
        self._notices.tell(person.id, copy.public_id)
        return copy.public_id

    def export(
        self, person: Person, conversation: str, form: Literal["markdown", "json"]
    ) -> tuple[str, str]:
        """File name and text of a conversation: the current branch, or the whole tree as JSON."""
        with self._archive.of(conversation).reading() as session:
            row = conversations.get(session, person.id, conversation)
            if form == "json":
                internal = Knowledge.may_see_internal(person)
                whole = export.conversation(session, person.id, conversation)
                whole = for_export(whole, internal=internal)
                text = json.dumps(whole, ensure_ascii=False, indent=2)
            else:
                text = export.markdown(session, person.id, conversation)
        suffix = "json" if form == "json" else "md"
        return f"{_file_name(row.title)}.{suffix}", text

    # One message ---------------------------------------------------------------------------------

    def choose(self, person: Person, message: str) -> None:
        """Make this version, and what followed it last, the current branch. Raises NotFound."""
        with self._archive.of(message).writing() as session:
            row, _ = messages.get(session, person.id, message)
            messages.choose(session, person.id, message)
        self._notices.tell(person.id, row.public_id)

    def delete_version(self, person: Person, message: str) -> None:
        """Delete a message and what follows it; a sibling or what was before is shown then."""
        with self._archive.of(message).writing() as session:
            row, _ = messages.get(session, person.id, message)
            messages.delete_version(session, person.id, message)
        self._notices.tell(person.id, row.public_id)

    def feedback(
        self,
        person: Person,
        message: str,
        *,
        rating: Literal[1, -1] | None,
        reasons: Sequence[str] = (),
        better: str | None = None,
    ) -> None:
        """Keep a thumb, its reasons and a better answer; None takes it back. Raises NotFound."""
        place = self._archive.of(message)
        with place.writing() as session:
            row, found = messages.get(session, person.id, message)
            if found.role != "assistant":
                raise NotFound
            messages.set_feedback(
                session, found.id, person.id, rating, tuple(reasons), (better or "").strip() or None
            )
            if place.lasting:
                review.note_rating(session, found.id, rating, reasons)
        self._notices.tell(person.id, row.public_id)

    # Housekeeping --------------------------------------------------------------------------------

    def tidy(self, *, here: bool = False) -> int:
        """Remove what was deleted, and temporary conversations left idle. Returns how many.

        `here`: what only this process has, and no more.
        """
        now = datetime.now(UTC)
        deleted, gone = now - timedelta(seconds=UNDO_SECONDS), 0
        if not here:
            with self._archive.main.writing() as session:
                gone = conversations.purge_deleted(session, deleted)
                if gone:
                    datasets.renew(session)
        if not self._archive.has_temporary:
            return gone
        with self._archive.temporary.writing() as session:
            gone += conversations.purge_deleted(session, deleted)
            return gone + conversations.purge_idle(session, now - self._temporary)

    # Views ---------------------------------------------------------------------------------------

    def _items(self, rows: Sequence[Conversation]) -> list[Item]:
        return [
            Item(row.public_id, row.title, row.pinned, self._running(row.public_id), row.updated_at)
            for row in rows
        ]

    def _meta(self, trace: Trace | None, places: Mapping[str, str]) -> Meta | None:
        if trace is None:
            return None
        return Meta(
            model=trace.model,
            where=places.get(trace.model, "removed"),
            prompt=trace.prompt,
            version=self._releases.number(trace.version) if trace.version else None,
            tokens=trace.reply_tokens,
            first_s=trace.first_token_s,
            total_s=trace.total_s,
        )


def _sources(person: Person, trace: Trace | None) -> tuple[list[SourceView], bool]:
    """What an answer used of its passages, and whether it lacked some."""
    if trace is None:
        return [], False
    internal = Knowledge.may_see_internal(person)
    used = [one for one in for_person(trace.passages, internal=internal) if one["used"]]
    views = [
        SourceView(one["n"], one["passage"], label(one), one["internal"], one["used"])
        for one in used
    ]
    return views, bool(trace.inputs.get("lacked"))


def _handed(ticket: Ticket | None) -> HandedView | None:
    """Where a conversation stands with the desk, while people answer it."""
    if ticket is None or ticket.state == "closed":
        return None
    return HandedView(ticket.assignee or "", ticket.waiting_since is not None)


def _view(
    message: Message,
    siblings: Siblings | None,
    meta: Meta | None,
    feedback: Feedback | None,
    sources: tuple[list[SourceView], bool],
    person: str | None,
) -> MessageView:
    return MessageView(
        id=message.public_id,
        role=message.role,
        text=message.content,
        status=message.status,
        note=note_of(message.status, message.error),
        siblings=siblings or Siblings(1, 1, None, None),
        meta=meta,
        rating=feedback.rating if feedback else 0,
        reasons=feedback.reasons if feedback else (),
        better=feedback.better if feedback else None,
        sources=sources[0],
        lacked=sources[1],
        person=person,
    )


def _found(hit: Hit) -> Found:
    return Found(hit.conversation, hit.title, hit.message, hit.role, hit.snippet, hit.updated_at)


def _holds(path: Sequence[Message], public_id: str) -> bool:
    return any(message.public_id == public_id for message in path)


def _file_name(title: str) -> str:
    kept = "".join(sign if sign.isalnum() else "-" for sign in title.casefold())
    return "-".join(part for part in kept.split("-") if part)[:60] or "conversation"
