"""The training loop: model, optimisers, rates and steps; knows ids, no words.

Matrices inside the blocks learn by Muon, everything else by AdamW (LOG.md says what
that gave). torch is imported inside functions.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from chatbot.learning.packing import Windows
from chatbot.learning.starter import circuit, keeping
from chatbot.learning.starter.plan import Plan, Shape, Stage

if TYPE_CHECKING:
    import torch

Say = Callable[[str], None]
Feed = Callable[[Stage, int], Iterator[Windows]]
CLIP = 1.0
AT_ONCE = 4096  # tokens whose activations are in memory together
WEIGHT_DECAY = 0.05
LEARNED_AT_ONCE = 256  # learned positions, whose count is rounded up to a multiple of this
UNLEARNED = -100  # the target of a position that only fills up


def build_model(shape: Shape, seed: int, ids: dict[str, int]) -> Any:
    """Return a fresh Llama-style model with a copying circuit; `ids`: pad, bos and eos tokens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
        pad_token_id=ids["pad"],
        bos_token_id=ids["bos"],
        eos_token_id=ids["eos"],
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config)
    circuit.lay(model, seed)
    return model


def build_optimisers(model: Any) -> list[Any]:
    """Return Muon for the blocks' matrices and AdamW for embeddings and norms."""
    import torch

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = torch.optim.Muon(
        matrices, lr=0.0, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"
    )
    adamw = torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.95), weight_decay=0.0)
    return [muon, adamw]


def rate(stage: Stage, step: int) -> float:
    """Return the learning rate of a step of a stage."""
    if step < stage.warm_up:
        return stage.first_rate * (step + 1) / stage.warm_up
    along = (step - stage.warm_up) / max(1, stage.steps - stage.warm_up)
    wave = 0.5 * (1 + math.cos(math.pi * min(1.0, along)))
    return stage.last_rate + (stage.first_rate - stage.last_rate) * wave


def loss_of(model: Any, batch: Windows, learned: int) -> "torch.Tensor":
    """Return the loss over the learned positions of a batch, divided by `learned`.

    Logits are computed at these positions alone, which saves most of the output layer.
    """
    import torch
    from torch.nn.functional import cross_entropy, pad

    ids = torch.from_numpy(batch.ids).long()
    segments = torch.from_numpy(batch.segments)
    same = segments[:, :, None] == segments[:, None, :]
    causal = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
    hidden = model.model(
        input_ids=ids,
        position_ids=torch.from_numpy(batch.positions).long(),
        attention_mask=(same & causal)[:, None],
        use_cache=False,
    ).last_hidden_state
    rows, columns = torch.from_numpy(batch.learn)[:, 1:].nonzero(as_tuple=True)
    # Filled up to a round number: oneDNN makes and keeps a program for every count it meets.
    spare = -len(rows) % LEARNED_AT_ONCE
    logits = model.lm_head(hidden[pad(rows, (0, spare)), pad(columns, (0, spare))])
    targets = pad(ids[rows, columns + 1], (0, spare), value=UNLEARNED)
    return cross_entropy(logits.float(), targets, ignore_index=UNLEARNED, reduction="sum") / learned


def take_step(model: Any, optimisers: list[Any], batch: Windows, lr: float) -> float:
    """Learn from one batch, a few rows at a time, and return its mean loss."""
    import torch

    learned = max(1, int(batch.learn[:, 1:].sum()))
    rows = max(1, AT_ONCE // batch.ids.shape[1])
    total = 0.0
    for start in range(0, len(batch), rows):
        part = batch.rows(np.arange(start, min(start + rows, len(batch))))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model, part, learned)
        loss.backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = lr
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return total


def seconds_a_step(model: Any, stage: Stage, batches: Iterator[Windows]) -> float:
    """Return how long a step of `stage` takes here, by trying a few; the model is spent."""
    optimisers = build_optimisers(model)
    took = []
    for _, batch in zip(range(stage.steps), batches, strict=False):
        began = monotonic()
        take_step(model, optimisers, batch, 0.0)
        took.append(monotonic() - began)
    return max(1e-6, min(took))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a plan: its model, its data feed, its folder for state, its voice."""

    plan: Plan
    model: Any
    out: Path
    feed: Feed
    say: Say

    def train(self) -> None:
        """Run the plan's stages, going on from the last kept state when there is one."""
        optimisers = build_optimisers(self.model)
        done = keeping.restore(self.out, self.model, optimisers)
        if done:
            self.say(f"going on after step {done} of {self.plan.steps}")
        before = 0
        self.model.train()
        for stage in self.plan.stages:
            if done < before + stage.steps:
                self._stage(stage, before, max(0, done - before), optimisers)
            before += stage.steps

    def _stage(self, stage: Stage, before: int, start: int, optimisers: list[Any]) -> None:
        losses: list[float] = []
        began = monotonic()
        steps = range(start, stage.steps)
        for step, batch in zip(steps, self.feed(stage, start), strict=False):
            losses.append(take_step(self.model, optimisers, batch, rate(stage, step)))
            if len(losses) == self.plan.report_every:
                self._report(stage, step, losses, monotonic() - began)
                losses, began = [], monotonic()
            finished, last = before + step + 1, step + 1 == stage.steps
            if last:
                keeping.keep_stage(self.out, stage.name, self.model)
            if last or finished % self.plan.save_every == 0:
                keeping.save(self.out, self.model, optimisers, finished)

    def _report(self, stage: Stage, step: int, losses: list[float], seconds: float) -> None:
        speed = len(losses) * stage.tokens_a_step / max(1e-9, seconds)
        mean = sum(losses) / len(losses)
        self.say(
            f"{stage.name} step {step + 1}/{stage.steps} loss {mean:.3f} {speed:,.0f} tokens/s"
        )
