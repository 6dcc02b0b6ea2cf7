"""What a training tells of itself (finetune/journal.py) → columns of its run. Writes nothing."""

from pathlib import Path
from typing import Any

from chatbot.learning.finetune import journal
from store.runs import Point, Run

POINTS = 1000
"""Training losses that are kept of a run, about."""
SAMPLES = 60
"""Answers to the same questions that are kept of a run, the latest."""


def storable(text: str) -> str:
    """What a model wrote, without what no database keeps: NUL and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Progress:
    """Reads the events of a run's folder from their beginning, however often it was resumed.

    So what an earlier process had no time to tell is told; the later line about a step counts.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._at = 0
        self._facts = dict(run.facts)
        self._samples: dict[tuple[int, str], dict[str, Any]] = {}
        self._every = 1
        self._changes: dict[str, Any] = {}
        self._points: list[Point] = []

    def read(self) -> tuple[dict[str, Any], list[Point]]:
        """Columns and points that changed since the last time."""
        events, self._at = journal.read(self._folder, self._at)
        for event in events:
            self._take(event)
        changes, points = self._changes, self._points
        self._changes, self._points = {}, []
        return changes, points

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"kind": "begun"}:
                self._begun(event)
            case {"kind": "step", "step": int(step)}:
                self._set(event, "step", "tokens_s", "left_s")
                if step % self._every == 0:
                    self._points.append(Point(step, event.get("train_loss"), None))
            case {"kind": "check", "step": int(step)}:
                self._check(step, event)
            case {"kind": "sample", "step": int(step), "question": str(question)}:
                answer = storable(str(event.get("answer", "")))
                self._samples[step, question] = {
                    "step": step,
                    "question": question,
                    "text": answer,
                }
                self._changes["samples"] = list(self._samples.values())[-SAMPLES:]
            case {"kind": "kept", "step": int(step)}:
                self._changes["kept_step"] = step
            case {"kind": "said", "sentence": str(sentence)}:
                self._changes["said"] = storable(sentence)

    def _begun(self, event: dict[str, Any]) -> None:
        self._set(event, "step", "steps")
        self._every = max(1, int(event.get("steps") or 0) // POINTS)
        told = ("rows", "bad", "weights", "mode", "precision", "processes")
        self.fact("training", {name: event[name] for name in told if name in event})

    def _check(self, step: int, event: dict[str, Any]) -> None:
        loss = event.get("validation_loss")
        self._set(event, "best_step", "best_loss")
        self._changes["checks_without_gain"] = int(event.get("without_gain") or 0)
        if step == 0:
            self.fact("first_loss", loss)
        self.fact("last_loss", loss)
        self._points.append(Point(step, None, loss))

    def _set(self, event: dict[str, Any], *names: str) -> None:
        self._changes |= {name: event[name] for name in names if event.get(name) is not None}

    def fact(self, name: str, value: Any) -> None:
        """Tell a fact about the run beside what the events tell."""
        self._facts[name] = value
        self._changes["facts"] = dict(self._facts)
