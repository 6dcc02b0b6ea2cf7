"""How a benchmark tells its figures: lines to read, a file to keep, JSON for programs."""

import argparse
import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "out"


class Report:
    """Collects figures and prints a line for each; with `--json`, one object at the end instead."""

    def __init__(self, name: str, *, as_json: bool) -> None:
        self.figures: dict[str, Any] = {}
        self._name = name
        self._lines = sys.stderr if as_json else sys.stdout
        self._as_json = as_json
        self.say(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {_load()}")

    def say(self, line: str) -> None:
        """Print a line for a reader."""
        print(line, file=self._lines, flush=True)

    def add(self, name: str, value: float | str, unit: str = "", remark: str = "") -> None:
        """Keep a figure and print it."""
        self.figures[name] = value
        shown = f"{value:,.3g}" if isinstance(value, float) and abs(value) < 100 else value
        shown = f"{shown:,.0f}" if isinstance(shown, float | int) else shown
        self.say(f"{name:<52} {shown:>9} {unit:<5} {remark}".rstrip())

    def bound(self, name: str, value: float, most: float, unit: str = "") -> None:
        """Keep a figure that must not be over `most`, and say whether it is."""
        self.add(name, round(value, 3), unit, f"{'ok' if value <= most else 'OVER'}, most {most:g}")

    def finish(self) -> None:
        """Write bench/out/NAME.json."""
        text = json.dumps(self.figures, indent=1)
        OUT.mkdir(exist_ok=True)
        (OUT / f"{self._name}.json").write_text(text + "\n")
        if self._as_json:
            print(text)


def options(about: str | None) -> argparse.ArgumentParser:
    """A parser with `--json`; `about` is the module's docstring."""
    parser = argparse.ArgumentParser(description=(about or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true", help="print one object and nothing else")
    return parser


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed, such as 0.95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
