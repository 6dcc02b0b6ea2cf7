"""Which way of feeding rows gives the logits that each row has alone: tried, not looked up.

Packing without a mask, then with one, then padding. A model that looks across documents (state
spaces, odd position codes) shows it here, on the first rows, before anything is learned.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch

from chatbot.learning.finetune import attention
from chatbot.learning.finetune.learner import Learner, Mode
from chatbot.learning.finetune.parts import packed, padded
from chatbot.learning.packing import Encoded

TRIED = 3
"""Rows that are compared."""
NEAR = 0.02
"""Largest difference of a logit that counts as none, in standard deviations of the logits."""
NEAR_IN_HALF = 0.15
"""The same for weights in bf16, which has 8 bits of mantissa."""

SAID: dict[Mode, str] = {
    "packed": "",
    "masked": "Rows are packed with a mask, because this model needs one; that is a little slower.",
    "padded": (
        "Rows are padded and grouped by length instead of packed, because this model gives other "
        "logits when rows share a window; that is slower."
    ),
    "pairs": "Rows are padded and grouped by length: this model reads and writes apart.",
}


def choose(model: Any, documents: Sequence[Encoded], pad: int) -> tuple[Mode, bool]:
    """The mode, and whether trunk and output layer alone give the model's logits (`bare`).

    Leaves the model with the attention that goes with the mode.
    """
    inner = model.get_base_model() if hasattr(model, "peft_config") else model
    if inner.config.is_encoder_decoder:
        return "pairs", False
    tried = sorted(documents, key=lambda one: len(one[0]))[:TRIED][::-1]
    usual = inner.config._attn_implementation  # noqa: SLF001 (no public way)
    alone = _alone(model, tried, pad)
    for mode in ("packed", "masked"):
        for bare in (True, False):
            if _same(model, mode, usual, tried, pad, alone, bare=bare):
                return mode, bare
    inner.set_attn_implementation(usual)
    bare = _same(model, "padded", usual, tried, pad, alone, bare=True)
    return "padded", bare


def _alone(model: Any, documents: Sequence[Encoded], pad: int) -> torch.Tensor:
    """The logits of each row by itself, in the order of `documents`."""
    learner = Learner(model, mode="padded", bare=False, half=False)
    with torch.no_grad():
        found = [learner.logits(part) for one in documents for part in padded([one], 1, pad)]
    return torch.cat(found)


def _same(
    model: Any,
    mode: Mode,
    usual: str,
    documents: Sequence[Encoded],
    pad: int,
    alone: torch.Tensor,
    *,
    bare: bool,
) -> bool:
    learner = Learner(model, mode=mode, bare=bare, half=False)
    ready = contextlib.suppress(Exception)  # a foreign model may refuse in any way
    with ready, torch.no_grad():
        learner.inner.set_attn_implementation(attention.register() if mode == "packed" else usual)
        found = learner.logits(_together(documents, mode, pad))
        half = learner.inner.dtype != torch.float32
        near = (NEAR_IN_HALF if half else NEAR) * float(alone.std())
        return found.shape == alone.shape and float((found - alone).abs().max()) <= near
    return False


def _together(documents: Sequence[Encoded], mode: Mode, pad: int) -> Any:
    if mode == "padded":
        (part,) = padded(documents, 2**30, pad)
        return part
    window = sum(len(ids) for ids, _ in documents) + 1
    (part,) = packed(documents, window, pad)
    return part
