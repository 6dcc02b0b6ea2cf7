"""Runs a function in a process of its own and tells what it reached for: programs, files, network.

    seen = watched("tests.security.test_no_code_runs", "open_everything", str(folder))
    seen.result, seen.events

Python's audit hooks see every start of a program, every connection and every class that a pickle
names, whoever asks. The process may use so much memory and processor time, and no more.
"""

import importlib
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 120
STARTS = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
)
REACHES = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "urllib.Request")
UNPICKLES = ("pickle.find_class",)
WATCHED = {*STARTS, *REACHES, *UNPICKLES}


@dataclass(frozen=True)
class Seen:
    """What a function returned, and the watched events as [name, first words of its arguments]."""

    result: Any
    events: list[list[str]]


def watched(module: str, function: str, *given: Any, memory_mb: int = 8192) -> Seen:
    """Run `module.function(*given)`; arguments and result are JSON."""
    asked = json.dumps([module, function, given, memory_mb])
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.watched"],
        input=asked,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=SECONDS * 2,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Seen(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """The process: limits, the hook, then the function."""
    module, function, given, memory_mb = json.loads(sys.stdin.read())
    run = getattr(importlib.import_module(module), function)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    events: list[list[str]] = []

    def note(name: str, arguments: tuple[Any, ...]) -> None:
        if name in WATCHED:
            events.append([name, str(arguments)[:200]])

    sys.addaudithook(note)
    result = run(*given)
    print(json.dumps({"result": result, "events": list(events)}))


if __name__ == "__main__":
    main()
