"""How fast datasets are built: twins found among many turns, and whole builds from a file.

    python bench/dataset.py [--turns 200000] [--rows 2000]

`twins`: made-up turns of 25 and 90 words, of which each fifth repeats an earlier one with a word
changed; all are compared by chatbot.learning.dataset.alike. `build`: a file of questions, contexts
and answers with personal values through `Datasets.build` into a new SQLite database, and the same
again. Times are of the processor, in seconds. Results also go to bench/out/dataset.json.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from chatbot.bootstrap import build
from chatbot.learning.dataset.alike import Alike
from chatbot.learning.starter.slots import Values
from chatbot.settings import Settings

OUT = Path(__file__).parent / "out"
WORDS = [f"word{number}" for number in range(3000)]
SENTENCES = (
    "Your order {{order_number:o}} left us on {{date:d}}.",
    "Write to {{email:e}} or call {{phone:p}}.",
    "Dear {{full_name:n}}, we send it to {{address:a}}.",
    "It costs {{amount:m}} and comes within {{days:t}} days.",
)


def main() -> int:
    """Measure, print, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=200_000)
    options.add_argument("--rows", type=int, default=2_000)
    given = options.parse_args()
    found = {"twins": twins(given.turns), "build": whole(given.rows)}
    OUT.mkdir(exist_ok=True)
    (OUT / "dataset.json").write_text(json.dumps(found, indent=1), "utf-8")
    return 0


def twins(count: int) -> dict[str, Any]:
    """Compare so many turns."""
    alike, dropped = Alike(), 0
    turns, began = list(_turns(count)), time.process_time()
    for number, (question, reply) in enumerate(turns):
        dropped += alike.add(number, question, reply) is not None
    seconds = time.process_time() - began
    print(f"{count:,} turns compared in {seconds:.1f} s, {dropped:,} of {count // 5:,} were twins")
    return {"turns": count, "seconds": round(seconds, 2), "dropped": dropped}


def whole(count: int) -> dict[str, Any]:
    """Build a dataset of so many lines, twice."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.jsonl"
        path.write_text("\n".join(_lines(count)), "utf-8")
        product = build(Settings(home=Path(folder) / "home", model="scripted", encoder="none"))
        try:
            began = time.process_time()
            one = product.datasets.build(product.person(), "one", sources=(), files=[path])
            seconds = time.process_time() - began
            two = product.datasets.build(product.person(), "two", sources=(), files=[path])
        finally:
            product.close()
    assert one.dataset
    assert two.dataset
    same = one.dataset.sha == two.dataset.sha
    print(
        f"{count:,} lines built in {seconds:.1f} s, {seconds / count * 1000:.1f} ms each; "
        f"{one.dataset.rows:,} rows; the same again is {'the same' if same else 'NOT the same'}"
    )
    return {"lines": count, "seconds": round(seconds, 2), "rows": one.dataset.rows, "same": same}


def _turns(count: int) -> Iterator[tuple[str, str]]:
    rng, kept = Random(0), list[tuple[str, str]]()
    for number in range(count):
        if number % 5 or not kept:
            turn = " ".join(rng.choices(WORDS, k=25)), " ".join(rng.choices(WORDS, k=90))
            kept.append(turn)
        else:
            question, reply = rng.choice(kept)
            words = reply.split()
            words[rng.randrange(len(words))] = "changed"
            turn = question, " ".join(words)
        yield turn


def _lines(count: int) -> Iterator[str]:
    rng = Random(1)
    for _ in range(count):
        fill = Values(rng).fill
        said = " ".join(rng.choices(WORDS, k=12))
        yield json.dumps(
            {
                "question": fill(f"{said}? My order is {{{{order_number:o}}}}."),
                "context": fill(" ".join(SENTENCES * 3)),
                "answer": fill(f"{said}. {' '.join(rng.sample(SENTENCES, 2))}"),
            }
        )


if __name__ == "__main__":
    raise SystemExit(main())
