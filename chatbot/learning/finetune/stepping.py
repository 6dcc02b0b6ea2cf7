"""One step over its parts: losses, gradients, the move. The same in one process and in several.

Knows parts and tensors; neither rows nor how far a run is.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from chatbot.learning.finetune.crew import Crew
from chatbot.learning.finetune.parts import Part

CLIP = 1.0
BETAS = (0.9, 0.95)
WEIGHT_DECAY = 0.01


def optimiser_for(learner: nn.Module) -> torch.optim.Optimizer:
    """AdamW over what is to be learned."""
    learned = [weight for weight in learner.parameters() if weight.requires_grad]
    return torch.optim.AdamW(learned, lr=0.0, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)


def gradients(crew: Crew, learner: nn.Module, parts: Sequence[Part]) -> float:
    """Backward passes over this process's parts, one at a time; return the sum of their losses."""
    wanted = learned(parts)
    own = _own(crew, parts)
    total = 0.0
    for number, part in enumerate(own, 1):
        with crew.backward(learner, last=number == len(own)):
            loss = learner(part)
            (loss * (crew.size / wanted)).backward()
        total += float(loss.detach())
    return total


def step(crew: Crew, learner: nn.Module, optimiser: Any, rate: float) -> None:
    """Move the weights along the gradients, which are gone afterwards."""
    crew.clip(learner, CLIP)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def measured(crew: Crew, learner: nn.Module, parts: Sequence[Part]) -> float:
    """The mean loss over the learned positions, in nats; nothing is learned."""
    total = 0.0
    with torch.no_grad():
        for part in _own(crew, parts):
            total += float(learner(part))
    (total,) = crew.sums(total)
    return total / learned(parts)


def learned(parts: Sequence[Part]) -> int:
    """Positions whose loss counts, and 1 where there are none."""
    return max(1, sum(part.learned for part in parts))


def _own(crew: Crew, parts: Sequence[Part]) -> list[Part]:
    """This process's share, filled up so that all processes have as many."""
    own = list(parts[crew.rank :: crew.size])
    while len(own) < -(-len(parts) // crew.size):
        own.append(parts[0].blank())
    return own
