"""Runs commands as a person's shell does: a home of its own, nothing else of this machine.

`run` calls the door in this process, which is quick; `spawn` starts a process, for what only a
process shows: pipes, terminals, signals.
"""

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ui import cli

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
        """Run one command to its end, in this process."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with (
            chdir(self.home.parent),
            pytest.MonkeyPatch.context() as changed,
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            for name in [name for name in os.environ if name.startswith("CHATBOT_")]:
                changed.delenv(name)
            for name, value in self.environment(**environment).items():
                changed.setenv(name, value)
            changed.setattr(sys, "argv", ["chatbot", *arguments])
            changed.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
            try:
                cli.main()
                code = 0
            except SystemExit as left:
                code = int(left.code or 0)
        out.flush()
        err.flush()
        return Done(code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())

    def spawn(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Done:
        """Run one command to its end, in a process of its own."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            cwd=self.home.parent,
            env=self.environment(**environment),
            timeout=120,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
