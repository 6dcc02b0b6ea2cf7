"""THE path of a turn: question saved, prompt rendered, answer streamed, answer saved.

    start_turn ─▶ _begin         (question and an empty answer, committed in one transaction)
               ─▶ Answering.run  (chatbot.answering: plan, stream, save with a true status)

A turn runs as a task of the server's event loop and belongs to no tab: doors start it, follow its
snapshots (chatbot.turn) and may stop it. Database work happens in threads, and no session is held
while a model writes. Reading and arranging conversations is chatbot.conversations' work.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from chatbot.answering import Answering, Job, write_end
from chatbot.archive import Archive, Place
from chatbot.backends.registry import Registry
from chatbot.errors import Busy, EmptyText, NotFound, StoreUnavailable, TextTooLong
from chatbot.notices import Notices
from chatbot.releases import Releases, weighted
from chatbot.turn import Turn
from store import conversations, messages
from store.engine import Session
from store.records import Conversation, Message, Person, Release

STOP_WITHIN = 1.0
"""Seconds that a backend has to heed a cancel token before its task is cancelled."""
TITLE = 60
"""Longest title made from a first message, in characters."""

_Rows = tuple[Conversation, Message, Message]
_T = TypeVar("_T")


class Chat:
    """Starts, follows and stops turns. Use it from one event loop."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        notices: Notices,
        answering: Answering,
        *,
        message_limit: int,
        prompt: str,
        model: str,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._notices = notices
        self._answering = answering
        self._message_limit = message_limit
        self._prompt = prompt
        self._model = model
        self._jobs: dict[str, Job] = {}
        self._lanes: dict[str, list[Turn]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._closing = False

    # Doors ---------------------------------------------------------------------------------------

    async def start_turn(
        self,
        person: Person,
        conversation: str | None,
        text: str,
        key: str,
        *,
        prompt: str | None = None,
        model: str | None = None,
        temporary: bool = False,
        channel: str = "chat",
    ) -> Turn:
        """Save a question and begin its answer; `conversation` None opens a new one.

        The question is committed before this returns. The same `key` again returns the same turn.
        While an answer runs, one more question may wait for it.

        Raises:
            EmptyText, TextTooLong, UnstorableText: the text cannot be sent; nothing was saved.
            NotFound: no such conversation of this person, or no such prompt.
            Busy: an answer runs and a question waits already.
            UnknownModel, StoreUnavailable: nothing was saved.
        """
        self._check(text)
        chosen = self._registry.resolve(model).label if model else None
        place, release = await asyncio.to_thread(
            self._prepare, conversation, prompt, temporary=temporary
        )

        def write(session: Session) -> _Rows:
            if conversation is None:
                row = conversations.create(
                    session,
                    user_id=person.id,
                    channel=channel,
                    title=title_of(text),
                    prompt=prompt or self._prompt,
                    release_id=None,
                    version=None,
                    model=chosen or self._registry.resolve(self._model).label,
                    key=key,
                )
            else:
                row = conversations.get(session, person.id, conversation)
            found = messages.find_turn(session, row.id, key)
            if found:
                return row, *found
            row = _pin(session, person, place, row, release, chosen)
            asked = messages.add_turn(session, row.id, parent_id=row.head_id, text=text, key=key)
            return row, *asked

        return await self._begin(person, place, conversation or key, write, most=2)

    async def answer_again(
        self, person: Person, message: str, key: str, *, model: str | None = None
    ) -> Turn:
        """Answer a question once more, as a sibling. `message` is the answer or the question.

        Raises: as `start_turn`.
        """
        chosen = self._registry.resolve(model).label if model else None
        place, conversation = await asyncio.to_thread(self._locate, person, message)

        def write(session: Session) -> _Rows:
            row, asked = _question(session, person, message)
            row = _pin(session, person, place, row, None, chosen)
            reply = messages.add_reply(session, row.id, parent_id=asked.id, key=key)
            return row, asked, reply

        return await self._begin(person, place, conversation, write)

    async def continue_answer(self, person: Person, message: str, key: str) -> Turn:
        """Go on from where an answer ended; the longer answer is a sibling. Raises as above."""
        place, conversation = await asyncio.to_thread(self._locate, person, message)

        def write(session: Session) -> _Rows:
            row, asked = _question(session, person, message)
            _, old = messages.get(session, person.id, message)
            reply = messages.add_reply(
                session, row.id, parent_id=asked.id, key=key, content=old.content
            )
            return row, asked, reply

        return await self._begin(person, place, conversation, write)

    async def edit(
        self, person: Person, message: str, text: str, key: str, *, rerun: bool
    ) -> Turn | str:
        """Save another wording as a sibling; with `rerun`, answer from there.

        Rerunning an edited answer asks the question that followed it once more, or, where none did,
        goes on writing from the edited text. Returns the turn, or the new message's public id.

        Raises: as `start_turn`.
        """
        self._check(text)
        place, conversation = await asyncio.to_thread(self._locate, person, message)

        def answer_from(session: Session) -> _Rows:
            row, old = messages.get(session, person.id, message)
            return _rerun(session, row, old, text, key)

        def save(session: Session) -> str:
            row, old = messages.get(session, person.id, message)
            return messages.add_message(
                session, row.id, parent_id=old.parent_id, role=old.role, content=text, key=key
            ).public_id

        if rerun:
            return await self._begin(person, place, conversation, answer_from)
        saved = await asyncio.to_thread(_commit, place, save)
        self._notices.tell(person.id, conversation)
        return saved

    def running(self, person: Person, conversation: str) -> list[Turn]:
        """The turn that is being answered and the one that waits, of this person's conversation."""
        return [turn for turn in self._lanes.get(conversation, ()) if turn.user_id == person.id]

    def is_running(self, conversation: str) -> bool:
        """Whether an answer is being written in this conversation (public id)."""
        return conversation in self._lanes

    def turn(self, person: Person, reply: str) -> Turn | None:
        """The turn of an answer (public id) while it runs or is unsaved."""
        job = self._jobs.get(reply)
        return job.turn if job and job.turn.user_id == person.id else None

    async def stop(self, person: Person, reply: str) -> None:
        """Stop an answer, keep what is written, and return when it is saved.

        An answer that has ended is left as it is. Raises NotFound when it is not this person's.
        """
        turn = self.turn(person, reply)
        if turn is None:
            await asyncio.to_thread(self._locate, person, reply)
            return
        turn.cancel.cancel()
        task = self._tasks.get(reply)
        if task is None:
            return
        await asyncio.wait({task}, timeout=STOP_WITHIN)
        if not task.done() and turn.status == "streaming":
            task.cancel()
        await asyncio.wait({task})

    async def save_again(self, person: Person, reply: str) -> Turn:
        """Try once more to save an answer that the database did not take.

        Raises:
            NotFound: there is no such unsaved answer of this person.
            StoreUnavailable: the database still does not take it.
        """
        job = self._jobs.get(reply)
        if job is None or job.turn.user_id != person.id or not job.turn.done:
            raise NotFound
        await asyncio.to_thread(write_end, job)
        job.turn.saved, job.turn.error = True, job.error
        job.turn.changed()
        del self._jobs[reply]
        self._notices.tell(person.id, job.turn.conversation)
        return job.turn

    async def close(self, grace: float = 5.0) -> None:
        """Refuse new turns, let running ones end within `grace` seconds, interrupt the rest."""
        self._closing = True
        tasks = set(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    # Committing ----------------------------------------------------------------------------------

    def _check(self, text: str) -> None:
        if self._closing:
            raise StoreUnavailable("The server is shutting down. Send it again in a minute.")
        if not text.strip():
            raise EmptyText
        if len(text) > self._message_limit:
            raise TextTooLong(
                f"The message has {len(text):,} characters; "
                f"{self._message_limit:,} are allowed. Shorten it or send it in parts."
            )

    def _prepare(
        self, conversation: str | None, prompt: str | None, *, temporary: bool
    ) -> tuple[Place, Release | None]:
        """Where to write, and the release to pin where the conversation or its prompt is new."""
        new = conversation is None
        place = self._archive.temporary if new and temporary else self._archive.of(conversation)
        pinned = self._releases.current(prompt or self._prompt) if new or prompt else None
        return place, pinned

    def _locate(self, person: Person, message: str) -> tuple[Place, str]:
        """Where a message is kept, and its conversation (public id). Raises NotFound."""
        place = self._archive.of(message)
        with place.reading() as session:
            return place, messages.get(session, person.id, message)[0].public_id

    async def _begin(
        self,
        person: Person,
        place: Place,
        lane: str,
        write: Callable[[Session], _Rows],
        *,
        most: int = 1,
    ) -> Turn:
        """Commit what `write` writes, then start its turn, unless this key already did.

        `lane` is the conversation, or the key of a new one: one commit at a time goes on in it.
        """

        def write_if_room(session: Session) -> _Rows:
            row, question, reply = write(session)
            self._make_room(row, reply, most)
            return row, question, reply

        async with self._locks.setdefault(lane, asyncio.Lock()):
            row, question, reply = await asyncio.to_thread(_commit, place, write_if_room)
            known = self._jobs.get(reply.public_id)
            if known:
                return known.turn
            turn = Turn(person.id, row.public_id, question.public_id, reply.public_id)
            turn.text = reply.content
            if reply.status != "streaming":
                turn.finish(reply.status, reply.error)
                return turn
            self._launch(Job(turn, place, row, question, reply))
        self._notices.tell(person.id, row.public_id)
        return turn

    def _make_room(self, row: Conversation, reply: Message, most: int) -> None:
        """Refuse (and roll back) a new answer while `most` others run in its conversation."""
        if reply.status != "streaming" or reply.public_id in self._jobs:
            return
        if len(self._lanes.get(row.public_id, ())) >= most:
            raise Busy

    # Running -------------------------------------------------------------------------------------

    def _launch(self, job: Job) -> None:
        turn = job.turn
        lane = self._lanes.setdefault(turn.conversation, [])
        before = lane[-1] if lane else None
        lane.append(turn)
        self._jobs[turn.reply] = job
        task = asyncio.create_task(self._answering.run(job, before), name=f"turn {turn.reply}")
        self._tasks[turn.reply] = task
        task.add_done_callback(lambda _: self._leave(job))

    def _leave(self, job: Job) -> None:
        """Make room in the lane; an unsaved turn stays known, for `save_again`."""
        turn = job.turn
        self._tasks.pop(turn.reply, None)
        lane = self._lanes[turn.conversation]
        lane.remove(turn)
        if not lane:
            del self._lanes[turn.conversation]
        if turn.saved:
            del self._jobs[turn.reply]
        self._notices.tell(turn.user_id, turn.conversation)


def _commit(place: Place, write: Callable[[Session], _T]) -> _T:
    with place.writing() as session:
        return write(session)


def _pin(
    session: Session,
    person: Person,
    place: Place,
    row: Conversation,
    release: Release | None,
    model: str | None,
) -> Conversation:
    """Pin the prompt version and the model that were chosen, where they are new."""
    if release and (row.version is None or release.prompt != row.prompt):
        row = conversations.set_release(
            session,
            person.id,
            row.public_id,
            release.prompt,
            # Releases are rows of the lasting database; a temporary one keeps the version alone.
            release.id if place.lasting else None,
            weighted(release.weights, row.public_id),
        )
    if model and model != row.model:
        row = conversations.set_model(session, person.id, row.public_id, model)
    return row


def _rerun(session: Session, row: Conversation, old: Message, text: str, key: str) -> _Rows:
    """Answer from an edited message: rows of the turn."""
    found = messages.find_turn(session, row.id, key)
    if found:
        return row, *found
    if old.role == "user":
        return row, *messages.add_turn(session, row.id, parent_id=old.parent_id, text=text, key=key)
    following = messages.newest_child(session, old.id, "user")
    if following is None:
        [asked] = messages.by_ids(session, row.id, [old.parent_id or 0])
        reply = messages.add_reply(session, row.id, parent_id=asked.id, key=key, content=text)
        return row, asked, reply
    edited = messages.add_message(
        session, row.id, parent_id=old.parent_id, role=old.role, content=text
    )
    return row, *messages.add_turn(
        session, row.id, parent_id=edited.id, text=following.content, key=key
    )


def _question(session: Session, person: Person, message: str) -> tuple[Conversation, Message]:
    """The conversation and the question that a message is, or answers. Raises NotFound."""
    row, found = messages.get(session, person.id, message)
    if found.role == "user":
        return row, found
    if found.parent_id is None:
        raise NotFound
    return row, messages.by_ids(session, row.id, [found.parent_id])[0]


def title_of(text: str) -> str:
    """A title from a first message: its first line, cut at a word."""
    line = next(line for line in text.splitlines() if line.strip()).strip()
    if len(line) <= TITLE:
        return line
    cut = line[:TITLE].rsplit(" ", 1)[0].rstrip(" ,;:.-")
    return f"{cut}…"
