"""Authors' templates, read and rendered in processes that can be killed.

    Sandbox ─▶ pool.py (lends a worker) ─▶ worker.py (parse, lint, render, preview)

The same functions as in this package, with limits of time, memory and text around them. Values are
checked here, so that only plain JSON crosses; a prompt comes into being here only after a worker
has read and compiled it. Turns have workers of their own, so that no draft makes them wait. Knows
no database, model or person.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

from prompts.errors import PromptError
from prompts.format import Prompt, parse
from prompts.inputs import accept_values
from prompts.pool import Died, Lane, NoWorker, Server, TooSlow
from prompts.preview import Shown, Span
from prompts.problems import Problem, of_error
from prompts.render import Message
from prompts.source import MAX_BYTES, read_text
from prompts.wire import Limits, closure, packed, to_error

__all__ = ["Limits", "Sandbox"]

log = logging.getLogger(__name__)

Partials = Mapping[str, str]
Examples = Sequence[Mapping[str, str]]

_MOST = 4
"""How many times `workers` there may be while many ask at once."""
_NICE = 5
"""What is being written waits for what people wait for."""


class Sandbox:
    """Thread-safe; every method blocks for at most its limits. See the module."""

    def __init__(self, limits: Limits | None = None, workers: int = 2) -> None:
        self.limits = limits or Limits()
        self._server = Server.of(self.limits)
        self._closed = False
        most = workers * _MOST
        self._drafts = Lane(self._server, kept=workers, most=most, nice=_NICE)
        self._turns = Lane(self._server, kept=workers, most=most, nice=0)

    def start(self) -> None:
        """Have workers ready soon, in the background; without it the first caller starts them."""
        Thread(target=self._start, name="prompts", daemon=True).start()

    def close(self) -> None:
        """End every worker. What is asked from now on is refused with a sentence."""
        if not self._closed:
            self._closed = True
            self._drafts.close()
            self._turns.close()
            self._server.leave()

    def parse(
        self,
        source: str | bytes,
        partials: Partials | None = None,
        examples: Examples | None = None,
        *,
        unfinished: bool = False,
    ) -> Prompt:
        """The prompt of a text that a worker has read and compiled. Raises PromptError."""
        text = read_text(source)
        texts = _texts(text, partials, examples)
        self._ask(self._drafts, {"op": "parse", **texts, "unfinished": unfinished})
        return parse(text, partials, examples, unfinished=unfinished)

    def lint(
        self,
        source: str | bytes,
        partials: Partials | None = None,
        examples: Examples | None = None,
    ) -> list[Problem]:
        """All that is wrong or doubtful. Raises PromptError where that could not be found out."""
        short = isinstance(source, str) and len(source) <= MAX_BYTES
        try:
            text = str(source) if short else read_text(source)
        except PromptError as error:
            return [of_error(error)]
        texts = _texts(text, partials, examples)
        reply = self._ask(self._drafts, {"op": "lint", **texts})
        return [Problem(**fields) for fields in reply["problems"]]

    def render(
        self, prompt: Prompt, values: Mapping[str, Any], chosen: Sequence[int] | None = None
    ) -> list[Message]:
        """What `prompts.render` returns. For what authors try; raises PromptError."""
        return self._rendered(self._drafts, prompt, values, chosen)

    def serve(
        self, prompt: Prompt, values: Mapping[str, Any], chosen: Sequence[int] | None = None
    ) -> list[Message]:
        """The same for turns, by workers that nobody's drafts keep busy."""
        return self._rendered(self._turns, prompt, values, chosen)

    def preview(
        self,
        prompt: Prompt,
        values: Mapping[str, Any],
        chosen: Sequence[int] | None = None,
        *,
        holes: bool = False,
    ) -> list[Shown]:
        """What `prompts.preview` returns; raises PromptError."""
        given = _plain(prompt, values) if holes else accept_values(prompt.inputs, values)
        request = {"op": "preview", "values": given, "chosen": _listed(chosen), "holes": holes}
        reply = self._ask_about(self._drafts, prompt, request)
        return [
            Shown(part["role"], tuple(Span(**span) for span in part["spans"]), part["part"])
            for part in reply["shown"]
        ]

    def _start(self) -> None:
        try:
            self._turns.fill()
            self._drafts.fill()
        except NoWorker as error:
            if not self._closed:
                log.warning("%s", error)

    def _rendered(
        self,
        lane: Lane,
        prompt: Prompt,
        values: Mapping[str, Any],
        chosen: Sequence[int] | None,
    ) -> list[Message]:
        given = accept_values(prompt.inputs, values)
        request = {"op": "render", "values": given, "chosen": _listed(chosen)}
        messages: list[Message] = self._ask_about(lane, prompt, request)["messages"]
        return messages

    def _ask_about(self, lane: Lane, prompt: Prompt, request: dict[str, Any]) -> dict[str, Any]:
        """Ask about a prompt, whose text is sent to a worker that does not know it yet."""
        named = {**request, "sha": prompt.sha}
        return self._ask(lane, named, otherwise={**named, **closure(prompt)})

    def _ask(
        self, lane: Lane, request: dict[str, Any], otherwise: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The worker's reply to the request, or to `otherwise` where it needs more."""
        try:
            worker = lane.take(self.limits.wall_s)
        except NoWorker as error:
            raise PromptError(str(error)) from None
        sound = False
        try:
            reply = json.loads(worker.ask(packed(request), self.limits.wall_s))
            if reply.get("need") and otherwise is not None:
                reply = json.loads(worker.ask(packed(otherwise), self.limits.wall_s))
            sound = not reply.get("last")
        except TooSlow:
            raise self.limits.too_slow() from None
        except Died:
            raise PromptError(
                "Rendering ended before it was done, and was not tried again.",
                hint="The prompt asks for too much, or for what no prompt may do.",
            ) from None
        finally:
            lane.give(worker, sound=sound)
        if "error" in reply:
            raise to_error(reply["error"])
        result: dict[str, Any] = reply
        return result


def _texts(source: str, partials: Partials | None, examples: Examples | None) -> dict[str, Any]:
    return {
        "source": source,
        "partials": {str(name): str(text) for name, text in (partials or {}).items()},
        "examples": None if examples is None else [dict(one) for one in examples],
    }


def _listed(chosen: Sequence[int] | None) -> list[int] | None:
    return None if chosen is None else [int(index) for index in chosen]


def _plain(prompt: Prompt, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are there, checked one by one; what is missing stays away."""
    known = {name: value for name, value in values.items() if value not in (None, "")}
    accepted = {}
    for name, value in known.items():
        spec = prompt.input(name)
        if spec is None:
            accept_values(prompt.inputs, {name: value})
        else:
            accepted[name] = spec.accept(value)
    return accepted
