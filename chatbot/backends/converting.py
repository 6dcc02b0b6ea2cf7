"""Checkpoints in the form that the fast runtime wants, made once and kept under the home.

A conversion is named by what it was made of: checksums of the checkpoint, precision, versions of
the builder and of our options. It is made by a child process in a temporary folder and counts once
that folder has its final name; a rest of one that was killed is removed by the next. Its files are
verified when it is opened, and made again when they are damaged. Opens no weights itself.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from chatbot.backends import builder
from chatbot.backends.checkpoint import Manifest, sha256

Precision = Literal["int8", "int4", "fp32"]

ARCHITECTURES = frozenset(
    {
        "GemmaForCausalLM",
        "GraniteForCausalLM",
        "LlamaForCausalLM",
        "MistralForCausalLM",
        "Phi3ForCausalLM",
        "Qwen2ForCausalLM",
        "Qwen3ForCausalLM",
        "SmolLM3ForCausalLM",
    }
)
"""Those whose conversion was compared with transformers, token by token (tests)."""

PATIENCE = 1800.0
"""Seconds after which a conversion is given up."""

SEAL = "conversion.json"
"""Written last: checksums of the other files."""

_KEPT = ("model.onnx", "model.onnx.data", "genai_config.json")
_UNFINISHED = ".unfinished-"
_LAYER = re.compile(r"Reading (?:decoder )?layer (\d+)")

Say = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


def quiet(share: float) -> None:
    """Tells nobody."""


class NoFastRuntime(Exception):
    """There is none for this checkpoint here; it says why, in a few words."""


class Stopped(Exception):
    """The conversion was not wanted any more."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to be made of a verified checkpoint folder."""

    source: Path
    manifest: Manifest
    precision: Precision

    @property
    def name(self) -> str:
        """Its folder under the cache."""
        made_of = {
            "files": self.manifest.files,
            "precision": self.precision,
            "builder": importlib.metadata.version("onnxruntime-genai"),
            "options": [builder.OPTIONS, builder.QUANTISED],
        }
        key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
        return f"{self.manifest.name}@{self.manifest.version}-{self.precision}-{key[:16]}"


def unsupported(folder: Path) -> str | None:
    """Why the fast runtime cannot run this checkpoint, in a few words; None when it can."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (architecture,) = config["architectures"]
    except (OSError, ValueError, KeyError, TypeError):
        return "its architecture is not named"
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        return f"onnxruntime does not know {architecture!s:.60}"
    if config.get("quantization_config"):
        return "its weights are packed already"
    if _windowed(config) or _scaled(config):
        return "onnxruntime would compute its long contexts otherwise"
    return None


def _windowed(config: dict[str, Any]) -> bool:
    """Whether its attention looks back less far than its context: the graph differs there."""
    window = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    return bool(window) and window < config.get("max_position_embeddings", 0)


def _scaled(config: dict[str, Any]) -> bool:
    """Whether positions are computed in two ways, for short and for long contexts."""
    original = config.get("original_max_position_embeddings")
    return bool(original) and original != config.get("max_position_embeddings")


class Conversions:
    """The cache folder. Methods may be called from any thread and from several processes."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def find(self, wanted: Conversion) -> Path | None:
        """The verified folder of this conversion; None where there is none, or a damaged one."""
        folder = self._cache / wanted.name
        return folder if folder.is_dir() and _intact(folder) else None

    def make(
        self,
        wanted: Conversion,
        say: Say = quiet,
        stop: threading.Event | None = None,
    ) -> Path:
        """Convert, unless another process just did. Takes seconds to minutes.

        Raises NoFastRuntime when it fails, Stopped soon after `stop` is set.
        """
        stop = stop or threading.Event()
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with _locked(self._cache, stop):
                self._tidy()
                return self.find(wanted) or self._make(wanted, say, stop)
        except OSError as error:
            raise NoFastRuntime(
                f"{self._cache} could not be written: {error.strerror or 'a system error'}"
            ) from error

    def tidy(self) -> None:
        """Remove what conversions that were killed left, unless one is at work just now."""
        with contextlib.suppress(Timeout, OSError):
            if self._cache.is_dir():
                with FileLock(self._cache / ".lock", timeout=0):
                    self._tidy()

    def _tidy(self) -> None:
        for rest in self._cache.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(rest, ignore_errors=True)

    def _make(self, wanted: Conversion, say: Say, stop: threading.Event) -> Path:
        draft = self._cache / f"{_UNFINISHED}{wanted.name}"
        draft.mkdir()
        try:
            _run_builder(wanted, draft, say, stop)
            _seal(draft)
            final = self._cache / wanted.name
            if final.exists():  # a damaged one: `find` did not take it
                shutil.rmtree(final)
            draft.rename(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._remove_older(wanted, final)
        return final

    def _remove_older(self, wanted: Conversion, final: Path) -> None:
        """Conversions of the same model and precision made of other files or by another builder."""
        same = f"{wanted.manifest.name}@{wanted.manifest.version}-{wanted.precision}-"
        for folder in self._cache.iterdir():
            if folder.name.startswith(same) and folder != final:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(cache: Path, stop: threading.Event) -> Iterator[None]:
    """Alone at work in this cache; waits for others. Raises Stopped."""
    lock = FileLock(cache / ".lock", thread_local=False)
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            if stop.is_set():
                raise Stopped from None
    try:
        yield
    finally:
        lock.release()


def _run_builder(wanted: Conversion, draft: Path, say: Say, stop: threading.Event) -> None:
    """The child and what watches it. Raises NoFastRuntime, Stopped."""
    command = [sys.executable, "-m", builder.__name__, str(wanted.source.resolve()), str(draft)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(  # noqa: S603 (our own module, and a folder that was verified)
        [*command, wanted.precision],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | offline,
        text=True,
        errors="replace",
    )
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(child, ended, stop), daemon=True)
    watcher.start()
    try:
        with child:
            _follow(child, _layers(wanted.source), say)
    finally:
        ended.set()
        watcher.join()
    if stop.is_set():
        raise Stopped
    if child.returncode:
        how = "was ended, perhaps for lack of memory" if child.returncode < 0 else "failed"
        raise NoFastRuntime(f"its conversion for onnxruntime {how}")


def _watch(child: "subprocess.Popen[str]", ended: threading.Event, stop: threading.Event) -> None:
    """Kill the child when it is not wanted any more, or takes too long."""
    waited = 0.0
    while not ended.wait(0.1):
        waited += 0.1
        if stop.is_set() or waited > PATIENCE:
            child.kill()
            return


def _follow(child: "subprocess.Popen[str]", layers: int, say: Say) -> None:
    """Read what the builder prints to its end."""
    for line in child.stdout or ():
        found = _LAYER.match(line)
        if found:
            say(min((int(found[1]) + 1) / (layers + 1), 0.99))


def _layers(source: Path) -> int:
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    return int(config.get("num_hidden_layers") or 1)


def _seal(draft: Path) -> None:
    """Keep what the runtime reads, and write down what it is. Raises NoFastRuntime."""
    for path in draft.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _KEPT:
            path.unlink()
    if not (draft / _KEPT[0]).is_file():
        raise NoFastRuntime("its conversion gave no model")
    files = {path.name: sha256(path) for path in draft.iterdir()}
    (draft / SEAL).write_text(json.dumps({"files": files}, indent=1), encoding="utf-8")


def _intact(folder: Path) -> bool:
    """Whether the files are those that were sealed, and no others."""
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
        if {path.name for path in folder.iterdir()} != {*files, SEAL}:
            return False
        return all(sha256(folder / name) == expected for name, expected in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
