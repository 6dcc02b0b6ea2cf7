"""One call on its way: its choices written side by side, into one inbox that its reader empties.

    Call.carry_out ─▶ _write (a choice: pieces of a raw model, or of a prompt by chatbot.chain)

The call is a task of its own, so it is saved also when its reader has left. Knows no rows.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chatbot.answering import CUT_OFF, SHUT_DOWN, storable
from chatbot.backends.cancel import CancelToken
from chatbot.chain import OpenEncoder, Plan, Sent, answer
from chatbot.chain import Piece as Part
from chatbot.completions import planning
from chatbot.completions.errors import ShapeFailed
from chatbot.completions.planning import Dialog
from chatbot.completions.shapes import AGAIN, Shape, bare
from chatbot.completions.views import Ask, Finish, Piece
from chatbot.errors import BackendBroken, ChatbotError, ModelUnavailable

if TYPE_CHECKING:
    from chatbot.backends import base
    from chatbot.backends.base import ChatModel

log = logging.getLogger(__name__)

_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}

Open = Callable[[str], Awaitable["ChatModel"]]
Inbox = asyncio.Queue[Piece | BaseException | None]
"""Pieces as they come; None or an error is the last."""


@dataclass(slots=True, eq=False)
class Choice:
    """One of a call's answers while it is written. `first_at`: seconds of the monotonic clock.

    `cut`: the model's stream lost its end; `interrupted`: the server stopped here.
    """

    index: int
    text: str = ""
    finish: str | None = None
    prompt_tokens: int = 0
    reply_tokens: int = 0
    sent: Sent | None = None
    error: ChatbotError | None = None
    cut: bool = False
    interrupted: bool = False
    first_at: float | None = None

    def take(self, part: Part) -> Piece:
        """Take a piece in; the same for the reader."""
        text = storable(part.text)
        if text and self.first_at is None:
            self.first_at = time.monotonic()
        self.text += text
        self.finish = part.finish or self.finish
        self.prompt_tokens += part.prompt_tokens or 0
        self.reply_tokens += part.reply_tokens or 0
        finish = _FINISHES.get(part.finish or "")
        return Piece(self.index, text, part.logprobs or None, finish)


@dataclass(slots=True, eq=False)
class Call:
    """What is asked, and how far its answers are.

    `plan` makes the plan of a choice where a prompt answers; None: the model is used raw. `shape`
    is told to a model and looked at afterwards where the runtime does not guide (`guided` False).
    """

    ask: Ask
    dialog: Dialog
    models: Sequence[str]
    open: Open
    encoder: OpenEncoder
    shape: Shape | None
    guided: bool
    plan: Callable[[int], Plan] | None = None
    on_text: Callable[[Choice], None] = lambda _: None
    cancel: CancelToken = field(default_factory=CancelToken)
    inbox: Inbox = field(default_factory=asyncio.Queue)
    started: float = field(default_factory=time.monotonic)
    choices: list[Choice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.choices = [Choice(index) for index in range(self.ask.n)]

    async def carry_out(self) -> None:
        """Write all choices into the inbox. Their errors stand in the choices."""
        async with asyncio.TaskGroup() as group:
            for choice in self.choices:
                group.create_task(self._write(choice))

    @property
    def error(self) -> ChatbotError | None:
        """The first thing that went wrong."""
        wrong = [one.error for one in self.choices if one.error is not None]
        cut_off = any(one.interrupted for one in self.choices) and not self.cancel.cancelled
        return next(iter(wrong), ModelUnavailable(SHUT_DOWN) if cut_off else None)

    async def _write(self, choice: Choice) -> None:
        try:
            async with aclosing(self._parts(choice)) as parts:
                async for part in parts:
                    piece = choice.take(part)
                    if piece.text or piece.finish or piece.logprobs:
                        self.inbox.put_nowait(piece)
                    self.on_text(choice)
            if choice.finish is None and not self.cancel.cancelled:
                choice.error, choice.cut = BackendBroken(CUT_OFF), True
            elif self.shape and await _fault(self.shape, choice.text, choice.finish):
                choice.error = ShapeFailed()  # a model that took over may not be guided
        except ChatbotError as error:
            choice.error = error
        except asyncio.CancelledError:
            choice.interrupted = True
        except Exception as error:  # noqa: BLE001  whatever broke, the call must reach an end
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a call broke: %s", type(error).__name__)  # noqa: TRY400
            choice.error = ChatbotError()
        if choice.error is not None:
            self.cancel.cancel()  # nobody reads the other choices of a call that failed

    def _parts(self, choice: Choice) -> AsyncGenerator[Part, None]:
        if self.shape is not None and not (self.guided and self.shape.exact):
            return self._looked_at(choice, self.shape)
        return self._plainly(choice)

    def _plainly(self, choice: Choice) -> AsyncGenerator[Part, None]:
        def sent(trace: Sent) -> None:
            choice.sent = trace

        if self.plan is None:
            return self._raw(choice)
        plan = self.plan(choice.index)
        return answer(plan, self.models, self.open, self.cancel, sent, self.encoder)

    async def _raw(self, choice: Choice) -> AsyncGenerator[Part, None]:
        """A model's answer to the messages as they are, or to a text."""
        guided = self.shape if self.guided else None
        options = planning.options_of(self.ask, choice.index, guided=guided)
        messages = [] if self.ask.text is not None else self.dialog.messages
        if self.shape is not None and not self.guided:
            messages = planning.with_instruction(messages, self.shape)
        model = await self.open(self.models[0])
        choice.sent = Sent(model.label, model.where, messages=messages, parameters=options)
        asked = _asked(messages, options, self.cancel, choice.sent, self.ask.text)
        async with aclosing(model.deltas(asked)) as deltas:
            async for one in deltas:
                yield _part(one)

    async def _looked_at(self, choice: Choice, shape: Shape) -> AsyncGenerator[Part, None]:
        """A whole answer that fits its shape, asked for once more where it does not at first."""
        parts = [part async for part in self._plainly(choice)]
        whole = _joined(parts)
        fault = await _fault(shape, whole.text, whole.finish)
        if fault and choice.sent is not None and not self.cancel.cancelled:
            again = await self._again(choice.sent, whole.text, fault)
            fault = await _fault(shape, again.text, again.finish)
            whole = replace(
                again,
                prompt_tokens=(whole.prompt_tokens or 0) + (again.prompt_tokens or 0),
                reply_tokens=(whole.reply_tokens or 0) + (again.reply_tokens or 0),
            )
            choice.sent.notes.append("The first answer did not fit the schema; it was corrected.")
        if fault:
            raise ShapeFailed
        yield whole

    async def _again(self, sent: Sent, text: str, fault: str) -> Part:
        messages = [
            *sent.messages,
            {"role": "assistant", "content": text},
            {"role": "user", "content": AGAIN.format(fault=fault)},
        ]
        model = await self.open(sent.model)
        asked = _asked(messages, sent.parameters, self.cancel, sent)
        async with aclosing(model.deltas(asked)) as deltas:
            return _joined([_part(one) async for one in deltas])


