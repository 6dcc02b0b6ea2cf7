"""Calls kept as conversations of channel `api`: the question first, the answers when they end.

A program sends the whole dialog each time. Where its earlier messages are those of a stored answer,
found by their hash, the call goes on there; the same question again gets one more answer beside
the others. What was said before and is not known here comes in as it was sent.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot import beginning
from chatbot.answering import HISTORY
from chatbot.archive import Archive
from chatbot.completions.planning import Dialog
from chatbot.completions.targets import Target
from chatbot.completions.together import Together
from chatbot.completions.views import Said
from chatbot.releases import weighted
from store import api_threads, conversations, messages
from store.engine import Session
from store.records import Conversation, Message, Person, Trace

CHANNEL = "api"


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a call goes on: a stored conversation and the message there (None: its beginning).

    `path` are the rows that lead there, the last of them; `row` None: a new conversation.
    `writer`: the number of the replica that writes.
    """

    row: Conversation | None = None
    leaf: int | None = None
    path: tuple[Message, ...] = ()
    writer: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of a call that was begun; `path` leads to its question."""

    row: Conversation
    path: tuple[Message, ...]
    question: Message
    replies: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one answer ended; `trace` None where no model was asked."""

    reply: Message
    text: str
    status: str
    error: str | None
    trace: Trace | None


class Keeping:
    """The rows of calls. `writer`: the number of the replica that writes; see chatbot.replicas.

    `find` blocks; the writes are for one event loop at a time.
    """

    def __init__(self, archive: Archive, writer: Callable[[], int]) -> None:
        self._place = archive.main
        self._together = Together(archive.main)
        self._writer = writer

    def find(self, person: Person, target: Target, dialog: Dialog, named: str, user: str) -> Thread:
        """Where this dialog goes on. Raises NotFound: no such conversation (`named`) of theirs.

        A conversation that is named without earlier messages is gone on with where it ended.
        """
        digest, writer = digest_of(target.prompt, user, dialog.before), self._writer()
        with self._place.reading() as session:
            found = api_threads.find(session, person.id, digest) if dialog.before else None
            if named:
                row = conversations.get(session, person.id, named)
                known = found is not None and found[0].id == row.id
                leaf = found[1] if found and known else row.head_id
            elif found is None:
                return Thread(writer=writer)
            else:
                row, leaf = found
            path = messages.path(session, leaf, limit=HISTORY + 1) if leaf else []
        return Thread(row, leaf, tuple(path), writer)

    async def begin(
        self,
        person: Person,
        target: Target,
        dialog: Dialog,
        thread: Thread,
        *,
        n: int,
        key: str,
        version: str,
    ) -> Kept:
        """Save what is asked, and `n` empty answers to it. Raises NotFound, Conflict."""

        def write(session: Session) -> Kept:
            row, path, parent = self._row(session, person, target, dialog, thread, key)
            row = _pinned(session, person, row, target, version)
            twin = messages.newest_child(session, parent, "user") if parent else None
            if twin is None or twin.content != dialog.question:
                asked, first = messages.add_turn(
                    session,
                    row.id,
                    parent_id=parent,
                    text=dialog.question,
                    key=f"{key}-0",
                    writer=thread.writer,
                )
                replies = [first]
            else:
                asked, replies = twin, []
            for number in range(len(replies), n):
                again = f"{key}-{number}"
                replies.append(
                    messages.add_reply(
                        session, row.id, parent_id=asked.id, key=again, writer=thread.writer
                    )
                )
            return Kept(row, path, asked, tuple(replies))

        return await self._together.write(write)

    async def end(
        self,
        person: Person,
        target: Target,
        dialog: Dialog,
        kept: Kept,
        user: str,
        outcomes: Sequence[Outcome],
    ) -> None:
        """Save the answers and their traces, and where the dialog stands with each of them.

        The same when done twice. Raises NotFound: they were deleted meanwhile; StoreUnavailable.
        """
        asked = [*dialog.before, Said("user", dialog.question)]

        def write(session: Session) -> None:
            for one in outcomes:
                messages.finish(
                    session, one.reply.id, content=one.text, status=one.status, error=one.error
                )
                if one.trace is not None:
                    messages.add_trace(session, one.trace)
                if one.text:
                    every = [*asked, Said("assistant", one.text)]
                    api_threads.put(
                        session,
                        person.id,
                        digest_of(target.prompt, user, every),
                        conversation_id=kept.row.id,
                        message_id=one.reply.id,
                    )

        await self._together.write(write)

    def _row(
        self,
        session: Session,
        person: Person,
        target: Target,
        dialog: Dialog,
        thread: Thread,
        key: str,
    ) -> tuple[Conversation, tuple[Message, ...], int | None]:
        """The conversation to write in, the rows before the question, and the last of them."""
        if thread.row is not None:
            conversations.lock(session, thread.row.id)
            return thread.row, thread.path, thread.leaf
        named = target.prompt, target.info.label
        row = beginning.opened(session, person, CHANNEL, dialog.question, *named, key)
        path: list[Message] = []
        for one in dialog.before[-HISTORY:]:
            if one.content.strip():
                parent = path[-1].id if path else None
                said = {"role": one.role, "content": one.content}
                path.append(messages.add_message(session, row.id, parent_id=parent, **said))
        return row, tuple(path), path[-1].id if path else None


def version_of(target: Target, row: Conversation | None, dialog: Dialog, key: str) -> str:
    """The prompt version (sha) of a dialog: the one its conversation is pinned to, else by weight.

    A new conversation is weighed by its `key`. A dialog that is not stored (no key) is weighed by
    how it began, so that it keeps its version while the release serves. Empty for a raw model.
    """
    if target.release is None:
        return ""
    if row is not None and row.prompt == target.prompt and row.version:
        return row.version
    first = next(iter(dialog.before), Said("user", dialog.question))
    return weighted(target.release.weights, key or first.content)


def _pinned(
    session: Session, person: Person, row: Conversation, target: Target, version: str
) -> Conversation:
    release = target.release
    if release is not None and (row.version is None or row.prompt != release.prompt):
        pinned = release.prompt, release.id, version
        row = conversations.set_release(session, person.id, row.public_id, *pinned)
    if row.model != target.info.label:
        row = conversations.set_model(session, person.id, row.public_id, target.info.label)
    return row


def digest_of(prompt: str, user: str, said: Sequence[Said]) -> str:
    """What these messages are found by, sha256. White space around them does not count."""
    told: list[Any] = [prompt, user, *([one.role, one.content.strip()] for one in said)]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
