"""`chatbot chat`: one question and its answer, or a talk on the terminal. Parses, calls, prints.

A turn runs on an event loop; lines are read between turns, outside it, so that Ctrl+C means "stop
this answer" while one is written and "never mind" at the prompt.
"""

import asyncio
import contextlib
import signal
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot.errors import ChatbotError, NotFound, NotSaved
from ui.cli_output import is_terminal, note, working, write, write_json

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.turn import Turn


@dataclass(slots=True)
class Talk:
    """A talk with one person; `conversation` is None until the first question is saved."""

    product: "Product"
    person: Any
    conversation: str | None = None
    prompt: str | None = None
    model: str | None = None

    async def ask(self, text: str, *, show: bool) -> "Turn":
        """Ask and wait for the end, printing the answer as it grows. Ctrl+C stops it.

        Raises:
            ChatbotError: nothing was asked; the sentence says why.
        """
        replicas = self.product.replicas
        await asyncio.to_thread(replicas.beat)  # a server may have taken us for gone meanwhile
        seen = asyncio.create_task(replicas.keep())
        try:
            turn = await self.product.chat.start_turn(
                self.person,
                self.conversation,
                text,
                uuid.uuid4().hex,
                prompt=self.prompt,
                model=self.model,
            )
            self.conversation, self.prompt, self.model = turn.conversation, None, None
            with self._stopped_by_ctrl_c(turn):
                await _show(turn) if show else await turn.finished()
        finally:
            seen.cancel()
        return turn

    @contextlib.contextmanager
    def _stopped_by_ctrl_c(self, turn: "Turn") -> Iterator[None]:
        loop = asyncio.get_running_loop()
        stops: set[asyncio.Task[None]] = set()

        def stop() -> None:
            stops.add(loop.create_task(self.product.chat.stop(self.person, turn.reply)))

        try:
            loop.add_signal_handler(signal.SIGINT, stop)
        except (NotImplementedError, ValueError):  # Windows, or not the main thread
            yield
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)


async def _show(turn: "Turn") -> None:
    """Print the answer piece by piece; until the first one, a terminal shows what is waited for."""
    shown = 0
    with contextlib.ExitStack() as waiting:
        if is_terminal(sys.stdout) and is_terminal(sys.stderr):
            waiting.enter_context(working("Waiting for the model"))
        async for now in turn.follow():
            if len(now.text) > shown:
                waiting.close()
                write(now.text[shown:], end="")
                shown = len(now.text)
    if shown:
        write("")


def once(product: "Product", talk: Talk, text: str, *, as_json: bool) -> None:
    """Ask once and print the answer alone, or with `as_json` everything about it.

    Raises:
        ChatbotError: nothing was asked, or the answer did not end as it should; what there is of it
            was printed.
    """
    with asyncio.Runner() as runner:
        turn = runner.run(talk.ask(text, show=not as_json))
        runner.run(product.chat.close())
    if as_json:
        write_json(_everything(product, talk, turn))
    _complain(turn)
    if turn.status == "stopped":
        raise KeyboardInterrupt


def _complain(turn: "Turn") -> None:
    """Say what is to be said about an ended answer. Raises ChatbotError when there is none."""
    if not turn.saved:
        raise NotSaved("The answer was not saved: the database did not take it. Ask again.")
    if turn.status in ("failed", "interrupted"):
        raise ChatbotError(turn.error)
    if turn.error:
        note(turn.error)


def _everything(product: "Product", talk: Talk, turn: "Turn") -> dict[str, Any]:
    about: dict[str, Any] = {
        "text": turn.text,
        "status": turn.status,
        "error": turn.error,
        "model": turn.model,
        "conversation": turn.conversation,
        "message": turn.reply,
    }
    with contextlib.suppress(NotFound):  # what was never sent has no trace
        trace = product.traces.of(talk.person, turn.reply)
        about |= {
            "prompt": trace.prompt,
            "prompt_version": trace.version,
            "prompt_sha": trace.sha,
            "tokens": {"prompt": trace.prompt_tokens, "reply": trace.reply_tokens},
            "first_token_s": trace.first_s,
            "total_s": trace.total_s,
            "notes": trace.notes,
        }
    return about


def talk_on(product: "Product", talk: Talk) -> None:
    """Read lines and answer them until Ctrl+D. Errors are told and the talk goes on."""
    seen = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    if seen:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  importing it gives input() history and editing
        note("Ctrl+C stops an answer, Ctrl+D leaves.")
    with asyncio.Runner() as runner:
        for line in _lines("\nYou: " if seen else ""):
            try:
                _complain(runner.run(talk.ask(line, show=True)))
            except ChatbotError as error:
                note(str(error))
        runner.run(product.chat.close())
    if seen and talk.conversation:
        note(f"\nGo on with it: chatbot chat --conversation {talk.conversation}")


def _lines(prompt: str) -> Iterator[str]:
    """What is typed, line by line without empty ones; Ctrl+C gives up the line begun."""
    while True:
        try:
            line = input(prompt)
        except EOFError:
            return
        except KeyboardInterrupt:
            note("\nCtrl+D leaves.")
            continue
        if line.strip():
            yield line
