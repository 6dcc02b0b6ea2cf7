"""Turns to learn from, all different, for tests of the loop: files, and a tiny model to train."""

import json
from pathlib import Path
from random import Random

WORDS = """lamp bulb table chair kettle rug shelf clock mirror carpet pillow drawer garden fence
window door handle switch socket cable battery charger speaker headset keyboard screen printer paper
ink folder bag wallet coat glove scarf boot ladder hammer nail brush bucket sponge towel blanket
curtain candle vase basket bottle plate fork spoon knife oven stove fridge freezer mixer toaster
grill pan pot lid tray bench stool couch bed mattress frame picture poster book shelf letter stamp
ticket coupon voucher invoice receipt account password branch office counter truck driver street
corner floor ceiling wall roof stair lift gate bridge river forest meadow hill valley island harbour
monday tuesday friday april june winter summer morning evening noon week month year green blue red
yellow purple silver golden small large narrow wide heavy light soft hard warm cold quick slow early
late open closed broken whole missing double single spare second third""".split()


def turns(count: int, seed: int = 0, reply: str | None = None) -> list[dict[str, object]]:
    """So many turns in OpenAI's form; `reply`: the same for all of them."""
    dice = Random(seed)
    made = []
    for _ in range(count):
        asked, said = (" ".join(dice.sample(WORDS, 12)) for _ in range(2))
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
