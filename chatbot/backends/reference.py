"""The weights of a checkpoint as transformers opens them: the reference, and the way for a GPU.

Local safetensors only; program code in a checkpoint is never run. In a module of its own because
importing what it needs takes a second that the fast runtime need not wait for.
"""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel

from chatbot.backends.memory import available_bytes, too_large
from chatbot.errors import ModelCorrupt

_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

SINGLE_PRECISION_UP_TO = 400 * 2**20
"""Bytes of fp32 weights below which precision is worth more than the memory it takes."""

TRIES = 5
"""Of which the quickest counts, when precisions are compared."""

_SPARE = 1.15
"""A load needs a little more than the weights."""


def weights(
    folder: Path, config: Any, attention: str | None = None, dtype: torch.dtype | None = None
) -> PreTrainedModel:
    """The model in evaluation mode on its device. `attention`: which code computes it.

    With a `dtype`, for training: in that precision, and on the CPU, where its caller takes it from.
    Raises ModelCorrupt, ModelUnavailable, and whatever transformers raises for a foreign folder.
    """
    device = "cuda" if torch.cuda.is_available() and dtype is None else "cpu"
    dtype = dtype or _dtype(folder, config, device)
    model, report = _class_of(config).from_pretrained(
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


def _class_of(config: Any) -> Any:
    """What opens the weights: T5 and its kin read with one half and write with the other."""
    return AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM


def _attention(config: Any) -> str:
    kind = _class_of(config)._model_mapping[type(config)]  # noqa: SLF001 (no public way)
    return "sdpa" if kind._supports_sdpa else "eager"  # noqa: SLF001


def _dtype(folder: Path, config: Any, device: str) -> torch.dtype:
    """Half precision on a GPU; on a CPU where the model is large and halves are fast here."""
    stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    stored_as = getattr(config, "dtype", None) or torch.float32
    single = stored * 4 // stored_as.itemsize
    if device == "cuda":
        return torch.bfloat16
    half = single > SINGLE_PRECISION_UP_TO and halves_are_fast(_width(config))
    available = available_bytes()
    if available is not None and available < single * (0.5 if half else 1.0) * _SPARE:
        raise too_large(folder.name)
    return torch.bfloat16 if half else torch.float32


def _width(config: Any) -> int:
    return int(getattr(config.get_text_config(decoder=True), "hidden_size", 1024))


def halves_are_fast(width: int, rows: int = 1) -> bool:
    """Whether bf16 is faster than fp32 on this CPU: one matrix of a model's width, times `rows`.

    Takes milliseconds for one row, and a second on a slow machine for those of a step of training.
    """

    def seconds(dtype: torch.dtype) -> float:
        matrix, states = (torch.ones(many, width, dtype=dtype) for many in (4 * width, rows))
        times = []
        for _ in range(TRIES):
            begun = time.perf_counter()
            torch.nn.functional.linear(states, matrix)
            times.append(time.perf_counter() - begun)
        return min(times)

    return seconds(torch.bfloat16) < seconds(torch.float32)
