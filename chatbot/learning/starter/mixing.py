"""Mixes sources into the packed windows of one epoch.

An epoch depends on the plan, the stage and its number alone, so that a run that was
killed meets the same windows in the same order when it goes on.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np

from chatbot.learning.packing import Encoded, Windows, pack
from chatbot.learning.shuffling import dice
from chatbot.learning.starter import recalling, situations
from chatbot.learning.starter.exercises import Exercises, quotations
from chatbot.learning.starter.plan import Plan, Stage
from chatbot.learning.starter.sources import PUBLIC, Chat, Document, sample
from chatbot.learning.starter.tokenizer import Encoder
from chatbot.values import TAG, conceal

QUOTED = ("handbook", "web", "encyclopedia")
QUOTED_LENGTH = 350  # characters of a text that is quoted from


def public_quotations(data: Path, rng: Random) -> Iterator[Document]:
    """Yield exercises in quoting public texts."""
    texts = [text for name in QUOTED for text in PUBLIC[name](data) if isinstance(text, str)]
    rng.shuffle(texts)
    yield from quotations([" ".join(text.split())[:QUOTED_LENGTH] for text in texts], rng)


OWN: dict[str, Callable[[Random], Iterator[Document]]] = {
    "quotations": situations.quotations,
    "passages": situations.passages,
    "conversations": situations.conversations,
    "situations": situations.situations,
    "small_talk": situations.small_talk,
    "sourceless": situations.sourceless,
    "recalls": recalling.recalls,
}
ANSWERED: dict[str, Callable[[Path, Random], Iterator[Document]]] = {
    "unknowns": situations.unknowns,
    "public_quotations": public_quotations,
}
FIGURE = re.compile(r"\d+")


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


def encode(
    document: Document, encoder: Encoder, *, replies_only: bool, window: int
) -> Encoded | None:
    """Return a document's ids, its values as tags; None where a reply knows too much.

    A reply with a value that stands nowhere before it would teach to invent. A chat too
    long for the window loses its oldest turns.
    """
    if isinstance(document, str):
        (text,), _ = conceal([document])
        return encoder.text(text)
    chat = concealed(document)
    if replies_only and invents(chat):
        return None
    ids, learn = encoder.chat(chat, replies_only=replies_only)
    first = 1 if chat[0]["role"] == "system" else 0
    while replies_only and len(ids) > window and len(chat) > first + 2:
        del chat[first]
        ids, learn = encoder.chat(chat, replies_only=replies_only)
    return ids, learn


def concealed(chat: Chat) -> Chat:
    """Return the chat with tags for values, numbered as they are when the model answers it."""
    *before, last = chat
    texts, tags = conceal([message["content"] for message in before])
    hidden = [*texts, tags.hide(last["content"])]
    return [{**m, "content": text} for m, text in zip(chat, hidden, strict=True)]


def invents(chat: Chat) -> bool:
    """Return whether a reply holds a tag or a digit that stands nowhere before it."""
    said = ""
    for message in chat:
        text = message["content"]
        if message["role"] == "assistant":
            if any(tag[0] not in said for tag in TAG.finditer(text)):
                return True
            if any(figure not in said for figure in FIGURE.findall(TAG.sub("", text))):
                return True
        said += text
    return False


def epoch(plan: Plan, stage: Stage, number: int, data: Path, encoder: Encoder) -> Windows:
    """Return the windows of epoch `number` of a stage, in training order."""
    rng = dice(plan.seed, stage.name, number)
    if stage.exercises:
        level = min(1.0, max(0.0, (number - stage.easy) / max(1, stage.easy)))
        return _exercises(stage, stage.batch * stage.exercises, level, rng, encoder)
    encoded = (
        encode(document, encoder, replies_only=stage.replies_only, window=stage.window)
        for document in documents(stage, data, rng)
    )
    fitting = (e for e in encoded if e and (len(e[0]) <= stage.window or not stage.replies_only))
    windows = pack(fitting, stage.window, encoder.pad)
    practised = round(len(windows) * stage.practice / (1 - stage.practice))
    if practised:
        windows = windows.beside(_exercises(stage, practised, 1.0, rng, encoder))
    order = list(range(len(windows)))
    rng.shuffle(order)
    return windows.rows(np.array(order))


def _exercises(stage: Stage, rows: int, level: float, rng: Random, encoder: Encoder) -> Windows:
    """Return so many windows of exercises: half of them at `level`, half below."""
    make = Exercises(encoder, stage.window)
    made = (
        make.window(rng, level if rng.random() < 0.5 else rng.random() * level) for _ in range(rows)
    )
    return pack(made, stage.window, encoder.pad)


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
