"""From a verified checkpoint folder to a ready runtime and tokenizer, by transformers.

Local files and safetensors only; program code in a checkpoint is never run. Whatever a foreign
folder does wrong comes out as one typed error with a sentence.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from chatbot.backends.chat_tokens import ChatTokens, named_ends
from chatbot.backends.memory import available_bytes
from chatbot.backends.runtimes.base import Request, Runtime, Sampling
from chatbot.backends.runtimes.torch_runtime import TorchRuntime
from chatbot.errors import BackendError, ModelCorrupt, ModelUnavailable

SINGLE_PRECISION_UP_TO = 400 * 2**20
"""Bytes of fp32 weights below which precision is worth more than the memory it takes."""

_SPARE = 1.15
"""A load needs a little more than the weights."""

_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint ready to be driven. `defaults`: sampling that its authors advise."""

    runtime: Runtime
    tokens: ChatTokens
    context: int
    defaults: dict[str, float]


def load(folder: Path, *, keep_bytes: int) -> Loaded:
    """Open a checkpoint folder whose files were verified. Raises ModelUnavailable, ModelCorrupt."""
    with _in_words(folder):
        model, tokens = _open(folder)
        runtime = TorchRuntime(model, keep_bytes=keep_bytes)
        _warm_up(runtime, tokens)
        text_config = model.config.get_text_config(decoder=True)
        context = getattr(text_config, "max_position_embeddings", None) or 2**31
        return Loaded(runtime, tokens, int(context), _advised(folder))


def load_to_look_inside(folder: Path) -> tuple[PreTrainedModel, ChatTokens]:
    """The bare model, which tells its attention weights, and its tokens. Raises like `load`."""
    with _in_words(folder):
        return _open(folder, attention="eager")


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


def _open(folder: Path, attention: str | None = None) -> tuple[PreTrainedModel, ChatTokens]:
    if not list(folder.glob("*.safetensors")):
        raise ModelUnavailable(f"{folder.name} holds no safetensors file. Convert its weights.")
    config = AutoConfig.from_pretrained(folder, **_SAFE)
    tokenizer = AutoTokenizer.from_pretrained(folder, **_SAFE)
    model = _weights(folder, config, attention or _attention(config))
    generation = model.generation_config
    ends = named_ends(generation.eos_token_id, config.eos_token_id, tokenizer.eos_token_id)
    return model, ChatTokens(tokenizer, ends)


def _weights(folder: Path, config: Any, attention: str) -> PreTrainedModel:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = _dtype(folder, config, device)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        dtype=dtype,
        use_safetensors=True,
        weights_only=True,
        attn_implementation=attention,
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
    try:
        advice = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not advice.get("do_sample"):
        return {}
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    return {name: advice[name] for name in names if isinstance(advice.get(name), (int, float))}


def _too_large(folder: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"{folder.name} needs more memory than is free. Close other programs or choose a smaller "
        "model."
    )
