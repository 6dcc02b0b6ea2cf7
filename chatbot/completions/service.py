"""The door of the room: which models a key may use, calls, embeddings, calls that repeat.

    run ─▶ checking, targets   refused before anything is done
        ─▶ keeping.begin       the question is saved, where the key stores
        ─▶ running.Call        a task of its own: written, saved, told to the reader

Knows keys by `Caller` alone, and neither HTTP nor the wire's JSON.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatbot.answering import HISTORY, SAVE_AGAIN_AFTER
from chatbot.archive import Place
from chatbot.backends.cancel import CancelToken
from chatbot.completions import checking, planning, tracing
from chatbot.completions.embedding import Embedding
from chatbot.completions.errors import Unsupported
from chatbot.completions.keeping import CHANNEL, Keeping, Kept, Outcome, Thread, version_of
from chatbot.completions.once import Calls, Once
from chatbot.completions.parts import Parts
from chatbot.completions.planning import Dialog
from chatbot.completions.running import Call, Choice, fingerprint
from chatbot.completions.shapes import Shape, shape_of
from chatbot.completions.targets import Target, Targets
from chatbot.completions.views import Ask, Embedded, Ended, ModelLine, Piece, Said
from chatbot.errors import ChatbotError, NotFound, StoreUnavailable, UnknownModel
from chatbot.keys.errors import ModelNotAllowed
from chatbot.saving import Running, Saving
from chatbot.sourcing import NOTHING, Sourced
from chatbot.turn import Turn
from store.records import Message, Person

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel
    from chatbot.keys.views import Caller

log = logging.getLogger(__name__)

STOP_WITHIN = 1.0
"""Seconds that a model has to heed a cancel token before its task is cancelled."""

NOT_STORED = "The database did not take this turn, so it is not stored."
NO_STORE = "This key stores nothing, so there is no conversation to go on in. Leave it out."
CLOSING = "The server is shutting down. Send it again in a minute."


@dataclass(slots=True, eq=False)
class _Job:
    """A call with what surrounds it. `kept` None: nothing of it is stored."""

    caller: "Caller"
    target: Target
    thread: Thread
    dialog: Dialog
    user: str
    version: str
    key: str
    call: Call
    runtime: str
    given: planning.Given | None = None
    kept: Kept | None = None
    sourced: Sourced = NOTHING
    stored: bool = False
    saving: bool = True
    """Whether its rows are being written, which nobody cuts off."""

    @property
    def person(self) -> Person:
        """As whom the key acts."""
        return self.caller.person


class Completions:
    """Runs calls; safe to share. Use `run` and `embed` in an event loop, the rest in threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._targets = Targets(parts.registry, parts.releases, parts.may_use)
        self._keeping = Keeping(parts.archive, parts.writer)
        self._calls = Calls(parts.archive, parts.writer)
        self._embedding = Embedding(parts.encoder, parts.no_encoder)
        self._place: Place = parts.archive.main
        self._saving = Saving()
        self._jobs: dict[asyncio.Task[None], _Job] = {}
        self._opening: dict[str, asyncio.Task[ChatModel]] = {}
        self.closing = False
        """Whether new calls are refused, because the server stops."""

    def models(self, caller: "Caller") -> list[ModelLine]:
        """What this key may name as `model`: models, and `prompt:NAME` for published prompts."""
        lines = self._targets.lines(caller)
        for line in self._embedding.lines():
            with suppress(ModelNotAllowed):
                self._parts.may_use(caller, line.id)
                lines.append(line)
        return lines

    def model(self, caller: "Caller", name: str) -> ModelLine:
        """One of them. Raises UnknownModel, ModelNotAllowed."""
        for line in self._embedding.lines():
            if line.id == name:
                self._parts.may_use(caller, name)
                return line
        return self._targets.line(caller, name)

    async def run(
        self, caller: "Caller", ask: Ask, cancel: CancelToken
    ) -> AsyncGenerator[Piece | Ended, None]:
        """Stream the answer's choices, interleaved, and then its figures.

        Whatever is wrong with the call is raised before the first piece. Cancelling ends the
        stream within a second with what is written; closing the generator does as well. What was
        written is saved in both cases, where the key stores.

        Raises:
            UnknownModel, ModelNotAllowed: it cannot be asked.
            Unsupported: a field (`param`) cannot be done, by this model or at all.
            EmptyText, TextTooLong, UnstorableText, ContextTooSmall, PromptInvalid: likewise.
            NotFound: no such conversation of this key's.
            ShapeFailed: the answer does not have the asked shape.
            BackendError: the model did not answer, or broke off.
            StoreUnavailable: the database does not answer, or the server stops.
        """
        if self.closing:
            raise StoreUnavailable(CLOSING)
        job = await self._checked(caller, ask)
        task = asyncio.create_task(self._carry_out(job), name="call")
        self._jobs[task] = job
        task.add_done_callback(self._jobs.pop)
        forget = cancel.on_cancel(job.call.cancel.cancel)
        try:
            while (one := await job.call.inbox.get()) is not None:
                if isinstance(one, BaseException):
                    raise one
                yield one
            yield self._ended(job)
        finally:
            forget()
            self._stop(task, job)

    async def embed(
        self,
        caller: "Caller",
        texts: Sequence[str],
        dimensions: int | None = None,
        model: str | None = None,
    ) -> Embedded:
        """Vectors of these texts by the sentence encoder, which `model` names where given.

        Raises Unsupported (`dimensions`, `input`), UnknownModel, ModelNotAllowed, ModelUnavailable
        where there is no encoder.
        """
        if self._embedding.name:
            await asyncio.to_thread(self._parts.may_use, caller, self._embedding.name)
        return await asyncio.to_thread(self._embedding.embed, texts, dimensions, model)

    def once(self, caller: "Caller", name: str, body: bytes) -> Once:
        """Begin, or find, the call that a key named `name` (Idempotency-Key).

        Raises Conflict: it runs elsewhere just now, or was sent with another body before.
        """
        return self._calls.once(caller.key_id, name, body)

    def tidy(self) -> None:
        """Forget named calls that are older than a day. Raises StoreUnavailable."""
        self._calls.tidy()

    async def close(self, grace: float = 5.0) -> None:
        """Refuse new calls, let running ones end within `grace` seconds, interrupt the rest."""
        self.closing = True
        if tasks := dict(self._jobs):
            await asyncio.wait(tasks, timeout=grace)
            for task, job in tasks.items():
                _cut_off(task, job)
            await asyncio.wait(tasks)

    # Beginning -----------------------------------------------------------------------------------

    async def _checked(self, caller: "Caller", ask: Ask) -> _Job:
        """What is to be done, when all that can be known before is right."""
        checking.check(ask, self._parts.message_limit)
        shape = await asyncio.to_thread(shape_of, ask.shape) if ask.shape else None
        dialog = planning.dialog_of(ask.messages)
        if ask.text is not None:
            dialog = Dialog("", (), ask.text)
        if ask.conversation and not caller.stores:
            raise Unsupported("conversation", NO_STORE)
        target, thread, dialog = await asyncio.to_thread(self._found, caller, ask, dialog)
        model = await self._open(target.info.label)
        checking.check_model(ask, model)
        guided = shape is not None and "schema" in model.takes
        key = secrets.token_hex(16) if caller.stores else ""
        version = version_of(target, thread.row, dialog, key)
        call = Call(
            ask=ask,
            dialog=dialog,
            models=self._models(target),
            open=self._open,
            encoder=self._parts.encoder,
            shape=shape,
            guided=guided,
        )
        user = ask.metadata.get("user", "")
        job = _Job(caller, target, thread, dialog, user, version, key, call, model.runtime)
        if target.release is not None:
            await asyncio.to_thread(self._plan, job, shape)
        return job

    def _found(self, caller: "Caller", ask: Ask, dialog: Dialog) -> tuple[Target, Thread, Dialog]:
        """What answers, where the dialog goes on, and the dialog with what is known of it."""
        target = self._targets.find(caller, ask.model)
        if not caller.stores:
            return target, Thread(), dialog
        user = ask.metadata.get("user", "")
        thread = self._keeping.find(caller.person, target, dialog, ask.conversation, user)
        if thread.row is not None and target.prompt:  # an open conversation keeps its model
            with suppress(UnknownModel):
                info = self._parts.registry.resolve(thread.row.model)
                target = replace(target, info=info)
        if ask.conversation and not dialog.before:
            dialog = replace(dialog, before=tuple(map(_said, thread.path)))
        return target, thread, dialog

    def _plan(self, job: _Job, shape: Shape | None) -> None:
        """What a prompt is asked with, passages included. Raises Unsupported."""
        call, dialog, parts = job.call, job.dialog, self._parts
        prompt = parts.releases.prompt(job.version)
        planning.check_prompt(prompt, dialog)
        job.given = planning.given_values(prompt, dialog, call.ask.inputs)
        values, past = job.given.values, planning.past_of(dialog.before)
        spec = prompt.passages_input
        if prompt.kind == "chat" and not (spec and spec.name in values):
            job.sourced = parts.sourcing.find(job.person, prompt, dialog.question, past)
        call.plan = lambda choice: planning.plan_of(
            prompt,
            values,
            planning.past_of(dialog.before, job.kept.path if job.kept else ()),
            long=len(dialog.before) > HISTORY,
            sourced=job.sourced,
            workspace=parts.workspace,
            renderer=parts.releases.renderer,
            options=planning.options_of(call.ask, choice, guided=shape if call.guided else None),
            told=None if call.guided else shape,
        )

    def _models(self, target: Target) -> list[str]:
        """Labels to try: a prompt falls back as a turn does, a model that was named does not."""
        fallback = self._parts.fallback if target.release is not None else ()
        return list(dict.fromkeys((target.info.label, *fallback)))

    async def _open(self, label: str) -> "ChatModel":
        """The ready model. All who wait for one share a thread."""
        opening = self._opening.get(label)
        if opening is None:
            opening = asyncio.create_task(asyncio.to_thread(self._parts.registry.open, label))
            self._opening[label] = opening
            opening.add_done_callback(lambda _: self._opening.pop(label))
        return await asyncio.shield(opening)

    # Running and ending --------------------------------------------------------------------------

    async def _carry_out(self, job: _Job) -> None:
        """Save what is asked where the key stores, write, save; the reader is told the end."""
        end: BaseException | None
        try:
            if job.caller.stores:
                rows = job.person, job.target, job.dialog, job.thread
                job.kept = await self._keeping.begin(
                    *rows, n=job.call.ask.n, key=job.key, version=job.version
                )
            await self._write(job)
            end = job.call.error
        except ChatbotError as error:
            end = error
        except Exception as error:  # noqa: BLE001  the reader must not wait for ever
            log.error("a call broke: %s", type(error).__name__)  # noqa: TRY400
            end = ChatbotError()
        job.call.inbox.put_nowait(end)

    async def _write(self, job: _Job) -> None:
        running = self._watched(job)
        job.saving = False
        try:
            await job.call.carry_out()
        except asyncio.CancelledError:
            log.info("a call was interrupted")
        job.saving = True
        for one in running:
            await self._saving.remove(one)
        if job.kept is not None:
            await self._save(job, job.kept)
        tracing.tell(job.call, job.kept, stored=job.stored)

    def _watched(self, job: _Job) -> list[Running]:
        """Have what is written saved now and then."""
        if job.kept is None:
            return []
        row, asked = job.kept.row, job.kept.question
        turns = [
            Turn(job.person.id, row.public_id, asked.public_id, one.public_id)
            for one in job.kept.replies
        ]

        def grown(choice: Choice) -> None:
            turns[choice.index].text = choice.text

        job.call.on_text = grown
        running = []
        for turn, reply in zip(turns, job.kept.replies, strict=True):
            turn.cancel = job.call.cancel
            running.append(Running(self._place, row.id, reply.id, turn))
            self._saving.add(running[-1])
        return running

    async def _save(self, job: _Job, kept: Kept) -> None:
        """Save the ends, trying again while the database does not answer."""
        given = job.given.told if job.given else {}
        told = {"workspace": self._parts.workspace, "continued": 0, **given}
        outcomes = [
            tracing.outcome(job.call, choice, kept, reply, job.sourced, told)
            for choice, reply in zip(job.call.choices, kept.replies, strict=True)
        ]
        end = job.person, job.target, job.dialog, kept, job.user, outcomes
        for pause in (*SAVE_AGAIN_AFTER, None):
            try:
                await self._keeping.end(*end)
            except NotFound:
                log.warning("an answer's conversation was deleted meanwhile")
                return
            except Exception as error:  # noqa: BLE001  the reader is told
                log.error("an answer was not saved: %s", type(error).__name__)  # noqa: TRY400
                if pause is None or not isinstance(error, StoreUnavailable):
                    return
                await asyncio.sleep(pause)
            else:
                job.stored = True
                await self._note(job, outcomes)
                return

    async def _note(self, job: _Job, outcomes: Sequence[Outcome]) -> None:
        """Count what the answers used of their passages, or keep what was lacked."""
        note = self._parts.sourcing.note
        for one in outcomes:
            trace = one.trace
            if trace is not None and (trace.passages or "lacked" in trace.inputs):
                lacked = "lacked" in trace.inputs
                told = job.dialog.question, lacked, trace.passages, one.reply.public_id
                await asyncio.to_thread(note, *told, channel=CHANNEL)

    def _ended(self, job: _Job) -> Ended:
        choices, kept = job.call.choices, job.kept if job.stored else None
        sent = next((one.sent for one in choices if one.sent is not None), None)
        label = sent.model if sent else job.target.info.label
        runtime = job.runtime if label == job.target.info.label else ""
        notes = dict.fromkeys(note for one in choices if one.sent for note in one.sent.notes)
        if job.kept is not None and not job.stored:
            notes[NOT_STORED] = None
        release = job.target.release
        return Ended(
            model=label,
            prompt_tokens=max((one.prompt_tokens for one in choices), default=0),
            reply_tokens=sum(one.reply_tokens for one in choices),
            conversation=kept.row.public_id if kept else None,
            message=kept.replies[0].public_id if kept else None,
            fingerprint=fingerprint(label, runtime, job.version),
            notes=tuple(notes),
            version=self._parts.releases.number(job.version) if release else None,
        )

    def _stop(self, task: asyncio.Task[None], job: _Job) -> None:
        """The reader leaves: what is still written for them is stopped."""
        job.call.cancel.cancel()
        if not task.done():
            asyncio.get_running_loop().call_later(STOP_WITHIN, _cut_off, task, job)


def _cut_off(task: asyncio.Task[None], job: _Job) -> None:
    """Cancel a call that does not heed its token; one that is being saved is let be."""
    if not job.saving:
        task.cancel()


def _said(one: Message) -> Said:
    return Said("user" if one.role == "user" else "assistant", one.content)
