"""Our fine-tuning against transformers' Trainer with padding: speed and memory, in the same run.

    python bench/finetune.py [--documents 400] [--rounds 3] [--precision bf16|fp32] [--json]

Both train the shipped starter on the same documents of its own corpus (support prompts with
passages, small talk, look-ups; tokens are made beforehand), about 2,048 tokens a step, AdamW, loss
on the replies alone. Trainer pads each batch to its longest row, as its collator for labelled rows
does; ours packs. Each side is a process of its own, rounds alternate, the median counts. Tokens are
real ones: padding does not count. Results also go to bench/out/finetune.json.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from _report import Report, median, options

from chatbot.backends.registry import STARTER

BATCH_TOKENS = 2048
WINDOW = 1024
RATE = 1e-4
WARM = 2
"""Steps that are not timed."""
WANTED = 1.5


def main() -> None:
    """Measure both sides in children, print, keep."""
    parser = options(__doc__)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--side", choices=("ours", "trainer"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(_side(arguments)))
        return
    report = Report("finetune", as_json=arguments.json)
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "documents.json"
        documents = _documents(arguments.documents)
        file.write_text(json.dumps(documents))
        tokens = [len(ids) for ids, _ in documents]
        report.add("documents", len(tokens))
        report.add(
            "tokens of the longest", max(tokens), "", f"mean {sum(tokens) / len(tokens):.0f}"
        )
        found: dict[str, list[dict[str, float]]] = {"ours": [], "trainer": []}
        for _ in range(arguments.rounds):
            for side, figures in found.items():
                figures.append(_child(side, file, arguments))
    memory = {side: max(one["peak_mb"] for one in figures) for side, figures in found.items()}
    for side, figures in found.items():
        speed = median([one["tokens_s"] for one in figures])
        report.add(f"{side}: real tokens a second", speed)
        report.add(f"{side}: peak memory", memory[side], "MB")
    for name, said in (("tokens_s", "a second"), ("tokens_cpu_s", "a second of CPU time")):
        ratios = [o[name] / t[name] for o, t in zip(*found.values(), strict=True)]
        report.add(f"ours over trainer, tokens {said}", median(ratios), "", f"wanted {WANTED}")
    report.bound("ours over trainer, peak memory", memory["ours"] / memory["trainer"], 1.0)
    report.finish()


def _child(side: str, file: Path, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, "--file", str(file)]
    command += ["--precision", arguments.precision]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _documents(count: int) -> list[Any]:
    from chatbot.learning.finetune.general import talk

    drawn = talk(STARTER, WINDOW, 0)
    assert drawn is not None
    rng, found = Random(0), []
    while len(found) < count:
        document = drawn.document(rng)
        if document is not None:
            found.append(document)
    return found


def _side(arguments: argparse.Namespace) -> dict[str, float]:
    documents = [tuple(one) for one in json.loads(arguments.file.read_text())]
    train = _ours if arguments.side == "ours" else _trainer
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tokens, seconds, busy = train(documents, half=arguments.precision == "bf16")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "tokens_s": tokens / seconds,
        "tokens_cpu_s": tokens / busy,
        "peak_mb": peak,
        "before_mb": before,
    }


def _ours(documents: list[Any], *, half: bool) -> tuple[int, float, float]:
    import torch

    from chatbot.backends.loading import load_to_train
    from chatbot.learning.finetune import choosing, stepping
    from chatbot.learning.finetune.crew import Crew
    from chatbot.learning.finetune.feed import dealt
    from chatbot.learning.finetune.learner import Learner
    from chatbot.learning.finetune.parts import packed

    model, _, _ = load_to_train(STARTER, torch.float32, "")
    mode, bare = choosing.choose(model, documents[:8], 0)
    learner = Learner(model, mode=mode, bare=bare, half=half)
    crew, optimiser = Crew(), stepping.optimiser_for(learner)
    steps = dealt(packed(documents, BATCH_TOKENS, 0), BATCH_TOKENS)
    tokens, begun, busy = 0, 0.0, 0.0
    for number, parts in enumerate(steps):
        if number == WARM:
            tokens, begun, busy = 0, time.perf_counter(), time.process_time()
        stepping.gradients(crew, learner, parts)
        stepping.step(crew, learner, optimiser, RATE)
        tokens += sum(part.real for part in parts)
    return tokens, time.perf_counter() - begun, time.process_time() - busy


def _trainer(documents: list[Any], *, half: bool) -> tuple[int, float, float]:
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments

    from chatbot.backends.loading import load_to_train

    model, _, _ = load_to_train(STARTER, torch.float32, "")
    rows = [
        {"input_ids": ids, "labels": [i if w else -100 for i, w in zip(ids, learn, strict=True)]}
        for ids, learn in documents
    ]
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    size = max(1, round(BATCH_TOKENS / mean))
    clock, counts = _clock(TrainerCallback), list[int]()

    def padded(batch: list[dict[str, Any]]) -> dict[str, Any]:
        counts.append(sum(len(row["input_ids"]) for row in batch))
        return _padded(batch)

    with tempfile.TemporaryDirectory() as home:
        arguments = TrainingArguments(
            output_dir=home,
            num_train_epochs=1,
            per_device_train_batch_size=size,
            learning_rate=RATE,
            bf16=half,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            dataloader_pin_memory=False,
            optim="adamw_torch_fused",
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=rows,
            data_collator=padded,
            callbacks=[clock],
        )
        trainer.train()
    return sum(counts[WARM:]), *clock.seconds()


def _padded(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What DataCollatorForSeq2Seq does, without its tokenizer: to the longest, a multiple of 8."""
    import torch

    size = -(-max(len(row["input_ids"]) for row in rows) // 8) * 8

    def filled(name: str, with_: int) -> Any:
        return torch.tensor([row[name] + [with_] * (size - len(row[name])) for row in rows])

    mask = [[1] * len(r["input_ids"]) + [0] * (size - len(r["input_ids"])) for r in rows]
    return {
        "input_ids": filled("input_ids", 0),
        "labels": filled("labels", -100),
        "attention_mask": torch.tensor(mask),
    }


def _clock(kind: Any) -> Any:
    class Clock(kind):  # type: ignore[misc]
        def __init__(self) -> None:
            self.begun = self.ended = (0.0, 0.0)

        def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            self.ended = time.perf_counter(), time.process_time()
            if state.global_step == WARM:
                self.begun = self.ended

        def seconds(self) -> tuple[float, float]:
            return self.ended[0] - self.begun[0], self.ended[1] - self.begun[1]

    return Clock()


if __name__ == "__main__":
    main()
