"""What a sandbox and its workers say to each other: a length, then JSON. Never code, never pickle.

Knows how prompts, errors, problems and spans look as plain JSON, and nothing of processes.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prompts.errors import PromptError
from prompts.format import Prompt

LENGTH = struct.Struct("!I")
"""Before every message: its bytes."""
COMMAND = struct.Struct("!cI")
"""To the fork server: `F` and how nice a new worker is to be, or `K` and the one to kill."""
PID = struct.Struct("!I")
"""From the fork server: its own number when it is ready, then that of each new worker."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take: seconds by the clock and of the CPU, MiB beside what a worker has
    at its start, thousands (1,024) of characters that templates make."""

    wall_s: float = 0.25
    cpu_s: float = 1.0
    memory_mb: int = 256
    output_kb: int = 256

    def too_slow(self, line: int | None = None, partial: str | None = None) -> PromptError:
        """What a person reads whose template took too long."""
        return PromptError(
            f"Stopped after {self.wall_s * 1000:.0f} ms.", line, hint=SHORTEN, partial=partial
        )

    def too_large(self) -> PromptError:
        """What a person reads whose template took too much memory."""
        return PromptError(f"This takes more than {self.memory_mb} MiB of memory.", hint=SHORTEN)

    def too_long(self) -> PromptError:
        """What a person reads whose template made too much text."""
        most = self.output_kb * 1024
        return PromptError(f"The messages have more than {most:,} characters.", hint=SHORTEN)


SHORTEN = "Shorten the loops or the values."


def packed(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over a pipe. Escaped, so that half a surrogate pair passes too."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return LENGTH.pack(len(body)) + body


def closure(prompt: Prompt) -> dict[str, Any]:
    """All that a worker needs to read the same prompt again."""
    examples = [asdict(example) for example in prompt.examples]
    return {
        "source": prompt.source,
        "partials": dict(prompt.partials),
        "examples": examples or None,
        "unfinished": bool(prompt.undeclared),
    }


def of_error(error: PromptError) -> dict[str, Any]:
    """An error as JSON."""
    return {
        "message": error.message,
        "line": error.line,
        "column": error.column,
        "hint": error.hint,
        "partial": error.partial,
        "input_name": error.input_name,
    }


def to_error(fields: Mapping[str, Any]) -> PromptError:
    """The error that `of_error` wrote."""
    return PromptError(
        fields["message"],
        fields["line"],
        fields["column"],
        fields["hint"],
        partial=fields["partial"],
        input_name=fields["input_name"],
    )


Examples = Sequence[Mapping[str, str]]
"""A prompt's examples as they are stored."""
