"""The fast runtime for a checkpoint: whether there is one, and where its converted form is.

`Fast` says how it is wanted in this process. Making the form is the affair of `converting.py`,
computing with it that of `runtimes/onnx_runtime.py`.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Event

from chatbot.backends.checkpoint import Manifest
from chatbot.backends.converting import (
    Conversion,
    Conversions,
    NoFastRuntime,
    Precision,
    Say,
    unsupported,
)
from chatbot.backends.memory import available_bytes
from chatbot.backends.runtimes.base import Runtime

_TO_CONVERT = 4
"""Times the stored weights that a conversion takes, fp32 and the result together."""


@dataclass(frozen=True, slots=True)
class Fast:
    """`wait`: convert before the first answer, where transformers could answer meanwhile."""

    cache: Path
    precision: Precision = "int8"
    wait: bool = False

    def why_not(self, folder: Path) -> str:
        """Why this checkpoint has no fast runtime, in a few words; empty when it has."""
        return unsupported(folder) or ""

    def find(self, folder: Path, manifest: Manifest) -> Path | None:
        """The converted form, verified; None where it must be made first."""
        return Conversions(self.cache).find(Conversion(folder, manifest, self.precision))

    def make(self, folder: Path, manifest: Manifest, say: Say, stop: Event) -> Path:
        """Convert a verified checkpoint. Raises NoFastRuntime, converting.Stopped."""
        stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        available = available_bytes()
        if available is not None and available < stored * _TO_CONVERT:
            raise NoFastRuntime("too little memory is free to convert it")
        wanted = Conversion(folder, manifest, self.precision)
        return Conversions(self.cache).make(wanted, say, stop)

    def open(self, made: Path, *, context: int, threads: int, keep_bytes: int) -> Runtime:
        """The runtime on a converted form. Raises NoFastRuntime."""
        from chatbot.backends.runtimes.onnx_runtime import OnnxRuntime, bytes_needed

        available = available_bytes()
        if available is not None and available < bytes_needed(made):
            raise NoFastRuntime("too little memory is free for its converted form")
        try:
            return OnnxRuntime(
                made, self.precision, context=context, threads=threads, keep_bytes=keep_bytes
            )
        except Exception as error:  # onnxruntime has many kinds, and none of its own here
            raise NoFastRuntime("onnxruntime cannot run its converted form") from error
