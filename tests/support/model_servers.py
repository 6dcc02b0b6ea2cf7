"""Real servers of models: each a process of its own, on loopback, with a tiny model in it.

    with started("llama.cpp", folder) as server:
        server.address, server.key, server.model          what a person would fill in
        server.kill()                                     SIGKILL, and its end awaited

Their model never ends an answer by itself: it goes on to the longest length, or until it is
stopped. A server that is not installed skips the test. Knows nothing of how they are connected.
`python -m tests.support.model_servers FILE PORT KEY` is llama.cpp's server, until its input ends.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
TRANSFORMERS = Path(sys.executable).with_name("transformers")
KINDS = ("transformers", "llama.cpp")
KEY = "the-key-of-llama"
CONTEXT = 1 << 18
"""Tokens; half of them are minutes of writing for either server."""
STARTS = 240.0
"""Seconds after which a start is given up."""


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server that answers. `model` is "" where it lists one, `key` "" where it knows none."""

    kind: str
    address: str
    model: str
    key: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it as a machine does that loses its power."""
        self.process.kill()
        self.process.wait()


def endless(folder: Path) -> Path:
    """A checkpoint in `folder` that never says the token which ends an answer."""
    from safetensors.torch import load_file, save_file

    from chatbot.backends.checkpoint import MANIFEST, adopt
    from tests.support import tiny_model

    tiny_model.make(folder, context=CONTEXT)
    weights = folder / "model.safetensors"
    kept = load_file(weights)
    kept["model.embed_tokens.weight"][tiny_model.SPECIAL.index("<|end|>")] = 0.0
    save_file(kept, weights, metadata={"format": "pt"})
    (folder / MANIFEST).unlink()
    adopt(folder, description="Random weights that never end.", context=CONTEXT)
    return folder


def gguf(checkpoint: Path, file: Path) -> Path:
    """The checkpoint as llama.cpp reads it."""
    from chatbot.learning.exporting import write

    return write(checkpoint, file, "gguf").path


@contextmanager
def started(kind: str, checkpoint: Path, folder: Path) -> Iterator[ModelServer]:
    """A server with the checkpoint. `folder` is for its own files, among them what it prints."""
    run = {"transformers": _transformers, "llama.cpp": _llama}[kind]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "printed.txt").open("wb") as printed:
        server = run(checkpoint, folder, printed.fileno())
        try:
            _await(server, folder)
            yield server
        finally:
            server.kill()
            if server.process.stdin:
                server.process.stdin.close()


def skip_without(kind: str) -> None:
    """Skip the test where the server of this kind is not installed."""
    if kind == "llama.cpp" and find_spec("xllamacpp") is None:
        pytest.skip("no llama.cpp server: install xllamacpp, as .[test] does")
    if kind == "transformers" and not TRANSFORMERS.exists():
        pytest.skip(f"no transformers serve: there is no {TRANSFORMERS.name} beside Python")


def _transformers(checkpoint: Path, folder: Path, printed: int) -> ModelServer:
    port = _free_port()
    (folder / "hub").mkdir()  # where there is no cache at all, its list of models fails
    command = [str(TRANSFORMERS), "serve", str(checkpoint), "--device", "cpu"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=printed,
    )
    return ModelServer("transformers", _address(port), str(checkpoint), "", process)


def _llama(checkpoint: Path, folder: Path, printed: int) -> ModelServer:
    port = _free_port()
    file = gguf(checkpoint, folder / "tiny.gguf")
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(file), str(port), KEY],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=printed,
        stderr=printed,
    )
    return ModelServer("llama.cpp", _address(port), "", KEY, process)


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _await(server: ModelServer, folder: Path) -> None:
    """Wait until the server says that it is well. Raises AssertionError with what it printed."""
    health = f"{server.address.removesuffix('/v1')}/health"
    until = time.monotonic() + STARTS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if httpx.get(health, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    printed = (folder / "printed.txt").read_text("utf-8", "replace")
    raise AssertionError(f"{server.kind} did not start:\n{printed[-3000:]}")


def _serve(file: str, port: int, key: str) -> None:
    """llama.cpp's own server: one slot, one thread."""
    import xllamacpp

    with_it = xllamacpp.CommonParams()
    with_it.model.path, with_it.port, with_it.api_keys = file, port, [key]
    with_it.n_ctx, with_it.n_parallel, with_it.cpuparams.n_threads = CONTEXT, 1, 1
    with_it.n_batch = with_it.n_ubatch = 64  # its buffers grow with batch times context
    server = xllamacpp.Server(with_it)
    print(server.listening_address, flush=True)
    sys.stdin.read()  # it lives as long as whoever started it
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
