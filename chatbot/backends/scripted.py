"""A working fake: it answers what it is told to, and misbehaves on command. No weights, no network.

Commands stand at the start of the user's message and may be combined:

    !tokens N        an answer of N tokens          !rate N        N tokens a second
    !delay S         S seconds before the first     !say TEXT      answers TEXT exactly
    !429 [S]         rate limited, retry after S    !500           the server fails
    !quota           the account is used up         !garbage       something that makes no sense
    !hang            never a first token            !hang-after N  nothing more after N tokens
    !break N         breaks off after N tokens      !no-end        ends without saying so
    !length          stops half way, "length"       !once          the fault only the first time

Anything else is answered by an echo. `Script` is the plan alone, in steps: `ScriptedModel` plays it
in this process, the tests' HTTP server over a socket. Neither knows of the other.
"""

import asyncio
import math
import re
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from pydantic import PrivateAttr

from chatbot.backends.base import Ask, ChatModel, Delta, Finish, Where
from chatbot.errors import (
    BackendBroken,
    BackendError,
    BackendQuota,
    BackendRateLimited,
    BackendTimeout,
)

FAULTS_BEFORE = ("429", "500", "quota", "garbage", "hang")
FAULTS = (*FAULTS_BEFORE, "hang-after", "break", "no-end", "length")

_COMMAND = re.compile(
    r"!(?:(?P<numbered>tokens|rate|delay|429|hang-after|break)(?:[ \t]+(?P<number>\d+(?:\.\d+)?))?"
    r"|(?P<bare>500|quota|garbage|hang|no-end|length|once))(?!\S)\s*"
)
_SAY = re.compile(r"!say(?:\s|$)")
_TOKEN = re.compile(r"\s*\S+|\s+$")
_FILLER = " This is a scripted answer that goes on for as long as it was told to."


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for so many seconds; for ever when None."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Say:
    """One token."""

    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """One of FAULTS in the place of what would come next."""

    fault: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The end and its reason; without one when the other side just stops."""

    finish: Finish | None
    tokens: int


Step = Wait | Say | Fail | End


@dataclass(frozen=True, slots=True)
class Script:
    """What to say, and the commands with their numbers (None where none was given)."""

    text: str
    commands: Mapping[str, float | None]

    @classmethod
    def parse(cls, message: str) -> "Script":
        """Read the commands at the start of a user's message; the rest is said or echoed."""
        commands: dict[str, float | None] = {}
        rest = message
        while match := _COMMAND.match(rest):
            number = match["number"]
            commands[match["numbered"] or match["bare"]] = float(number) if number else None
            rest = rest[match.end() :]
        said = _SAY.match(rest)
        return cls(rest[said.end() :] if said else f"Thank you. You wrote: {rest}", commands)

    def healed(self) -> "Script":
        """The same without its faults."""
        return Script(self.text, {k: v for k, v in self.commands.items() if k not in FAULTS})

    def steps(self, *, begun: str = "", max_tokens: int | None = None) -> Iterator[Step]:
        """The plan. `begun`: what was said before, when the answer is to be continued."""
        yield Wait(self.commands.get("delay") or 0.0)
        fault = next((name for name in FAULTS_BEFORE if name in self.commands), None)
        if fault is not None:
            yield Wait(None) if fault == "hang" else Fail(fault, self.commands[fault])
            return
        tokens, finish = self._tokens(begun, max_tokens)
        gap = 1 / (self.commands.get("rate") or math.inf)
        for said in range(len(tokens) + 1):
            if said == self.commands.get("break", math.inf):
                yield Fail("break")
                return
            if said == self.commands.get("hang-after", math.inf):
                yield Wait(None)
                return
            if said < len(tokens):
                yield Say(tokens[said])
                yield Wait(gap)
        yield End(None if "no-end" in self.commands else finish, len(tokens))

    def _tokens(self, begun: str, max_tokens: int | None) -> tuple[list[str], Finish]:
        tokens = split(self.text)
        if "tokens" in self.commands:
            wanted = int(self.commands["tokens"] or 0)
            tokens = list(islice(cycle(split(self.text + _FILLER)), wanted))
        if begun and "".join(tokens).startswith(begun):
            tokens = split("".join(tokens)[len(begun) :])
        elif "length" in self.commands:
            return tokens[: len(tokens) // 2], "length"
        if max_tokens is not None and len(tokens) > max_tokens:
            return tokens[:max_tokens], "length"
        return tokens, "stop"


def split(text: str) -> list[str]:
    """A text in tokens: a word with the white space before it. Joined, they are the text again."""
    return _TOKEN.findall(text)


def error_of(step: Fail) -> BackendError:
    """The typed error that a fault amounts to once a backend has understood it."""
    if step.fault == "429":
        return BackendRateLimited(retry_after=step.retry_after)
    return BackendQuota() if step.fault == "quota" else BackendBroken()


def last_user_text(messages: Sequence[Mapping[str, str]]) -> str:
    """The text that holds the script."""
    said = (message["content"] for message in reversed(messages) if message["role"] == "user")
    return next(said, "")


class FirstTimes:
    """Remembers which messages were seen, for `!once`. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()

    def script(self, message: str) -> Script:
        """The message's script, healed when `!once` stands in it and it came before."""
        script = Script.parse(message)
        if "once" not in script.commands:
            return script
        with self._lock:
            seen = message in self._seen
            self._seen.add(message)
        return script.healed() if seen else script


class ScriptedModel(ChatModel):
    """Plays the script of the last user message. Time limits are in seconds, as in `hosted.py`."""

    label: str = "scripted@1"
    context: int = 4096
    where: Where = "scripted"
    takes: frozenset[str] = frozenset(
        {"temperature", "top_p", "top_k", "seed", "repetition_penalty"}
    )
    first_token_timeout: float = 60.0
    gap_timeout: float = 30.0
    _once: FirstTimes = PrivateAttr(default_factory=FirstTimes)

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Walk the steps; a cancel is seen within them, also while hanging."""
        steps = self._once.script(last_user_text(ask.messages)).steps(
            begun=ask.messages[-1]["content"] if ask.continue_final else "",
            max_tokens=ask.max_tokens,
        )
        said, prompt_tokens = 0, self.count(ask.messages)
        with ask.cancel.event() as stopped:
            for step in steps:
                if stopped.is_set() or not await self._waited(step, stopped, said):
                    yield Delta("", "cancelled", prompt_tokens, said)
                    return
                if isinstance(step, Fail):
                    raise error_of(step)
                if isinstance(step, Say):
                    said += 1
                    yield Delta(step.text)
                elif isinstance(step, End) and step.finish:
                    yield Delta("", step.finish, prompt_tokens, said)

    async def _waited(self, step: Step, stopped: asyncio.Event, said: int) -> bool:
        """Whether the step's pause passed without a cancel. Raises BackendTimeout."""
        if not isinstance(step, Wait):
            return True
        if step.seconds == 0:
            await asyncio.sleep(0)
            return not stopped.is_set()
        limit = self.gap_timeout if said else self.first_token_timeout
        seconds = math.inf if step.seconds is None else step.seconds
        try:
            await asyncio.wait_for(stopped.wait(), min(seconds, limit))
        except TimeoutError:
            if seconds > limit:
                raise BackendTimeout from None
            return True
        return False
