"""How much memory a model may still take, and how it is said that one takes more.

Linux promises memory that it does not have and kills the process later, so a load that cannot fit
has to be refused before it begins.
"""

import os
from pathlib import Path

from chatbot.errors import ModelUnavailable

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def too_large(name: str) -> ModelUnavailable:
    """The error for a model that does not fit."""
    return ModelUnavailable(
        f"{name} needs more memory than is free. Close other programs or choose a smaller model."
    )


def available_bytes() -> int | None:
    """Bytes that can be taken without swapping, a container's limit respected; None: unknown."""
    known = [size for size in (_of_machine(), _of_container()) if size is not None]
    return min(known) if known else None


def _of_machine() -> int | None:
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    names = getattr(os, "sysconf_names", {})
    if "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_container() -> int | None:
    try:
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = (_CGROUP / "memory.current").read_text(encoding="ascii")
        return None if limit == "max" else max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return None
