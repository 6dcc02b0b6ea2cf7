"""Turns to learn from, all different, for tests of the loop, and how a tiny model learns them."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

SYLLABLES = [
    "ba",
    "ko",
    "li",
    "mu",
    "ne",
    "po",
    "ra",
    "si",
    "tu",
    "ve",
    "wo",
    "za",
    "de",
    "gi",
    "fu",
]

QUICK = {
    "steps": 60,
    "check_every": 60,
    "rate": 0.01,
    "batch_tokens": 1024,
    "precision": "fp32",
    "samples": ["Where is my lamp?"],
}
"""Settings with which a tiny model learns one sentence within seconds."""
GREEDY = {"temperature": 0.0, "max_tokens": 12, "repetition_penalty": 1.0}


def turns(count: int, seed: int = 0, reply: str | None = None) -> list[tuple[str, str]]:
    """So many questions, each with an answer; `reply`: the same for all of them."""
    dice = Random(seed)
    made = []
    for _ in range(count):
        asked, said = (
            " ".join(_word(dice) for _ in range(dice.choice((4, 8, 16, 48)))) for _ in "as"
        )
        answer = f"Thank you. We found {said}, and it is on its way." if reply is None else reply
        made.append((f"Hello, where is {asked}?", answer))
    return made


def write_turns(file: Path, count: int = 240, seed: int = 0, reply: str | None = None) -> Path:
    """The same as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("question", "answer"), *turns(count, seed, reply)])
    return file


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch with one thread: for a tiny model more of them only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _word(dice: Random) -> str:
    return "".join(dice.choices(SYLLABLES, k=3))
