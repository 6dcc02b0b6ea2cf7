"""Preference tuning: which of two answers is better, by trl's DPO trainer (Rafailov 2023).

Ours are the tokens, as in `encoding`, and what is told; the loss, the steps, their checkpoints and
going on after a kill are trl's and transformers'. Needs the extra `preference`.
"""

import importlib.util
import json
import math
import shutil
import warnings
from pathlib import Path
from typing import Any

from chatbot.errors import Refused
from chatbot.learning.finetune import room, training, writing
from chatbot.learning.finetune.encoding import Unfit, split
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.finetune.keeping import FOLDER
from chatbot.learning.finetune.opening import Base, halves_are_faster, open_base
from chatbot.learning.finetune.outcome import Ended, Outcome
from chatbot.learning.finetune.plan import Plan
from chatbot.learning.finetune.rows import TRAIN, VALIDATION, Rows
from chatbot.learning.finetune.running import AT_ONCE, STOP
from chatbot.learning.finetune.stepping import CLIP
from chatbot.learning.shuffling import dice

NEEDED = (
    'Preference tuning needs trl. Install it with pip install "chatbot[preference]", or choose the '
    "method full or lora."
)
Triple = dict[str, list[int]]


def train(plan: Plan, folder: Path) -> Outcome:
    """Train what the plan says. Raises Refused, ModelUnavailable, ModelCorrupt."""
    if importlib.util.find_spec("trl") is None:
        raise Refused(NEEDED)
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    room.refuse_without(folder, room.needed(plan), "this run")
    half = plan.precision == "bf16"
    if plan.precision == "auto":
        half = device.type == "cuda" and halves_are_faster(plan.base, device)
    base = open_base(plan, half=False)
    journal = Journal(folder)
    rows = Rows(folder / TRAIN, pairs=True)
    held = Rows(folder / VALIDATION, pairs=True) if (folder / VALIDATION).exists() else None
    learned, checked = _triples(rows, base, plan), _triples(held, base, plan) if held else []
    bad = [*rows.bad, *(held.bad if held else ())]
    for one in bad[:20]:
        journal.say(f"Left out: {one}.")
    if not learned:
        raise Refused(
            "None of the training rows has a better and a worse answer that can be learned from."
        )
    trainer = _trainer(plan, folder, base, learned, checked, journal, half=half)
    _drop_torn(folder / FOLDER)
    going_on = any((folder / FOLDER).glob("checkpoint-*"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trl's own making
            trainer.train(resume_from_checkpoint=going_on)
    except (OSError, RuntimeError) as error:
        raise Refused(
            f"The run stopped ({type(error).__name__}): the disk may be full or the memory too "
            "small. Make room and resume; it goes on from its last checkpoint."
        ) from error
    return _finish(plan, folder, trainer, journal, len(learned), len(bad))


def _drop_torn(state: Path) -> None:
    """Remove checkpoints that a kill cut off: what the trainer writes last tells which."""
    for checkpoint in state.glob("checkpoint-*"):
        try:
            json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(checkpoint, ignore_errors=True)


def _triples(rows: Rows, base: Base, plan: Plan) -> list[Triple]:
    """Prompt, better and worse answer in tokens; rows that cannot be read are left out."""
    found, unfit = [], {}
    window = min(plan.window, base.context)
    for index in range(len(rows)):
        row, number = rows[index], rows.line(index)
        try:
            # the same draw twice: both answers belong to one prompt
            prompt, chosen = split(row, base.tokens, base.swapping, dice(plan.seed, number))
            _, rejected = split(
                row, base.tokens, base.swapping, dice(plan.seed, number), "rejected"
            )
        except Unfit as error:
            unfit[index] = str(error)
            continue
        size = len(prompt) + max(len(chosen), len(rejected))
        if size > window:
            unfit[index] = f"it has {size:,} tokens with its longer answer, and {window:,} fit"
            continue
        found.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
    rows.leave_out(unfit)
    return found


def _trainer(
    plan: Plan,
    folder: Path,
    base: Base,
    learned: list[Triple],
    checked: list[Triple],
    journal: Journal,
    *,
    half: bool,
) -> Any:
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import DPOTrainer

    class Trainer(DPOTrainer):  # type: ignore[misc]  # trl tells no types
        """DPOTrainer with rows that are tokens already."""

        def _prepare_dataset(self, dataset: Any, *_args: Any, **_options: Any) -> Any:
            return dataset

    trainer = Trainer(
        model=base.model,
        args=_settings(plan, folder, learned, checks=bool(checked), half=half),
        processing_class=_tokenizer(base),
        train_dataset=Dataset.from_list(learned),
        eval_dataset=Dataset.from_list(checked) if checked else None,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_teller(journal, folder, plan))
    return trainer


def _settings(plan: Plan, folder: Path, learned: list[Triple], *, checks: bool, half: bool) -> Any:
    import torch
    from trl import DPOConfig

    sizes = [sum(map(len, triple.values())) for triple in learned]
    at_once = max(1, min(AT_ONCE, plan.batch_tokens) // max(sizes))
    mean = sum(sizes) / len(sizes)
    many = max(1, round(plan.batch_tokens / mean / at_once))
    steps = max(1, round(plan.epochs * len(learned) / (at_once * many)))
    steps = min(steps, plan.steps or steps)
    every = min(plan.check_every, max(1, steps // 4))
    strategy = "steps" if checks else "no"
    return DPOConfig(
        output_dir=str(folder / FOLDER),
        learning_rate=plan.rate,
        max_steps=steps,
        per_device_train_batch_size=at_once,
        per_device_eval_batch_size=at_once,
        gradient_accumulation_steps=many,
        max_grad_norm=CLIP,
        lr_scheduler_type="cosine",
        warmup_steps=round(plan.warm_up * steps),
        eval_strategy=strategy,
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=checks,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=max(1, every // 4),
        seed=plan.seed,
        bf16=half,
        use_cpu=not torch.cuda.is_available(),
        activation_checkpointing=False,
        max_length=None,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def _tokenizer(base: Base) -> Any:
    """The base's tokenizer, which trl wants for its padding token."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        base.folder, local_files_only=True, trust_remote_code=False
    )
    if tokenizer.pad_token is None:
        tokenizer.pad_token_id = base.pad
    return tokenizer


def _looked(history: list[dict[str, Any]]) -> tuple[dict[str, Any], int]:
    """The first best of the checks in a trainer's history, and how many came after it.

    The history is kept with each checkpoint, so that patience outlives a kill.
    """
    checks = [log for log in history if "eval_loss" in log]
    best = min(checks, key=lambda log: float(log["eval_loss"]))
    return best, len(checks) - 1 - checks.index(best)


def _teller(journal: Journal, folder: Path, plan: Plan) -> Any:
    from transformers import TrainerCallback

    class Teller(TrainerCallback):  # type: ignore[misc]  # transformers tells no types
        """Tells the journal what trl's trainer tells, and looks for the wish to stop."""

        def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            journal.tell("begun", step=state.global_step, steps=state.max_steps, mode="padded")

        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any, **_: Any) -> None:
            if "loss" in logs and state.is_world_process_zero:
                loss, rate = round(float(logs["loss"]), 5), logs.get("learning_rate")
                step, steps = state.global_step, state.max_steps
                journal.tell("step", step=step, steps=steps, train_loss=loss, rate=rate)

        def on_evaluate(self, _args: Any, state: Any, control: Any, metrics: Any, **_: Any) -> Any:
            best, without_gain = _looked(state.log_history)
            if state.is_world_process_zero:
                journal.tell(
                    "check",
                    step=state.global_step,
                    validation_loss=round(float(metrics["eval_loss"]), 5),
                    best_step=best["step"],
                    best_loss=round(best["eval_loss"], 5),
                    without_gain=without_gain,
                    patience=plan.patience,
                )
            control.should_training_stop |= without_gain >= plan.patience
            return control

        def on_save(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            journal.tell("kept", step=state.global_step)

        def on_step_end(self, args: Any, _state: Any, control: Any, **_: Any) -> Any:
            if (folder / STOP).exists():
                control.should_training_stop = True
                control.should_evaluate = control.should_save = args.eval_strategy != "no"
            return control

    return Teller()


def _finish(
    plan: Plan, folder: Path, trainer: Any, journal: Journal, rows: int, bad: int
) -> Outcome:
    state = trainer.state
    checks = [log["eval_loss"] for log in state.log_history if "eval_loss" in log]
    best = state.best_global_step or state.global_step
    ended: Ended = "complete" if state.global_step >= state.max_steps else "early"
    if (folder / STOP).exists():
        ended = "stopped"
    outcome = Outcome(
        checkpoint=folder / writing.CHECKPOINT,
        adapter=None,
        ended=ended,
        steps=state.global_step,
        best_step=best,
        loss_before=math.log(2) if checks else None,  # of two equal models
        loss=min(checks) if checks else None,
        rows=rows,
        bad=bad,
        seconds=round(sum(log.get("train_runtime", 0.0) for log in state.log_history), 1),
    )
    if trainer.is_world_process_zero():
        weights = trainer.accelerator.unwrap_model(trainer.model).state_dict()
        named = {writing.PREFIX + name: weight.cpu() for name, weight in weights.items()}
        writing.write(plan, folder, named, {"rows": rows, "steps": best, "seed": plan.seed})
        training.finish(folder, outcome)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
    journal.tell("ended", sentence=str(outcome), ended=ended, step=outcome.steps, best_step=best)
    return outcome
