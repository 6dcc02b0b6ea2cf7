"""What a start costs: the first page, the model behind it, memory, and the size of an install.

    python bench/start.py [--rounds 5] [--json]

Each round starts `chatbot serve` on a new home, then again on the same home, and imports Gradio
alone in between; medians, and the ratio of the first page to that import, are what counts. The
same in seconds of the processor stays true on a machine that does other things too.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _report import Report, median, options
from _served import MIB, Server, served
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MOST = 1.5
"""How many times `import gradio` a first page may take."""
PATIENCE = 120.0
"""Seconds to wait for the model."""


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    report = Report("start", as_json=arguments.json)
    _starts(report, arguments.rounds)
    _memory(report)
    _size(report)
    report.finish()


def _starts(report: Report, rounds: int) -> None:
    alone, first, again = _Series(), _Series(), _Series()
    ready = []
    _import_gradio()  # not counted: it fills the file cache
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            alone.add(*_import_gradio())
            with served(Path(home), "scripted") as server:
                first.add(*_first_page(server))
            alone.add(*_import_gradio())
            with served(Path(home), "starter") as server:
                again.add(*_first_page(server))
                ready.append(_model_ready(server))
    report.add("import gradio alone", round(median(alone.passed), 2), "s")
    report.add("first page, new home", round(median(first.passed), 2), "s")
    report.add("first page, next start", round(median(again.passed), 2), "s")
    report.add("model ready, next start", round(median(ready), 2), "s")
    for name, series in (("new home", first), ("next start", again)):
        passed = median(series.passed) / median(alone.passed)
        worked = median(series.worked) / median(alone.worked)
        report.bound(f"first page, {name} / import gradio", passed, MOST)
        report.add(f"the same, processor time, {name}", round(worked, 2))


class _Series:
    """Seconds that passed, and seconds of the processor, of each repeat."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        self.worked: list[float] = []

    def add(self, passed: float, worked: float) -> None:
        self.passed.append(passed)
        self.worked.append(worked)


def _import_gradio() -> tuple[float, float]:
    """Seconds passed and worked."""
    before = os.times()
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True)
    passed, after = time.perf_counter() - begun, os.times()
    worked = after.children_user - before.children_user
    return passed, worked + after.children_system - before.children_system


def _first_page(server: Server) -> tuple[float, float]:
    assert b"<html" in server.get("/")
    return server.age(), server.worked()


def _model_ready(server: Server) -> float:
    while server.age() < PATIENCE:
        state = json.loads(server.get("/readyz"))["model"]
        if state == "ready":
            return server.age()
        assert state in ("idle", "loading"), state
        time.sleep(0.05)
    raise TimeoutError("the model was not ready in time")


def _memory(report: Report) -> None:
    """Resident memory: of Gradio alone, of a server without a model, and with the starter."""
    code = "import gradio, psutil; print(psutil.Process().memory_info().rss)"
    alone = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    report.add("memory, import gradio alone", round(int(alone.stdout) / MIB), "MiB")
    with tempfile.TemporaryDirectory() as home:
        for model, name in (("scripted", "memory, served"), ("starter", "memory, model loaded")):
            with served(Path(home), model) as server:
                server.get("/")
                _model_ready(server)
                time.sleep(1)
                report.add(name, round(server.memory()), "MiB")


def _size(report: Report) -> None:
    """Bytes on disk of what `pip install .` brings, and of all that stands in this environment."""
    needed = _closure("chatbot", set())
    sizes = {name: _bytes(name) for name in needed}
    total = sum(_bytes(one.metadata["Name"]) for one in importlib.metadata.distributions())
    report.add("install, MiB", round(sum(sizes.values()) / MIB), "MiB", f"{len(needed)} packages")
    for name in sorted(sizes, key=lambda one: sizes[one], reverse=True)[:8]:
        report.add(f"  {name}", round(sizes[name] / MIB), "MiB")
    report.add("this environment, with test tools", round(total / MIB), "MiB")


def _closure(name: str, found: set[str]) -> set[str]:
    """The distributions that one needs, itself included."""
    found.add(name)
    for line in importlib.metadata.requires(name) or []:
        needed = Requirement(line)
        wanted = needed.marker is None or any(
            needed.marker.evaluate({"extra": extra}) for extra in ("", *_EXTRAS.get(name, ()))
        )
        other = canonicalize_name(needed.name)
        if wanted:
            _EXTRAS.setdefault(other, set()).update(needed.extras)
            if other not in found:
                _closure(other, found)
    return found


_EXTRAS: dict[str, set[str]] = {}
"""Extras that some distribution asks of another."""


def _bytes(name: str) -> int:
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return 0
    paths = (Path(str(file.locate())) for file in files)
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    main()
