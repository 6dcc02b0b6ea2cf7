"""What the machine brings: Python and a GPU, as findings of the doctor.

Looks without torch and without a model, which take seconds to load. Changes nothing.
"""

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` says what to do, and is empty when there is nothing to do."""

    check: str
    level: Level
    found: str
    advice: str = ""


def python() -> Iterable[Finding]:
    """Which Python runs, and which Chatbot."""
    yield Finding("python", "ok", f"Python {platform.python_version()} ({sys.executable})")
    yield Finding("chatbot", "ok", f"Chatbot {importlib.metadata.version('chatbot')}")


def gpu() -> Iterable[Finding]:
    """Whether there is a GPU, and a torch that can use it."""
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "torch", "bad", "torch is not installed.", "Install: pip install -c constraints.txt ."
        )
        return
    cards = _nvidia_cards()
    if cards and torch.endswith("+cpu"):
        yield Finding(
            "gpu",
            "warn",
            f"{', '.join(cards)}, but torch {torch} is a build for the CPU alone.",
            "Install torch for CUDA to use the card; the shipped model does not need it.",
        )
    elif cards:
        yield Finding("gpu", "ok", f"{', '.join(cards)}; torch {torch}")
    elif cards is None:
        yield Finding("gpu", "warn", "An NVIDIA driver is there, but nvidia-smi does not answer.")
    else:
        yield Finding("gpu", "ok", f"{_other_gpu()}; torch {torch}")


def _nvidia_cards() -> list[str] | None:
    """Names of the cards; empty without a driver, None when the driver does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None if Path("/proc/driver/nvidia/version").exists() else []
    asked = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603  a fixed command
    except (OSError, subprocess.SubprocessError):
        return None
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def _other_gpu() -> str:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "Apple silicon; whether torch uses it is not known without loading torch"
    if Path("/dev/kfd").exists():
        return "An AMD device; whether torch uses it is not known without loading torch"
    return "No GPU seen: models of this machine run on the CPU"
