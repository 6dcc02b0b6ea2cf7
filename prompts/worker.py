"""The process that runs authors' templates: a worker, forked from a server that has all imported.

Reads a request, answers it, waits for the next (see wire.py). It has no environment, its room for
open files is nothing, so that no file, socket or pipe can be opened, and what Python reports to its
audit hook ends it. Knows no database and no settings; prompts/sandbox.py is the other end.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from prompts.errors import PromptError, ValueRefused
from prompts.format import Prompt, parse
from prompts.inputs import accept_values
from prompts.lint import lint
from prompts.preview import preview
from prompts.render import compiled_of, run
from prompts.wire import LENGTH, Limits, of_error, packed

KEPT = 256
"""Versions that a worker remembers."""
_PR_SET_PDEATHSIG = 1
_SOON = 0.8
"""Share of the time limit after which a template is interrupted, so that the error has a place."""
_HARMLESS = frozenset(
    {"builtins.id", "code.__new__", "compile", "exec", "object.__getattr__", "sys._getframe"}
)
"""What Python reports while templates are compiled and run."""


def work(requests: int, replies: int, nice: int, limits: Limits) -> NoReturn:
    """Confine this process for good, then answer what comes in until the other end is closed."""
    code = 1
    try:
        _confine(nice, limits.memory_mb)
        sys.addaudithook(_refuse)
        _serve(requests, replies, limits)
        code = 0
    finally:
        os._exit(code)


def _confine(nice: int, memory_mb: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux alone has it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.nice(nice)
    with contextlib.suppress(OSError):  # Linux alone has /proc
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _refuse(event: str, _: object) -> None:
    if event not in _HARMLESS:
        os._exit(3)


def _serve(requests: int, replies: int, limits: Limits) -> None:
    desk, watch = Desk(limits), _Watch(limits)
    signal.signal(signal.SIGPROF, watch.ring)
    while (head := _read(requests, LENGTH.size)) is not None:
        body = _read(requests, LENGTH.unpack(head)[0])
        if body is None:
            return
        reply = watch.over(partial(desk.answer, json.loads(body)))
        _write(replies, packed(reply))
        if reply.get("last"):
            return


class _Watch:
    """Interrupts a template that takes long, and ends the process where that does not help.

    Counts this process' own time, so that a crowded machine stops nobody; the other end counts by
    the clock.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._running = False

    def ring(self, *_: object) -> None:
        """Stop what is running: the template's error then says in which line."""
        if self._running:
            error = self._limits.too_slow()
            raise ValueRefused(error.message, error.hint)

    def over(self, answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer, or what went wrong with it."""
        try:
            return self._timed(answer)
        except ValueRefused:
            return {"error": of_error(self._limits.too_slow())}
        except MemoryError:  # what is left of the process is not to be trusted
            return {"error": of_error(self._limits.too_large()), "last": True}
        except RecursionError:
            return {
                "error": of_error(PromptError("This is nested too deeply.", hint="Flatten it."))
            }

    def _timed(self, answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._running = True
        signal.setitimer(signal.ITIMER_VIRTUAL, self._limits.cpu_s)  # unheard: it ends the process
        signal.setitimer(signal.ITIMER_PROF, self._limits.wall_s * _SOON)
        try:
            return answer()
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


class Desk:
    """Answers requests, one after the other, and remembers the prompts it has read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: OrderedDict[str, Prompt] = OrderedDict()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The result, or `{"error": …}`, or `{"need": true}` for a prompt not known here."""
        try:
            return getattr(self, f"_{request['op']}")(request)  # type: ignore[no-any-return]
        except PromptError as error:
            return {"error": of_error(error)}

    def _parse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        prompt = self._read(request)
        compiled_of(prompt)
        return {"sha": prompt.sha}

    def _lint(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = lint(request["source"], request["partials"], request["examples"])
        return {"problems": [asdict(problem) for problem in found]}

    def _render(self, request: Mapping[str, Any]) -> dict[str, Any]:
        prompt = self._prompt(request)
        if prompt is None:
            return {"need": True}
        accepted = accept_values(prompt.inputs, request["values"])
        pieces = list(run(prompt, accepted, request["chosen"]))
        self._measure(piece.content for piece in pieces if not piece.slot)
        return {"messages": [{"role": p.role, "content": p.content} for p in pieces]}

    def _preview(self, request: Mapping[str, Any]) -> dict[str, Any]:
        prompt = self._prompt(request)
        if prompt is None:
            return {"need": True}
        shown = preview(prompt, request["values"], request["chosen"], holes=request["holes"])
        self._measure(part.content for part in shown if not part.part)
        return {"shown": [asdict(part) for part in shown]}

    def _prompt(self, request: Mapping[str, Any]) -> Prompt | None:
        if "source" in request:
            return self._read(request)
        prompt = self._known.get(request["sha"])
        if prompt is not None:
            self._known.move_to_end(prompt.sha)
        return prompt

    def _read(self, request: Mapping[str, Any]) -> Prompt:
        prompt = parse(
            request["source"],
            request["partials"],
            request["examples"],
            unfinished=request.get("unfinished", False),
        )
        self._known[prompt.sha] = prompt
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return prompt

    def _measure(self, texts: Iterable[str]) -> None:
        """Refuse more text than a template may make."""
        if sum(map(len, texts)) > self._limits.output_kb * 1024:
            raise self._limits.too_long()


def _read(fd: int, size: int) -> bytes | None:
    """Exactly so many bytes, or None at the end."""
    chunks = []
    while size:
        chunk = os.read(fd, min(size, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
