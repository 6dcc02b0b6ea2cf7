"""How a process names itself, and whether another one of this machine is still there.

Looks only: no process is ever signalled in a way that it notices.
"""

import os
import platform
import sys
from contextlib import suppress
from pathlib import Path

ENDED = frozenset("ZX")
"""States in which Linux keeps the number of a process that has ended."""


def host() -> str:
    """This machine; within it, the space in which its process numbers mean something.

    Two containers of one machine each have a process 1.
    """
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return f"{platform.node()} {space}".strip()[:200]


def is_gone(pid: int) -> bool:
    """Whether no process of this machine has this number; False where that cannot be told."""
    if sys.platform == "win32":  # asking there would end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and somebody else's
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return False
    return bool(state) and state[0] in ENDED