def fingerprint(model: str, runtime: str, version: str) -> str:
    """What changes when something else answers: the model, its runtime or the prompt version."""
    digest = hashlib.sha256(f"{model}\n{runtime}\n{version}".encode()).hexdigest()
    return f"fp_{digest[:12]}"


def _asked(
    messages: list[dict[str, str]],
    parameters: dict[str, Any],
    cancel: CancelToken,
    sent: Sent,
    text: str | None = None,
) -> "base.Ask":
    from chatbot.backends.base import Ask as Asked  # imports LangChain, as the model has already

    options = dict(parameters)
    return Asked(
        messages=messages,
        max_tokens=options.pop("max_tokens", None),
        stop=tuple(options.pop("stop", ())),
        cancel=cancel,
        continue_final=False,
        logprobs=options.pop("logprobs", None),
        schema=options.pop("schema", None),
        options=options,
        on_masked=sent.hid,
        text=text,
    )


async def _fault(shape: Shape, text: str, finish: str | None) -> str:
    """What is wrong with an answer that came to its end; a large schema takes a while to look."""
    return await asyncio.to_thread(shape.fault, text) if finish == "stop" else ""


def _part(one: "base.Delta") -> Part:
    if one.finish is None:
        return Part(one.text, logprobs=one.logprobs)
    return Part(one.text, one.finish, one.prompt_tokens, one.reply_tokens, one.logprobs)


def _joined(parts: Sequence[Part]) -> Part:
    """All pieces as one, without a code fence around them."""
    last = parts[-1] if parts else Part("")
    return Part(
        bare("".join(part.text for part in parts)),
        last.finish,
        last.prompt_tokens,
        last.reply_tokens,
        tuple(one for part in parts for one in part.logprobs),
    )
