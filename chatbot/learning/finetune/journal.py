"""events.jsonl: what a run tells while it goes. Written by one process, read by any.

Kinds and what they carry beside `at` (seconds since the epoch):

    begun    step, steps, rows, bad, weights, mode, precision, processes, sharded, resumed
    step     step, train_loss, rate, tokens_s (real tokens), left_s
    check    step, validation_loss, best_step, best_loss, without_gain, patience
    sample   step, question, answer
    kept     step, bytes: from here the run goes on after a kill
    said     sentence
    ended    ended, step, steps, best_step, loss_before, loss, seconds; or ended "failed", sentence

After a kill the steps since the last `kept` are told a second time: the later line counts.
"""

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EVENTS = "events.jsonl"


class Journal:
    """Appends lines to the events of a run. `silent`: for the processes beside the first."""

    def __init__(self, folder: Path, *, silent: bool = False) -> None:
        self._path = folder / EVENTS
        self._silent = silent

    def tell(self, kind: str, **told: Any) -> None:
        """Add an event. A line that the disk does not take is lost, and nothing else."""
        if self._silent:
            return
        known = {name: _figure(value) for name, value in told.items()}
        line = json.dumps({"kind": kind, "at": round(time.time(), 3), **known}, ensure_ascii=False)
        try:
            with self._path.open("ab") as file:
                fresh = file.tell() == 0 or _ends_with_newline(self._path)
                file.write((b"" if fresh else b"\n") + line.encode() + b"\n")
        except OSError:
            return

    def say(self, sentence: str) -> None:
        """Add a sentence for people."""
        self.tell("said", sentence=sentence)


def read(folder: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Events behind byte `start`, and the byte from which to read on. None yet: empty."""
    try:
        with (folder / EVENTS).open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return [], start
    whole = data[: data.rfind(b"\n") + 1]
    return list(_events(whole)), start + len(whole)


def _figure(value: Any) -> Any:
    """What is no number any more is nothing: JSON has no word for it, and databases refuse it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _events(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:  # cut by a kill
            continue
        if isinstance(event, dict):
            yield event


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
