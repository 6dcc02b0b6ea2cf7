"""Lays a copying circuit into a fresh model: the first weights of some attention heads.

A copy needs two heads in a row: one that tells each place what stands just before it, and
one that looks for the places whose neighbours match the present ones and brings what stands
there (induction heads: Olsson et al. 2022, arXiv 2209.11895). Training finds the pair by
itself only after tens of millions of tokens; begun with it, a model of this size looks
things up after two (LOG.md). Weights set by hand are only a start: training moves them all.

Knows shapes and weights, no data and no words.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

OFFSETS = (1, 2, 3, 4)
"""How far back the heads of the first layer look, in tokens."""

Group = tuple[tuple[int, ...], tuple[int, ...]]
MATCHING: tuple[tuple[Group, ...], ...] = (
    (((0,), (1,)),),
    (((0,), (1,)),),
    (((0,), (1,)), ((1,), (2,))),
    (((0, 1), (2, 3)),),
    (((1, 2), (2, 3)),),
)
"""What each matching head compares: offsets of the place that asks with offsets of the place
that may answer. ((0,), (1,)) finds what followed the present token before."""

MATCHING_LAYERS = (1, 2)
CONSTANT = 4.0  # size of the one constant entry of every embedding, in their own spread
SHARPNESS = 45.0  # score of the place looked back at, before the softmax's scaling
MATCH = 20.0  # score of a full match, after scaling
ROOM = 3.0  # how loud a neighbour is told, in spreads of the embeddings
BROUGHT = 6.0  # how loud a match's token is brought, in the same unit
FAST, SLOW = 0.02, 0.004  # rotary frequencies (radians a token) for places, and for contents
PROBE = (4, 128)


@dataclass(frozen=True, slots=True)
class _Rooms:
    """Projections (head size × hidden) in which a place keeps itself and its neighbours."""

    at: dict[int, "torch.Tensor"]
    loudness: dict[int, float]


def lay(model: Any, seed: int) -> None:
    """Set the heads of the first three layers of a fresh Llama-style `model`, in place.

    The model needs at least three layers and five heads; a smaller one is left as it is.
    """
    import torch

    config = model.config
    if config.num_hidden_layers <= max(MATCHING_LAYERS):
        return
    if config.num_attention_heads < len(MATCHING):
        return
    dice = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        spread = float(model.model.embed_tokens.weight.std())
        model.model.embed_tokens.weight[:, 0] = CONSTANT * spread
        rooms = _look_back(model, spread, dice)
        for layer in MATCHING_LAYERS:
            for head, groups in enumerate(MATCHING):
                _match(model, layer, head, groups, rooms, spread, dice)


def _look_back(model: Any, spread: float, dice: "torch.Generator") -> _Rooms:
    """Make the first layer's heads write each place's neighbours into rooms of their own."""
    import torch

    attention = model.model.layers[0].self_attn
    size = model.config.head_dim
    frequencies = _frequencies(model.config)
    fast = (frequencies > FAST).nonzero().flatten()
    own = _projection(model, dice)
    at = {0: own}
    strength = math.sqrt(SHARPNESS) / CONSTANT
    for head, offset in enumerate(OFFSETS):
        rows = slice(head * size, (head + 1) * size)
        asks, answers = torch.zeros(size), torch.zeros(size)
        asks[fast] = strength
        # Turned by the offset, so that the rotary embedding aligns the two exactly there.
        answers[fast] = strength * torch.cos(frequencies[fast] * offset)
        answers[fast + size // 2] = strength * torch.sin(frequencies[fast] * offset)
        attention.q_proj.weight[rows] = 0
        attention.k_proj.weight[rows] = 0
        attention.q_proj.weight[rows, 0] = asks
        attention.k_proj.weight[rows, 0] = answers
        attention.v_proj.weight[rows] = own
        at[offset] = _projection(model, dice)
        attention.o_proj.weight[:, rows] = at[offset].T * spread * ROOM
    return _Rooms(at, _loudness(model, at, dice))


def _match(
    model: Any,
    layer: int,
    head: int,
    groups: tuple[Group, ...],
    rooms: _Rooms,
    spread: float,
    dice: "torch.Generator",
) -> None:
    """Make a head compare rooms by content alone, and bring what stands at the match."""
    import torch

    attention = model.model.layers[layer].self_attn
    size = model.config.head_dim
    slow = (_frequencies(model.config) < SLOW).nonzero().flatten()
    share = len(slow) // len(groups)
    asks = torch.zeros(size, model.config.hidden_size)
    answers = torch.zeros_like(asks)
    for number, (asking, answering) in enumerate(groups):
        pairs = slow[number * share : (number + 1) * share]
        places = torch.cat([pairs, pairs + size // 2])
        mix = _orthogonal(len(places), size, dice)
        scale = math.sqrt(MATCH * math.sqrt(size) * size / len(places) / len(groups))
        asks[places] = scale * mix @ sum(rooms.at[o] / rooms.loudness[o] for o in asking)
        answers[places] = scale * mix @ sum(rooms.at[o] / rooms.loudness[o] for o in answering)
    rows = slice(head * size, (head + 1) * size)
    attention.q_proj.weight[rows] = asks
    attention.k_proj.weight[rows] = answers
    brought = _projection(model, dice)
    attention.v_proj.weight[rows] = brought
    attention.o_proj.weight[:, rows] = brought.T * BROUGHT * spread


def _loudness(
    model: Any, at: dict[int, "torch.Tensor"], dice: "torch.Generator"
) -> dict[int, float]:
    """Measure how large each room's content is after the first layer, on random tokens."""
    import torch

    tokens = torch.randint(model.config.vocab_size, PROBE, generator=dice)
    stream = model.model(tokens, output_hidden_states=True, use_cache=False).hidden_states[1]
    stream = stream / stream.pow(2).mean(-1, keepdim=True).sqrt()
    return {o: float((stream @ room.T).pow(2).sum(-1).mean().sqrt()) for o, room in at.items()}


def _frequencies(config: Any) -> "torch.Tensor":
    import torch

    half = config.head_dim // 2
    theta: float = config.rope_parameters["rope_theta"]
    return theta ** (-torch.arange(half) / half)


def _projection(model: Any, dice: "torch.Generator") -> "torch.Tensor":
    """Return orthonormal rows (head size × hidden) that do not see the constant entry."""
    import torch

    rows = _orthogonal(model.config.head_dim, model.config.hidden_size - 1, dice)
    return torch.cat([torch.zeros(len(rows), 1), rows], dim=1)


def _orthogonal(rows: int, columns: int, dice: "torch.Generator") -> "torch.Tensor":
    import torch

    return torch.linalg.qr(torch.randn(columns, rows, generator=dice))[0].T
