"""The recipe from data to checkpoint: tokenizer → copying → language → chat → export.

The only module that puts the parts together; each part stays ignorant of the others.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from chatbot.learning.packing import Windows
from chatbot.learning.shuffling import dice
from chatbot.learning.starter import export, mixing, training
from chatbot.learning.starter.plan import Plan, Stage
from chatbot.learning.starter.sources import Document
from chatbot.learning.starter.tokenizer import Encoder, train_tokenizer

TOKENIZER = "tokenizer.json"
PLAN = "plan.json"
CHECKPOINT = "checkpoint"
TRIAL_STEPS = 5
LANGUAGE = "language"  # the stage whose texts the tokenizer is learned from


class RecipeError(Exception):
    """The recipe cannot run; the message says what is missing and what to do."""


def run(
    plan: Plan,
    data: Path,
    out: Path,
    say: training.Say,
    *,
    minutes: float | None = None,
    threads: int = 2,
    compiled: bool = False,
) -> Path:
    """Train the starter into `out` and return the checkpoint's folder.

    Goes on where an earlier run of the same plan stopped. `minutes` shortens the plan by
    a measured speed; `compiled` builds the blocks with torch.compile, which needs a C++
    compiler. Raises RecipeError.
    """
    import torch

    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    try:
        encoder = _tokenizer(plan, data, out, say)
        plan = _settled(plan, data, out, encoder, minutes)
        model = _model(plan, out)
        size = sum(p.numel() for p in model.parameters())
        say(f"model of {size:,} parameters, {plan.steps} steps")
        if compiled:
            model.model.compile()

        def feed(stage: Stage, start: int) -> Iterator[Windows]:
            return mixing.batches(plan, stage, start, data, encoder)

        training.Run(plan, model, out, feed, say).train()
    except FileNotFoundError as error:
        raise RecipeError(
            f"{error.filename} is missing. Point --data at the folder of the public sets, "
            "or leave the set out of the plan."
        ) from error
    folder = out / CHECKPOINT
    export.export(model, out / TOKENIZER, plan.shape.context, folder)
    return folder


def _settled(plan: Plan, data: Path, out: Path, encoder: Encoder, minutes: float | None) -> Plan:
    """Return the plan of the run in `out`; a new run writes its plan down first."""
    path = out / PLAN
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        plan = plan.with_steps({stage["name"]: stage["steps"] for stage in kept["stages"]})
        if json.loads(json.dumps(asdict(plan))) != kept:
            raise RecipeError(f"{out} holds a run of another plan. Choose another --out folder.")
        return plan
    if minutes is not None:
        plan = _shortened(plan, data, out, encoder, minutes)
    path.write_text(json.dumps(asdict(plan), indent=1) + "\n", encoding="utf-8")
    return plan


def _shortened(plan: Plan, data: Path, out: Path, encoder: Encoder, minutes: float) -> Plan:
    """Return the plan with its steps scaled down to about `minutes`, never up."""
    stage = replace(plan.stages[0], steps=TRIAL_STEPS)
    batches = mixing.batches(plan, stage, 0, data, encoder)
    seconds = training.seconds_a_step(_model(plan, out), stage, batches)
    affordable = minutes * 60 / seconds
    share = min(1.0, affordable / plan.steps)
    return plan.with_steps({s.name: max(1, round(s.steps * share)) for s in plan.stages})


def _model(plan: Plan, out: Path) -> Any:
    encoder = Encoder.load(out / TOKENIZER)
    numbers = {"pad": encoder.pad, "bos": encoder.bos, "eos": encoder.end}
    return training.build_model(plan.shape, plan.seed, numbers)


def _tokenizer(plan: Plan, data: Path, out: Path, say: training.Say) -> Encoder:
    path = out / TOKENIZER
    if not path.exists():
        language = next(stage for stage in plan.stages if stage.name == LANGUAGE)
        chosen = mixing.documents(language, data, dice(plan.seed, "tokenizer"))
        texts = _texts(chosen, plan.tokenizer_sample)
        fresh = out / (TOKENIZER + ".new")
        train_tokenizer(texts, plan.shape.vocabulary).save(str(fresh))
        fresh.replace(path)
        size = sum(map(len, texts))
        say(f"tokenizer of {plan.shape.vocabulary} entries from {size:,} characters")
    return Encoder.load(path)


def _texts(documents: list[Document], characters: int) -> list[str]:
    texts: list[str] = []
    size = 0
    for document in documents:
        contents = [document] if isinstance(document, str) else [m["content"] for m in document]
        texts += contents
        size += sum(map(len, contents))
        if size >= characters:
            break
    return texts
