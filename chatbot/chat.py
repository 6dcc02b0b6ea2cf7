"""THE path of a turn: question saved, prompt rendered, answer streamed, answer saved.

    start_turn ─▶ _begin         (chatbot.beginning: question and empty answer, one transaction)
               ─▶ Answering.run  (chatbot.answering: plan, stream, save with a true status)

A turn runs as a task of the server's event loop and belongs to no tab: doors start it, follow its
snapshots (chatbot.turn) and may stop it. Database work happens in threads, and no session is held
while a model writes. Reading and arranging conversations is chatbot.conversations' work.
"""

import asyncio
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

from chatbot import beginning, elsewhere, handing
from chatbot.allowance import Allowance, take
from chatbot.answering import Answering, Job, write_end
from chatbot.archive import Archive, Place
from chatbot.backends.registry import Registry
from chatbot.beginning import Rows, Write
from chatbot.errors import Busy, Handed, NotFound, StoreUnavailable
from chatbot.notices import Notices
from chatbot.releases import Releases
from chatbot.turn import Turn
from store import conversations, messages
from store.engine import Session
from store.records import Conversation, Person, Release

STOP_WITHIN = 1.0
"""Seconds that a backend has to heed a cancel token before its task is cancelled."""


class Chat:
    """Starts, follows and stops turns. Use it from one event loop."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        notices: Notices,
        answering: Answering,
        allowance: Allowance,
        *,
        message_limit: int,
        opening: Callable[[], str],
        writer: Callable[[], int],
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._notices = notices
        self._answering = answering
        self._allowance = allowance
        self._message_limit = message_limit
        self._opening = opening
        self._writer = writer
        self.elsewhere = elsewhere.Elsewhere(archive)
        self._jobs: dict[str, Job] = {}
        self._lanes: dict[str, list[Turn]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._beginnings: set[asyncio.Task[Turn]] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.closing = False
        """Whether new turns are refused, because the server stops."""

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
        at_home: bool = False,
    ) -> Turn:
        """Save a question and begin its answer; `conversation` None opens a new one.

        The question is committed before this returns. The same `key` again returns the same turn.
        While an answer runs, one more question may wait for it. `at_home`: a local model answers
        this once, and no hosted one takes over; the conversation keeps its model. Where a person
        answers, the question alone is saved and the turn has ended.

        Raises:
            EmptyText, TextTooLong, UnstorableText: the text cannot be sent; nothing was saved.
            NotFound: no such conversation of this person, or no such prompt.
            Busy: an answer runs and a question waits already.
            TooManyTurns: the person asks more than is allowed; nothing was saved.
            UnknownModel, StoreUnavailable: nothing was saved.
        """
        beginning.check(text, self._message_limit)
        place, release, chosen = await asyncio.to_thread(
            self._prepare, person, conversation, prompt, model, temporary=temporary
        )
        home = await asyncio.to_thread(beginning.model_at_home, self._registry) if at_home else None

        def find(session: Session) -> Conversation:
            if conversation is not None:
                return conversations.get(session, person.id, conversation)
            named = release.prompt if release else "", chosen or ""
            return beginning.opened(session, person, channel, text, *named, key)

        def write(session: Session, row: Conversation) -> Rows:
            row = beginning.pin(session, person, place, row, release, chosen)
            return beginning.asked_rows(session, row, text, key, self._writer())

        lane = conversation or key
        try:
            return await self._begin(person, place, lane, key, find, write, most=2, home=home)
        except Handed:
            given = place, person, lane, text, key, self._allowance
            kept = await asyncio.to_thread(handing.keep, *given)
            self._notices.tell(person.id, lane)
            return kept

    async def answer_again(
        self, person: Person, message: str, key: str, *, model: str | None = None
    ) -> Turn:
        """Answer a question once more, as a sibling. `message` is the answer or the question.

        Raises: as `start_turn`, and Handed where a person answers.
        """

        def write(session: Session, row: Conversation) -> Rows:
            asked, _ = beginning.exchange(session, person, message)
            row = beginning.pin(session, person, place, row, None, chosen)
            return beginning.again_rows(session, row, asked, key, self._writer())

        place, conversation = await self._locate(person, message)
        chosen = await asyncio.to_thread(self._label, model)
        return await self._begin(person, place, conversation, key, None, write)

    async def continue_answer(self, person: Person, message: str, key: str) -> Turn:
        """Go on from where an answer ended; the longer answer is a sibling. Raises as above.

        What was answered at home goes on at home.
        """

        def write(session: Session, row: Conversation) -> Rows:
            return beginning.longer_rows(session, person, row, message, key, self._writer())

        place, conversation = await self._locate(person, message)
        home = await asyncio.to_thread(beginning.home_of, self._registry, person, place, message)
        return await self._begin(person, place, conversation, key, None, write, home=home)

    async def edit(
        self, person: Person, message: str, text: str, key: str, *, rerun: bool
    ) -> Turn | str:
        """Save another wording as a sibling; with `rerun`, answer from there.

        Rerunning an edited answer asks the question that followed it once more, or, where none did,
        goes on writing from the edited text. Returns the turn, or the new message's public id.

        Raises: as `answer_again`.
        """
        beginning.check(text, self._message_limit)
        place, conversation = await self._locate(person, message)

        def answer_from(session: Session, row: Conversation) -> Rows:
            _, old = messages.get(session, person.id, message)
            return beginning.rerun_rows(session, row, old, text, key, self._writer())

        if rerun:
            return await self._begin(person, place, conversation, key, None, answer_from)
        saved = await asyncio.to_thread(beginning.reword, place, person, message, text, key)
        self._notices.tell(person.id, conversation)
        return saved

    def running(self, person: Person, conversation: str) -> list[Turn]:
        """The turn that is being answered and the one that waits, of this person's conversation."""
        lane = self._lanes.get(conversation, ())
        return [turn for turn in lane if turn.user_id == person.id and not turn.done]

    def is_running(self, conversation: str) -> bool:
        """Whether an answer is being written in this conversation (public id)."""
        return conversation in self._lanes

    def turn(self, person: Person, reply: str) -> Turn | None:
        """The turn of an answer (public id) while it runs or is unsaved."""
        job = self._jobs.get(reply)
        return job.turn if job and job.turn.user_id == person.id else None

    async def stop(self, person: Person, reply: str) -> None:
        """Stop an answer, keep what is written, and return when it is saved.

        One that another process writes ends there within two seconds; one that has ended is left as
        it is. Raises NotFound when it is not this person's.
        """
        if turn := self.turn(person, reply):
            await self.stop_these([turn])
        else:
            await self.elsewhere.stop(person, reply)

    async def stop_all(self, user_id: int) -> int:
        """Stop every answer of a person who is to be forgotten; return how many were running.

        What is not saved of them is given up.
        """
        turns = [job.turn for job in self.jobs if job.turn.user_id == user_id]
        running = [turn for turn in turns if not turn.done]
        await self.stop_these(running)
        for turn in turns:
            self._jobs.pop(turn.reply, None)
        return len(running)

    async def save_again(self, person: Person, reply: str) -> None:
        """Try once more to save an answer that the database did not take.

        An answer that is saved, or still being written, is left as it is.

        Raises:
            NotFound: it is not this person's, or its conversation was deleted.
            StoreUnavailable: the database still does not take it.
        """
        async with self._lock(reply):
            job = self._jobs.get(reply)
            if job is None or job.turn.saved or job.turn.user_id != person.id:
                await self._locate(person, reply)
                return
            try:
                await asyncio.to_thread(write_end, job)
            except NotFound:
                self._jobs.pop(reply, None)
                raise
            job.turn.saved, job.turn.error = True, job.error
            job.turn.changed()
            self._jobs.pop(reply, None)
        self._notices.tell(person.id, job.turn.conversation)

    @property
    def jobs(self) -> list[Job]:
        """What is being answered, or is not saved yet, of everybody."""
        return list(self._jobs.values())

    async def close(self, grace: float = 5.0) -> None:
        """Refuse new turns, let running ones end within `grace` seconds, interrupt the rest."""
        self.closing = True
        self.elsewhere.close()
        if self._beginnings:
            await asyncio.wait(self._beginnings)
        if self._tasks:
            tasks = dict(self._tasks)
            await asyncio.wait(tasks.values(), timeout=grace)
            for reply in tasks:
                self._cut_off(reply)
            await asyncio.wait(tasks.values())

    # Committing ----------------------------------------------------------------------------------

    def _prepare(
        self,
        person: Person,
        conversation: str | None,
        prompt: str | None,
        model: str | None,
        *,
        temporary: bool,
    ) -> tuple[Place, Release | None, str | None]:
        """Where to write, the release to pin for a new conversation or prompt, the chosen model."""
        new = conversation is None
        place = self._archive.temporary if new and temporary else self._archive.of(conversation)
        if new and temporary:
            self._archive.know(person)
        pinned = self._releases.current(prompt or self._opening()) if new or prompt else None
        if pinned:  # read while the database answers: a temporary turn needs it no more after this
            self._releases.warm(pinned)
        return place, pinned, self._registry.resolve(model).label if new else self._label(model)

    def _label(self, model: str | None) -> str | None:
        """The full name of a chosen model. Raises UnknownModel."""
        return self._registry.resolve(model).label if model else None

    async def _locate(self, person: Person, message: str) -> tuple[Place, str]:
        return await asyncio.to_thread(beginning.locate, self._archive, person, message)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def _begin(
        self,
        person: Person,
        place: Place,
        lane: str,
        key: str,
        find: Callable[[Session], Conversation] | None,
        write: Write,
        *,
        most: int = 1,
        home: str | None = None,
    ) -> Turn:
        """Commit what `write` writes, then start its turn, unless this key already did.

        `lane` is the conversation, or the key of a new one: one commit at a time goes on in it.
        `home` is the local model of a turn that must not leave.
        A caller that leaves meanwhile does not stop it: what is committed is also answered.
        """
        if self.closing:
            raise StoreUnavailable("The server is shutting down. Send it again in a minute.")

        def commit() -> tuple[Rows, bool]:
            limits, _ = self._allowance.of(person), self._writer()  # before the transaction
            with place.writing() as session:
                row = find(session) if find else conversations.get(session, person.id, lane)
                known = messages.find_turn(session, row.id, key)
                if known:
                    return (row, *known), False
                handing.require_model(session, row, key)
                self._make_room(row, most)
                elsewhere.refuse(session, row, self._jobs)
                take(session, person, limits, self._has_ended)
                return write(session, row), True

        async def begin() -> Turn:
            async with self._lock(lane):
                rows, new = await asyncio.to_thread(commit)
                if new:
                    return self._launch(person, place, rows, home)
                return await self._known(person, place, rows, home)

        task = asyncio.create_task(begin(), name=f"begin {key}")
        self._beginnings.add(task)
        task.add_done_callback(self._beginnings.discard)
        return await asyncio.shield(task)

    def _make_room(self, row: Conversation, most: int) -> None:
        """Refuse (and roll back) a new answer while `most` others run in its conversation."""
        running = [turn for turn in self._lanes.get(row.public_id, ()) if not turn.done]
        if len(running) >= most:
            raise Busy

    def _has_ended(self, reply: str) -> bool:
        """Whether an answer that is stored as unfinished has ended here, and waits to be saved."""
        return reply in self._jobs and self._jobs[reply].turn.done

    # Running -------------------------------------------------------------------------------------

    def _launch(self, person: Person, place: Place, rows: Rows, home: str | None) -> Turn:
        row, question, reply = rows
        turn = beginning.turn_of(person, rows)
        job = Job(turn, place, row, question, reply, home, person)
        lane = self._lanes.setdefault(turn.conversation, [])
        before = lane[-1] if lane else None
        lane.append(turn)
        self._jobs[turn.reply] = job
        task = asyncio.create_task(self._answering.run(job, before), name=f"turn {turn.reply}")
        self._tasks[turn.reply] = task
        task.add_done_callback(lambda _: self._leave(job))
        self._notices.tell(person.id, turn.conversation)
        return turn

    async def _known(self, person: Person, place: Place, rows: Rows, home: str | None) -> Turn:
        """The turn that was begun with the same key before, running or ended."""
        row, question, reply = rows
        job = self._jobs.get(reply.public_id)
        if job:
            return job.turn
        if reply.status == "streaming":  # when it was read: has it ended since?
            reply = await asyncio.to_thread(beginning.read_again, place, row, reply)
        if reply.status == "streaming":  # nobody here writes it: a crash left it, or others do
            if await asyncio.to_thread(elsewhere.take_over, place, reply, self._writer):
                return self._launch(person, place, (row, question, reply), home)
            return self.elsewhere.follow(beginning.turn_of(person, rows))
        turn = beginning.turn_of(person, (row, question, reply))
        turn.finish(reply.status, reply.error)
        return turn

    async def stop_these(self, turns: Sequence[Turn]) -> None:
        """Stop these answers; return when all have ended and are saved."""
        for turn in turns:
            turn.cancel.cancel()
        tasks = {t.reply: self._tasks[t.reply] for t in turns if t.reply in self._tasks}
        if not tasks:
            return
        await asyncio.wait(tasks.values(), timeout=STOP_WITHIN)
        for reply in tasks:
            self._cut_off(reply)
        await asyncio.wait(tasks.values())

    def _cut_off(self, reply: str) -> None:
        """Interrupt a turn that does not heed its token; one that is being saved is let be."""
        job, task = self._jobs.get(reply), self._tasks.get(reply)
        if job and task and job.turn.status == "streaming":
            task.cancel()

    def _leave(self, job: Job) -> None:
        """Make room in the lane; an unsaved turn stays known, for `save_again`."""
        turn = job.turn
        self._tasks.pop(turn.reply, None)
        lane = self._lanes[turn.conversation]
        lane.remove(turn)
        if not lane:
            del self._lanes[turn.conversation]
        if turn.saved:
            self._jobs.pop(turn.reply, None)
        self._notices.tell(turn.user_id, turn.conversation)
