"""Runs commands as a person's shell does: a process of its own, a home of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "ui.cli"]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as JSON, which must be all of it."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Shell:
    """A home and its environment, with the scripted model as the default."""

    home: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of this machine but what Python needs."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        ours = {
            "CHATBOT_HOME": str(self.home),
            "CHATBOT_MODEL": "scripted",
            "PYTHONPATH": str(ROOT),
        }
        return kept | ours | more

    def run(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Done:
        """Run one command to its end."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=given,
            capture_output=True,
            cwd=self.home.parent,
            env=self.environment(**environment),
            timeout=120,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
