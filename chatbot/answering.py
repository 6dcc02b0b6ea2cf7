"""The second half of a turn's path: plan, stream, save with a true status.

    run ─▶ _plan   (prompt version, values, passages, the history that may be needed)
        ─▶ _stream (chatbot.chain; pieces into the turn, kept by chatbot.saving)
        ─▶ _end    (answer, status and trace in one transaction)

Receives committed rows from chatbot.chat. Knows nothing of lanes, keys or pages.
"""

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Protocol

import prompts
from chatbot.archive import Place
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Past, Piece, Plan, Renderer, Sent, answer, no_encoder
from chatbot.errors import ChatbotError, NotFound, StoreUnavailable
from chatbot.monitoring import ends, spans
from chatbot.releases import Releases
from chatbot.saving import Running, Saving
from chatbot.sourcing import NOTHING, Json, Sourced, Sourcing, given, is_asking, used
from chatbot.turn import TURN, Turn
from store import messages
from store.engine import Session
from store.records import Conversation, Message, Person, Trace

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

log = logging.getLogger(__name__)

HISTORY = 64
"""Earlier messages considered for a prompt, so that a turn costs the same at any length."""
LONG = f"Of the earlier messages the last {HISTORY} were considered."
SAVE_AGAIN_AFTER = (0.5, 2.0)
"""Seconds before each further try to save a finished answer."""

NO_ANSWER = "The model gave no answer. Try again."
CUT_OFF = "The model's stream ended before the answer did. Continue, or answer again."
LENGTH = "The answer reached its longest length. Continue goes on from here."
CRASH = "Something went wrong while answering. Try again."
SHUT_DOWN = "The server stopped here. Answer again."
NOT_SAVED = "Not saved. Keep this page open and choose Save again."

_UNSTORABLE = re.compile("[\\0\\ud800-\\udfff]")


@dataclass(slots=True, eq=False)
class Job:
    """A committed turn on its way: its rows, where they are, and what has been sent.

    `home` is the label of a local model that answers instead of the conversation's: such a turn
    never leaves this machine. `person` has the roles with which they began it.
    """

    turn: Turn
    place: Place
    conversation: Conversation
    question: Message
    reply: Message
    home: str | None
    person: Person
    sourced: Sourced = NOTHING
    sent: Sent | None = None
    last: Piece | None = None
    trace: Trace | None = None
    error: str | None = None


