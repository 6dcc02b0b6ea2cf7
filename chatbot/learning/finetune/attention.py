"""Attention within the documents of a packed row alone: one call for each, none of it masked.

Registered with transformers under `NAME`. A mask over the whole row costs its square; blocks cost
the sum of theirs. Outside of `within` it is what `sdpa` is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

NAME = "chatbot_blocks"
_BLOCKS: ContextVar[Sequence[int] | None] = ContextVar("blocks", default=None)


@contextmanager
def within(lengths: Sequence[int]) -> Iterator[None]:
    """Documents of these lengths make up each row that is computed inside."""
    before = _BLOCKS.set(lengths)
    try:
        yield
    finally:
        _BLOCKS.reset(before)


def register() -> str:
    """Make it known to transformers and return its name."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    def mask(*args: Any, **options: Any) -> Any:
        return None if _BLOCKS.get() is not None else sdpa_mask(*args, **options)

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, mask)
    return NAME


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Any, None]:
    """Shapes: (rows, heads, tokens, size) in, (rows, tokens, heads, size) out."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    lengths = _BLOCKS.get()
    if lengths is None:
        found, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **options
        )
        return found, None
    repeated = query.shape[1] // key.shape[1]
    if repeated > 1:
        key, value = (one.repeat_interleave(repeated, 1) for one in (key, value))
    parts = (one.split(list(lengths), 2) for one in (query, key, value))
    reach = options.get("sliding_window")
    blocks = [_block(q, k, v, dropout, scaling, reach) for q, k, v in zip(*parts, strict=True)]
    found = torch.cat(blocks, 2)
    return found.transpose(1, 2).contiguous(), None


def _block(
    query: Any, key: Any, value: Any, dropout: float, scaling: float | None, reach: int | None
) -> Any:
    import torch

    size = query.shape[2]
    mask = None
    if reach is not None and size > reach:
        ones = torch.ones(size, size, dtype=torch.bool, device=query.device)
        mask = ones.tril() & ones.triu(1 - reach)
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, mask, dropout, is_causal=mask is None, scale=scaling
    )
