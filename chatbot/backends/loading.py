"""From a verified checkpoint folder to a ready runtime and tokenizer.

On a CPU the fast runtime where it knows the architecture (`fast.py`), transformers otherwise. Local
files and safetensors only; program code in a checkpoint is never run. Whatever a foreign
folder does wrong comes out as one typed error with a sentence.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from chatbot.backends.chat_tokens import ChatTokens, named_ends
from chatbot.backends.checkpoint import Manifest
from chatbot.backends.converting import NoFastRuntime, Say, quiet
from chatbot.backends.fast import Fast
from chatbot.backends.memory import available_bytes
from chatbot.backends.runtimes.base import Request, Runtime, Sampling
from chatbot.backends.runtimes.torch_runtime import ALL_THREADS, TorchRuntime
from chatbot.errors import BackendError, ModelCorrupt, ModelUnavailable

SINGLE_PRECISION_UP_TO = 400 * 2**20
"""Bytes of fp32 weights below which precision is worth more than the memory it takes."""

_SPARE = 1.15
"""A load needs a little more than the weights."""

_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint ready to be driven. `defaults`: sampling that its authors advise.

    `faster` makes and opens the fast runtime, where that takes too long to wait for; it raises
    converting.Stopped or NoFastRuntime. `why`: why there is no fast one.
    """

    runtime: Runtime
    tokens: ChatTokens
    context: int
    defaults: dict[str, float]
    faster: Callable[[Say, Event], Runtime] | None = None
    why: str = ""


def load(
    folder: Path,
    manifest: Manifest,
    *,
    keep_bytes: int,
    fast: Fast | None = None,
    say: Say = quiet,
) -> Loaded:
    """Open a checkpoint folder whose files were verified; `say` is told how a conversion goes.

    Raises ModelUnavailable, ModelCorrupt.
    """
    with _in_words(folder):
        config = _config(folder)
        tokens = _tokens(folder, config)
        text_config = config.get_text_config(decoder=True)
        context = int(getattr(text_config, "max_position_embeddings", None) or 2**31)
        way = _FastWay(fast, folder, manifest, config, tokens, context, keep_bytes)
        why = way.why_not()
        runtime, faster = None, None
        if way.wanted and not why:
            try:
                runtime = way.now(say)
                faster = None if runtime else way.later
            except NoFastRuntime as error:
                why = str(error)
        if runtime is None:
            runtime = TorchRuntime(_weights(folder, config), keep_bytes=keep_bytes)
            _warm_up(runtime, tokens)
        return Loaded(runtime, tokens, context, _advised(folder), faster, why)


@dataclass(frozen=True, slots=True)
class _FastWay:
    """The fast runtime of one checkpoint that is being loaded."""

    fast: Fast | None
    folder: Path
    manifest: Manifest
    config: Any
    tokens: ChatTokens
    context: int
    keep_bytes: int

    @property
    def wanted(self) -> bool:
        return self.fast is not None and not torch.cuda.is_available()

    def why_not(self) -> str:
        return self.fast.why_not(self.folder) if self.fast is not None and self.wanted else ""

    def now(self, say: Say) -> Runtime | None:
        """Where the converted form is there, or worth waiting for. Raises NoFastRuntime."""
        fast = self._fast()
        made = fast.find(self.folder, self.manifest)
        if made is None and fast.wait:
            _weights(self.folder, self.config)  # the builder would make missing ones up
            made = fast.make(self.folder, self.manifest, say, Event())
        return self._open(made) if made is not None else None

    def later(self, say: Say, stop: Event) -> Runtime:
        """Beside answers by transformers. Raises NoFastRuntime, Stopped."""
        return self._open(self._fast().make(self.folder, self.manifest, say, stop))

    def _open(self, made: Path) -> Runtime:
        runtime = self._fast().open(
            made, context=self.context, threads=ALL_THREADS, keep_bytes=self.keep_bytes
        )
        try:
            _warm_up(runtime, self.tokens)
        except Exception as error:  # whatever a graph may raise
            raise NoFastRuntime("onnxruntime cannot run its converted form") from error
        return runtime

    def _fast(self) -> Fast:
        if self.fast is None:
            raise NoFastRuntime("it is not wanted")
        return self.fast


