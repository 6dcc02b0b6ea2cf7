"""A run's folder with a tiny base and a few rows: `run_folder(home)` and it can be trained."""

import json
from pathlib import Path

from chatbot.learning.finetune import Plan
from chatbot.learning.finetune.journal import read
from tests.support import tiny_model

ENDINGS = ("", " Please send us the number on the invoice.", " It should arrive in three days.")


def row(number, **more):
    return {
        "messages": [
            {"role": "system", "content": "Be kind and brief."},
            {"role": "user", "content": f"Where is parcel {'abcdefg'[number % 7]}?"},
        ],
        "reply": "We are sorry that the parcel is late." + ENDINGS[number % 3],
        "rejected": None,
        "label": "parcel",
        "number": number,
        "talk": str(number),
    } | more


def write_rows(path, rows):
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")


def run_folder(home, *, name="run", base=None, train=36, held=9, rows=None, **settings):
    """The folder of a run over `base` (a tiny one made beside it when None)."""
    if base is None:
        base = home / "base@1"
        if not base.exists():
            tiny_model.make(base, context=256)
    folder = home / name
    folder.mkdir()
    write_rows(folder / "train.jsonl", rows or [row(n) for n in range(train)])
    if held:
        write_rows(folder / "validation.jsonl", [row(n) for n in range(held)])
    chosen = {
        "epochs": 3.0,
        "rate": 3e-3,
        "batch_tokens": 512,
        "window": 128,
        "check_every": 3,
        "precision": "fp32",
        "keep_general": 0.0,
    }
    Plan(base=Path(base), **chosen | settings).write(folder)
    return folder


def losses(folder, kind="step", name="train_loss"):
    """What was told at each step; a step told twice counts once, the later one."""
    events, _ = read(folder)
    return {event["step"]: event[name] for event in events if event["kind"] == kind}


def said(folder):
    events, _ = read(folder)
    return [event["sentence"] for event in events if event["kind"] == "said"]
