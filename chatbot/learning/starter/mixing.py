"""Mixes sources into the packed windows of one epoch.

An epoch depends on the plan, the stage and its number alone, so that a run that was
killed meets the same windows in the same order when it goes on.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np

from chatbot.learning.starter import situations
from chatbot.learning.starter.packing import Encoded, Windows, pack
from chatbot.learning.starter.plan import Plan, Stage
from chatbot.learning.starter.sources import PUBLIC, Document, sample
from chatbot.learning.starter.tokenizer import Encoder

OWN: dict[str, Callable[[Random], Iterator[Document]]] = {
    "passages": situations.passages,
    "conversations": situations.conversations,
    "situations": situations.situations,
    "small_talk": situations.small_talk,
    "sourceless": situations.sourceless,
}
ANSWERED: dict[str, Callable[[Path, Random], Iterator[Document]]] = {
    "intents": situations.intents,
    "unknowns": situations.unknowns,
}


def dice(*parts: object) -> Random:
    """Return random numbers that depend on the parts alone."""
    return Random("/".join(map(str, parts)))  # noqa: S311 (shuffling, no secrets)


def documents(stage: Stage, data: Path, rng: Random) -> list[Document]:
    """Return the shuffled documents of one epoch.

    Raises FileNotFoundError when a public set is not under `data`.
    """
    chosen: list[Document] = []
    for name, passes in stage.passes.items():
        if name in PUBLIC:
            chosen += sample(PUBLIC[name](data), passes, rng)
            continue
        for _ in range(int(passes)):
            chosen += _fresh(name, data, rng)
        chosen += sample(_fresh(name, data, rng), passes % 1, rng)
    rng.shuffle(chosen)
    return chosen


def _fresh(name: str, data: Path, rng: Random) -> Iterator[Document]:
    return OWN[name](rng) if name in OWN else ANSWERED[name](data, rng)


def encode(document: Document, encoder: Encoder, *, replies_only: bool, window: int) -> Encoded:
    """Return a document's ids; a chat too long for the window loses its oldest turns."""
    if isinstance(document, str):
        return encoder.text(document)
    chat = list(document)
    ids, learn = encoder.chat(chat, replies_only=replies_only)
    first = 1 if chat[0]["role"] == "system" else 0
    while replies_only and len(ids) > window and len(chat) > first + 2:
        del chat[first]
        ids, learn = encoder.chat(chat, replies_only=replies_only)
    return ids, learn


def epoch(plan: Plan, stage: Stage, number: int, data: Path, encoder: Encoder) -> Windows:
    """Return the windows of epoch `number` of a stage, in training order."""
    rng = dice(plan.seed, stage.name, number)
    encoded = (
        encode(document, encoder, replies_only=stage.replies_only, window=stage.window)
        for document in documents(stage, data, rng)
    )
    if stage.replies_only:
        encoded = (e for e in encoded if len(e[0]) <= stage.window)
    windows = pack(encoded, stage.window, encoder.pad)
    order = list(range(len(windows)))
    rng.shuffle(order)
    return windows.rows(np.array(order))


def batches(
    plan: Plan, stage: Stage, start: int, data: Path, encoder: Encoder
) -> Iterator[Windows]:
    """Yield the batches of a stage from step `start` on, without end."""
    number, step = 0, 0
    while True:
        windows = epoch(plan, stage, number, data, encoder)
        steps = max(1, len(windows) // stage.batch)
        for i in range(steps):
            if step >= start:
                rows = np.arange(i * stage.batch, (i + 1) * stage.batch) % len(windows)
                yield windows.rows(rows)
            step += 1
        number += 1