class Answering:
    """Runs jobs. `fallback`: labels of the models to try when the conversation's does not begin.

    `encoder` opens what picks sentences for small models, when there is something to pick from;
    `sourcing` finds passages for prompts that take some.
    """

    def __init__(
        self,
        registry: Registry,
        releases: Releases,
        fallback: Sequence[str],
        workspace: str,
        sourcing: Sourcing,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._registry = registry
        self._releases = releases
        self._fallback = tuple(fallback)
        self._workspace = workspace
        self._sourcing = sourcing
        self._encoder = encoder
        self._opening: dict[str, asyncio.Task[ChatModel]] = {}
        self._saving = Saving()

    async def run(self, job: Job, before: Turn | None) -> None:
        """Wait for the answer before, stream this one, and end with a true status."""
        TURN.set(job.turn.reply)  # of this task alone, and of the threads it starts
        with spans.span("turn", {"chatbot.turn": job.turn.reply}):
            await self._run(job, before)

    async def _run(self, job: Job, before: Turn | None) -> None:
        turn = job.turn
        try:
            if before is not None:
                await _ended(before, turn.cancel)
                turn.started = time.monotonic()
            status, error = await self._stream(job)
        except ChatbotError as caught:
            status, error = "failed", str(caught)
        except asyncio.CancelledError:
            stopped = turn.cancel.cancelled
            status, error = ("stopped", None) if stopped else ("interrupted", SHUT_DOWN)
        except Exception as caught:  # noqa: BLE001  whatever broke, the turn must reach an end
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a turn broke: %s", type(caught).__name__)  # noqa: TRY400
            status, error = "failed", CRASH
        turn.status, job.error = status, error  # from here on nobody cancels this task
        await self._end(job)

    async def _stream(self, job: Job) -> tuple[str, str | None]:
        """Stream the answer into the turn; the status and the sentence it ended with."""
        turn = job.turn
        if turn.cancel.cancelled:
            return "stopped", None
        turn.become("loading")
        plan = await asyncio.to_thread(self._plan, job)

        def sent(trace: Sent) -> None:
            job.sent, turn.model = trace, trace.model
            turn.become("writing")

        models = await asyncio.to_thread(self._models, job)
        pieces = answer(plan, models, self._model, turn.cancel, sent, self._encoder)
        running = Running(job.place, job.conversation.id, job.reply.id, turn)
        self._saving.add(running)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    job.last = piece
                    turn.add(storable(piece.text))
        finally:
            _tell_model(job)
            await asyncio.shield(self._saving.remove(running))
        return _status(job)

    def _models(self, job: Job) -> list[str]:
        """Labels of the models to try, each once."""
        if job.home is None:
            return list(dict.fromkeys((job.conversation.model, *self._fallback)))
        local = [name for name in self._fallback if self._registry.resolve(name).where == "local"]
        return list(dict.fromkeys((job.home, *local)))

    async def _model(self, label: str) -> "ChatModel":
        """The ready model. All who wait for one share a thread: the others are for the database."""
        opening = self._opening.get(label)
        if opening is None:
            opening = asyncio.create_task(asyncio.to_thread(self._registry.open, label))
            self._opening[label] = opening
            opening.add_done_callback(lambda _: self._opening.pop(label))
        return await asyncio.shield(opening)

    def _plan(self, job: Job) -> Plan:
        prompt = self._releases.prompt(job.conversation.version or "")
        with job.place.reading() as session:
            if not _is_there(session, job):  # deleted while it waited
                raise NotFound
            parent = job.question.parent_id
            path = messages.path(session, parent, limit=HISTORY) if parent else []
        asked, past = job.question.content, history_of(path)
        with spans.span("retrieve"):
            job.sourced = self._sourcing.find(job.person, prompt, asked, past)
        return plan_of(
            prompt,
            asked,
            path,
            self._workspace,
            spans.rendering(self._releases.renderer),
            continued=job.reply.content,
            sourced=job.sourced,
        )

    async def _end(self, job: Job) -> None:
        """Save the answer and its trace, then tell the readers that it is done."""
        turn = job.turn
        job.trace = self._trace(job)
        with spans.span("save"):
            turn.saved = await _saved(job)
        turn.finish(turn.status, job.error if turn.saved else NOT_SAVED)
        how = job.conversation.channel, turn.status, ends.figures_of(job.trace)
        about = turn.conversation
        ends.ended(*how, conversation=about, error=job.error, saved=turn.saved)
        if job.trace and turn.saved and job.place.lasting:
            passages, lacked = job.trace.passages, "lacked" in job.trace.inputs
            if passages or lacked:
                note = self._sourcing.note
                await asyncio.to_thread(note, job.question.content, lacked, passages, turn.reply)

    def _trace(self, job: Job) -> Trace | None:
        sent, turn = job.sent, job.turn
        if sent is None:
            return None
        now = time.monotonic()
        last = job.last
        passages = used(given(job.sourced, sent.kept), turn.text)
        return Trace(
            message_id=job.reply.id,
            attempt=1,
            prompt=job.conversation.prompt,
            version=job.conversation.version or "",
            release_id=job.conversation.release_id,
            model=sent.model,
            parameters=sent.parameters,
            inputs={
                "workspace": self._workspace,
                "continued": len(job.reply.content),
                **({} if sent.masked is None else {"masked": dict(sent.masked)}),
                **({} if sent.chosen is None else {"examples": list(sent.chosen)}),
                **({"lacked": True} if _lacks(job.sourced, passages, job.question) else {}),
            },
            rendered_hash=sent.rendered_hash,
            history_ids=sent.history_ids,
            passages=passages,
            prompt_tokens=(last and last.prompt_tokens) or sent.prompt_tokens,
            reply_tokens=last.reply_tokens if last else None,
            first_token_s=turn.first_at - turn.started if turn.first_at else None,
            total_s=now - turn.started,
            error=job.error,
            notes=sent.notes,
        )


def _tell_model(job: Job) -> None:
    """A span of the model's call that has ended."""
    sent, last = job.sent, job.last
    if sent is not None and sent.ready_at is not None:
        read, written = (last.prompt_tokens, last.reply_tokens) if last else (None, None)
        tokens = read or sent.prompt_tokens, written
        spans.model_called(sent.model, sent.ready_at, tokens, job.turn.first_at)


def _lacks(sourced: Sourced, passages: Sequence[Json], question: Message) -> bool:
    """Whether a question was left without a passage: none fitted, or none held a sentence."""
    if any(one["used"] for one in passages):
        return False
    return sourced.lacked or (bool(sourced.hits) and not passages and is_asking(question.content))


def _is_there(session: Session, job: Job) -> bool:
    return bool(messages.by_ids(session, job.conversation.id, [job.reply.id]))


async def _ended(before: Turn, cancel: CancelToken) -> None:
    """Wait for the end of the answer before, or for a cancel."""
    with cancel.event() as stopped:
        waits = {asyncio.ensure_future(before.finished()), asyncio.ensure_future(stopped.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _saved(job: Job) -> bool:
    """Save the end, trying again while the database does not answer; whether that worked."""
    for pause in (*SAVE_AGAIN_AFTER, None):
        try:
            await asyncio.to_thread(write_end, job)
        except NotFound:
            log.warning("an answer's conversation was deleted meanwhile")
            return True
        except Exception as caught:  # noqa: BLE001  the person is told, and may save again
            log.error("an answer was not saved: %s", type(caught).__name__)  # noqa: TRY400
            if pause is None or not isinstance(caught, StoreUnavailable):
                return False
            await asyncio.sleep(pause)
        else:
            return True
    return False


def write_end(job: Job) -> None:
    """Save an ended answer and its trace in one transaction, the same when done twice.

    Raises NotFound when it was deleted, StoreUnavailable.
    """
    turn = job.turn
    with job.place.writing() as session:
        messages.finish(
            session, job.reply.id, content=turn.text, status=turn.status, error=job.error
        )
        if job.trace is not None:  # kept already, where a commit's confirmation was lost
            messages.add_trace(session, job.trace)


def plan_of(
    prompt: prompts.Prompt,
    question: str,
    path: Sequence[Message],
    workspace: str,
    renderer: Renderer,
    *,
    continued: str = "",
    sourced: Sourced = NOTHING,
) -> Plan:
    """What is asked for a question after the messages of `path`, the last `HISTORY` before it."""
    long = (LONG,) if path and path[0].parent_id else ()
    return Plan(
        prompt=prompt,
        values=values_of(prompt, question, workspace) | sourced.values(prompt),
        history=history_of(path),
        continued=continued,
        renderer=renderer,
        notes=(*long, *sourced.notes),
    )


def values_of(prompt: prompts.Prompt, question: str, workspace: str) -> dict[str, Any]:
    """The values a chat fills in: the question, and what the workspace says of itself."""
    known = {"question": question, "company": workspace}
    declared = {item.name for item in prompt.inputs}
    return {name: value for name, value in known.items() if name in declared}


class Spoken(Protocol):
    """What of a message history is made of; `id` is 0 where it is no row."""

    @property
    def id(self) -> int:
        """Its row."""

    @property
    def role(self) -> str:
        """Who said it."""

    @property
    def content(self) -> str:
        """What was said."""


def history_of(path: Sequence[Spoken]) -> tuple[Past, ...]:
    """Messages as history: questions and answers in turn, as many models insist on.

    A question without an answer (failed, stopped early, deleted) is left out. What one side wrote
    in several messages, as people do who write to each other, is joined to one.
    """
    kept: list[Past] = []
    asked: list[Spoken] = []
    for before, message in pairwise((None, *path)):
        assert message is not None  # noqa: S101  only the first of all has none before it
        if message.role == "user":
            follows = before is not None and before.role == "user"
            asked = [*asked, message] if follows else [message]
        elif not message.content.strip():
            continue
        elif asked:
            kept += [_joined("user", asked), _joined("assistant", [message])]
            asked = []
        elif kept:
            kept[-1] = _longer(kept[-1], message)
    return tuple(kept)


def _joined(role: Literal["user", "assistant"], said: Sequence[Spoken]) -> Past:
    *earlier, last = said
    text = "\n\n".join(one.content for one in said)
    return Past(last.id, role, text, tuple(one.id for one in earlier))


def _longer(past: Past, message: Spoken) -> Past:
    text = f"{past.content}\n\n{message.content}"
    return Past(message.id, past.role, text, (*past.joined, past.id))


def _status(job: Job) -> tuple[str, str | None]:
    finish = job.last.finish if job.last else None
    if finish == "cancelled" or (finish is None and job.turn.cancel.cancelled):
        return "stopped", None
    if finish == "length":
        return "truncated", LENGTH
    if finish is None:
        return "truncated", CUT_OFF
    if not job.turn.text.strip():
        return "failed", NO_ANSWER
    return "complete", None


def storable(text: str) -> str:
    """A model's text; what no database keeps (NUL, half a surrogate pair) becomes U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)
