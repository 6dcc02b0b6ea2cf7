"""The process of a run with a training that costs nothing, started by tests.support.forked.

The training tells, keeps, resumes, stops and fills the disk as the real one does; its model is the
base under a new name. `samples` of a run say what befalls it: "breaks"; "never better"; "waits",
half way, until it is stopped or `let_go` is called (not once it was resumed).
"""

import json
import shutil
import time
from pathlib import Path

from chatbot.backends.checkpoint import MANIFEST, read_manifest
from chatbot.bootstrap import build
from chatbot.learning import finetune
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.jobs import process, watching
from chatbot.settings import Settings

STEPS, HALF, WAITS = 40, 20, "waits"
KEPT = 8192
"""Bytes of what is kept at every fifth step."""


def train(folder: Path) -> finetune.Outcome:
    plan = finetune.Plan.read(folder)
    journal, state = Journal(folder), folder / "state"
    state.mkdir(exist_ok=True)
    kept = state / "step.json"
    first = json.loads(kept.read_text())["step"] if kept.exists() else 0
    journal.tell("begun", step=first, steps=STEPS, rows=200, bad=0, resumed=first > 0)
    if first == 0:
        journal.tell("check", step=0, validation_loss=9.0, best_step=0, best_loss=9.0)
    step, ended = first, "complete"
    for step in range(first + 1, STEPS + 1):
        journal.tell("step", step=step, steps=STEPS, train_loss=9.0 - step / 10, tokens_s=100.0)
        if step % 5 == 0:
            (state / "weights").write_bytes(bytes(KEPT * step))
            kept.write_text(json.dumps({"step": step}))
            told = {"validation_loss": 9.0 - step / 10, "best_step": step}
            journal.tell("check", step=step, **told, best_loss=9.0 - step / 10, without_gain=0)
            journal.tell("kept", step=step, bytes=KEPT)
        if step == HALF and "breaks" in plan.samples:
            raise KeyError("what a customer said")
        if step == HALF and "waits" in plan.samples:
            _wait(folder)
        if (folder / "stop").exists():
            ended = "stopped"
            break
    best = 0 if "never better" in plan.samples or step < 5 else step - step % 5
    return _written(plan, folder, ended, step, best)


def let_go(folder: Path) -> None:
    """Let a training that waits go on; a full disk takes this, too."""
    (folder / WAITS).rename(folder / "went on")


def _wait(folder: Path) -> None:
    waits = folder / WAITS
    waits.touch()
    while waits.exists() and not (folder / "stop").exists():
        time.sleep(0.02)


def _written(
    plan: finetune.Plan, folder: Path, ended: str, step: int, best: int
) -> finetune.Outcome:
    made = folder / "checkpoint"
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(plan.base, made)
    named = read_manifest(plan.base).model_copy(
        update={"name": plan.out_name, "version": plan.out_version}
    )
    (made / MANIFEST).write_text(named.model_dump_json())
    return finetune.Outcome(made, None, ended, step, best, 9.0, 9.0 - best / 10, 200, 0, 1.0)


def main(home: str, url: str, model: str, run: str) -> None:
    finetune.train, watching.EVERY = train, 0.1
    product = build(Settings(home=Path(home), database_url=url, model=model))
    try:
        print("ended", process.work(product.runs.parts, run), flush=True)
    finally:
        product.close()
