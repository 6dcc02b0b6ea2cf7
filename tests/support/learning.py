"""Turns to learn from, all different, for tests of the loop: files, and a tiny model to train."""

import json
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


def turns(count: int, seed: int = 0, reply: str | None = None) -> list[dict[str, object]]:
    """So many turns in OpenAI's form; `reply`: the same for all of them."""
    dice = Random(seed)
    made = []
    for _ in range(count):
        asked, said = (" ".join(_word(dice) for _ in range(8)) for _ in range(2))
        answer = f"Thank you. We found {said}, and it is on its way." if reply is None else reply
        question = f"Hello, where is {asked}?"
        roles = (("user", question), ("assistant", answer))
        made.append({"messages": [{"role": role, "content": text} for role, text in roles]})
    return made


def write_turns(file: Path, count: int = 240, seed: int = 0, reply: str | None = None) -> Path:
    """The same as a JSON Lines file."""
    lines = [json.dumps(turn) + "\n" for turn in turns(count, seed, reply)]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _word(dice: Random) -> str:
    return "".join(dice.choices(SYLLABLES, k=3))
