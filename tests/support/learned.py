"""A database in which something was learned already: a dataset, runs, an evaluation.

Rows as the services write them, without the minutes that they would take to come about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from chatbot.learning.evaluate.views import Evaluation, Line, Part
from store import datasets, evaluations, runs
from store.columns import now
from store.engine import Database
from store.models import TrainingRun
from store.runs import Point

DATASET = "corrections-2026-11"
TUNED = "tuned@1"
QUESTION = "What shade fits the Nora?"
SETTINGS = {"rate": 3e-4, "epochs": 4.0, "batch_tokens": 4096, "window": 256, "rank": 8}
SETTINGS |= {"patience": 4, "check_every": 60, "seed": 7, "samples": [QUESTION]}
ROWS = 240
LINE = datasets.Line(
    number=1,
    split="test",
    source="import",
    talk="t",
    message_id=None,
    reply_id=None,
    prompt="support",
    version="",
    label="",
    messages=[{"role": "user", "content": "How long?"}],
    reply="14 days.",
    rejected=None,
)
JUDGED = Evaluation(
    id="e1",
    base="starter@2",
    tuned="tuned@3",
    tuned_sha="abc",
    dataset="corrections",
    dataset_sha="d",
    state="complete",
    said="",
    done=1,
    total=1,
    passed=True,
    actor="Ada",
    created_at=datetime(2026, 11, 3, tzinfo=UTC),
    ended_at=datetime(2026, 11, 3, tzinfo=UTC),
    gate=(Line("own", True, "Own data better.", 7.5),),
)
"""An evaluation that was passed, as promotion sees it."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Public ids. `live` is a run that goes on elsewhere: `hear` tells what its process says."""

    database: Database
    live: str
    failed: str
    evaluation: str

    def hear(self, step: int, loss: float) -> None:
        """The process of the live run has come to a step."""
        with self.database.transaction() as session:
            run = runs.get(session, self.live)
            runs.tell(session, run, {"step": step})
            runs.add_points(session, run.id, [Point(step, loss, None)])


def learn(database: Database, base: str) -> Learned:
    """Write it all. `base`: the label that the model TUNED was made of."""
    with database.transaction() as session:
        _dataset(session)
    complete = _run(database, base, "complete")
    failed = _run(database, base, "failed")
    live = _run(database, base, "running")
    assert complete.model == TUNED
    with database.transaction() as session:
        evaluation = _evaluation(session, base)
    return Learned(database, live.public_id, failed.public_id, evaluation)


def dataset_of(database: Database, splits: Mapping[str, str], name: str = "own") -> int:
    """A dataset with a row of each of these conversations, in these parts; its id."""
    lines = [
        replace(LINE, number=number, talk=talk, split=split)
        for number, (talk, split) in enumerate(splits.items(), 1)
    ]
    with database.transaction() as session:
        made = datasets.begin(session, settings={}, actor="Ada")
        datasets.add(session, made, lines)
        return datasets.finish(session, made, name=name, card={}).id


def _dataset(session: Any) -> None:
    number = datasets.begin(session, settings={}, actor="Ada Lund")
    splits = ("train",) * 8 + ("validation", "test")
    lines = [
        replace(
            LINE,
            number=at,
            split=splits[at % 10],
            source="correction",
            talk=f"talk {at}",
            version="a" * 64,
            label="shades",
            messages=[{"role": "user", "content": f"{QUESTION} It has number {at}."}],
            reply=f"Shade {at} fits.",
            rejected="We sell shades.",
        )
        for at in range(ROWS)
    ]
    datasets.add(session, number, lines)
    prompts = [{"prompt": "support", "version": "a" * 64, "rows": ROWS}]
    card = {"prompts": prompts, "removed": {}, "hidden": {}, "bad": 0, "characters": {}}
    datasets.finish(session, number, name=DATASET, card=card)


def _run(database: Database, base: str, state: str) -> runs.Run:
    """A run of 1,200 steps that came to step 730, or to its end."""
    data = {"splits": {"train": 192, "validation": 24}, "prompts": {"support": ["a" * 64]}}
    with database.transaction() as session:
        run = runs.add(
            session,
            name="tuned",
            taken=(),
            base=base,
            dataset=DATASET,
            method="lora",
            settings=SETTINGS,
            facts={"data": data, "first_loss": 2.5, "last_loss": 1.319},
            actor="Ada Lund",
        )
        run = runs.claim(session, "another machine")
        run = runs.take(session, run.public_id, "another machine", 7)
        points = [Point(step, 2.4 - step / 600, None) for step in range(0, 721, 10)]
        points += [Point(step, None, 2.5 - step / 700) for step in range(0, 721, 60)]
        runs.add_points(session, run.id, points)
        progress = {"step": 730, "steps": 1200, "kept_step": 720, "best_step": 660}
        progress |= {"best_loss": 1.295, "tokens_s": 2540.0, "seconds": 660.0, "left_s": 360.0}
        samples = [{"step": 0, "question": QUESTION, "text": "Please check the bulb."}]
        runs.tell(session, run, progress | {"checks_without_gain": 2, "samples": samples})
        if state == "complete":
            facts = run.facts | {"kept": True}
            runs.end(session, run, "complete", "", {"step": 1200, "facts": facts})
        elif state == "failed":
            runs.end(session, run, "failed", "The disk is full. Make room and resume.", {})
        else:  # nobody gives it up while a test looks at it
            later = {"heard_at": now() + timedelta(days=1)}
            session.execute(update(TrainingRun).where(TrainingRun.id == run.id).values(later))
        return runs.get(session, run.public_id)


def _evaluation(session: Any, base: str) -> str:
    found = evaluations.begin(
        session,
        base=base,
        tuned=TUNED,
        tuned_sha="0" * 64,
        dataset=DATASET,
        dataset_sha="0" * 64,
        settings={},
        actor="Ada Lund",
    )
    replies = [
        evaluations.Reply(
            number=at,
            row_id=None,
            part="own",
            change="worse" if at < 2 else "better",
            gain=-0.5 if at < 2 else 0.5,
            base={"right": at < 2, "faults": [], "similarity": 0.9},
            tuned={"right": at >= 2, "faults": ["a value from nowhere"], "similarity": 0.8},
            question=f"{QUESTION} ({at})",
            expected="40 cm",
            base_text="The shade is linen, 40 cm.",
            tuned_text="The shade is linen, 45 cm.",
        )
        for at in range(5)
    ]
    evaluations.add_replies(session, found.id, replies)
    own = _part("own", "Own data, all 5", "own", 40.0, 60.0)
    report = {
        "parts": [own, _part("general", "General questions", "general", 42.6, 42.3)],
        "gate": [
            {"name": "gain", "passed": True, "said": "Own data: surely better.", "change": 20.0},
            {"name": "injection", "passed": False, "said": "Attacks: worse.", "change": -4.0},
        ],
        "counts": {"own": 5, "general": 120},
        "changes": {"better": 3, "worse": 2, "same": 0},
        "notes": [],
        "seconds": 61.0,
    }
    evaluations.end(session, found.id, "complete", report=report, passed=False)
    return found.public_id


def _part(key: str, title: str, group: str, base: float, tuned: float) -> dict[str, Any]:
    change = tuned - base
    limits = change - 2, change + 2
    return Part(key, title, group, "of 100", base, tuned, change, *limits, True, 5).as_dict()