def load_to_look_inside(folder: Path) -> tuple[PreTrainedModel, ChatTokens]:
    """The bare model, which tells its attention weights, and its tokens. Raises like `load`."""
    with _in_words(folder):
        config = _config(folder)
        return _weights(folder, config, "eager"), _tokens(folder, config)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Whatever fails inside comes out as an error with a sentence."""
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except BackendError:
        raise
    except SafetensorError as error:
        raise ModelCorrupt(f"{folder.name}: its weights are damaged. Install it again.") from error
    except MemoryError as error:
        raise _too_large(folder) from error
    except Exception as error:  # a foreign checkpoint may fail in any way
        if "memory" in str(error).lower():
            raise _too_large(folder) from error
        raise ModelUnavailable(
            f"{folder.name} cannot be opened ({type(error).__name__}). It may be damaged, or of a "
            "kind that this version does not know."
        ) from error


def _config(folder: Path) -> Any:
    if not list(folder.glob("*.safetensors")):
        raise ModelUnavailable(f"{folder.name} holds no safetensors file. Convert its weights.")
    return AutoConfig.from_pretrained(folder, **_SAFE)


def _tokens(folder: Path, config: Any) -> ChatTokens:
    tokenizer = AutoTokenizer.from_pretrained(folder, **_SAFE)
    named = _generation(folder).get("eos_token_id")
    return ChatTokens(tokenizer, named_ends(named, config.eos_token_id, tokenizer.eos_token_id))


def _weights(folder: Path, config: Any, attention: str | None = None) -> PreTrainedModel:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = _dtype(folder, config, device)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        dtype=dtype,
        use_safetensors=True,
        weights_only=True,
        attn_implementation=attention or _attention(config),
        output_loading_info=True,
        **_SAFE,
    )
    lacking = [*report["missing_keys"], *report["mismatched_keys"]]
    if lacking:
        raise ModelCorrupt(
            f"{folder.name}: {len(lacking)} of its weights are missing. Install it again."
        )
    return model.to(device).eval()


def _attention(config: Any) -> str:
    kind = AutoModelForCausalLM._model_mapping[type(config)]  # noqa: SLF001 (no public way)
    return "sdpa" if kind._supports_sdpa else "eager"  # noqa: SLF001


def _dtype(folder: Path, config: Any, device: str) -> torch.dtype:
    """Half precision on a GPU; on a CPU where the model is large and halves are fast here."""
    stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    stored_as = getattr(config, "dtype", None) or torch.float32
    single = stored * 4 // stored_as.itemsize
    if device == "cuda":
        return torch.bfloat16
    half = single > SINGLE_PRECISION_UP_TO and _halves_are_fast(config)
    available = available_bytes()
    if available is not None and available < single * (0.5 if half else 1.0) * _SPARE:
        raise _too_large(folder)
    return torch.bfloat16 if half else torch.float32


def _halves_are_fast(config: Any) -> bool:
    """Time one matrix of the model's width in both precisions: a few milliseconds."""
    width = int(getattr(config.get_text_config(decoder=True), "hidden_size", 1024))

    def seconds(dtype: torch.dtype) -> float:
        matrix, vector = (
            torch.ones(4 * width, width, dtype=dtype),
            torch.ones(1, width, dtype=dtype),
        )
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            torch.nn.functional.linear(vector, matrix)
            times.append(time.perf_counter() - begun)
        return min(times)

    return seconds(torch.bfloat16) < seconds(torch.float32)


def _warm_up(runtime: Runtime, tokens: ChatTokens) -> None:
    """The first steps of a process are slow; let no person wait for them. Also a first test."""
    request = Request(tokens.encode([{"role": "user", "content": "Hello"}]), Sampling())
    runtime.start(request)
    for _ in range(3):
        for stepped in runtime.step():
            if stepped.error is not None:
                raise stepped.error
    runtime.stop(request)
    runtime.reset()


def _advised(folder: Path) -> dict[str, float]:
    """Sampling parameters in generation_config.json, where the authors mean sampling at all."""
    advice = _generation(folder)
    if not advice.get("do_sample"):
        return {}
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    return {name: advice[name] for name in names if isinstance(advice.get(name), (int, float))}


def _generation(folder: Path) -> dict[str, Any]:
    """generation_config.json; empty where there is none that can be read."""
    try:
        found = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _too_large(folder: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"{folder.name} needs more memory than is free. Close other programs or choose a smaller "
        "model."
    )
