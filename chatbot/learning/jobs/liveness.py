"""Whether the process of a run is still there. Reads and locks files; signals no process, ever.

On the machine that trains, a lock on a file in the run's folder tells exactly: the system lets go
of it when its holder dies, however it dies. From elsewhere only silence tells.
"""

import platform
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from chatbot.errors import Conflict
from store.columns import now
from store.runs import Run

LOCK = "process.lock"
SILENCE = timedelta(seconds=90)
"""After so long without a word a process that cannot be looked at is gone. It speaks every second,
and needs some seconds to load its libraries before the first word."""
LOOKED = 5.0
"""Seconds to wait for somebody who only looks whether the lock is held."""


def host() -> str:
    """How this machine names itself in a run's row."""
    return platform.node()[:200]


def hold(folder: Path) -> FileLock:
    """Hold the lock of a run's folder until the process ends. Raises Conflict."""
    lock = FileLock(folder / LOCK, timeout=LOOKED)
    try:
        lock.acquire()
    except Timeout:
        raise Conflict("Another process trains this run already.") from None
    return lock


def is_held(folder: Path) -> bool:
    """Whether a process of this machine has the run."""
    lock = FileLock(folder / LOCK, timeout=0)
    with suppress(Timeout), lock:
        return False
    return True


def is_gone(run: Run, folder: Path, moment: datetime | None = None) -> bool:
    """Whether the process of a run that goes is there no more."""
    here = run.host == host() and run.process is not None and (folder / LOCK).is_file()
    if here:
        return not is_held(folder)
    return run.heard_at is None or (moment or now()) - run.heard_at > SILENCE
