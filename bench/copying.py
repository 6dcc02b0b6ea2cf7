"""How well a model of the starter's kind looks things up: on words that were never a key.

    python bench/copying.py [FOLDER] [--windows 60] [--json]

Each window states two, four or eight values of one type ("The x is ⟨tag⟩." …), asks for each of
them in another order, and counts how often the likeliest of the tags that stand there is the right
one. Chance is 1/2, 1/4, 1/8. FOLDER is a checkpoint with the starter's tags; by default the one
that ships. Greedy, fp32, one process; the same windows every time.
"""

from pathlib import Path
from random import Random

import torch
from _report import Report, options
from transformers import AutoModelForCausalLM

from chatbot.backends.registry import STARTER
from chatbot.learning.starter.exercises import Exercises
from chatbot.learning.starter.tokenizer import TAGS, Encoder

COUNTS = (2, 4, 8)
LENGTHS, BETWEEN = (1, 2), 6


def right(model: torch.nn.Module, ids: list[int], places: list[int], tags: set[int]) -> int:
    """How many of the answers at `places` are the likeliest tag that stands before them."""
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0]
    found = 0
    for place in places:
        there = sorted(tags.intersection(ids[:place]))
        found += there[int(logits[place - 1, there].argmax())] == ids[place]
    return found


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=STARTER)
    parser.add_argument("--windows", type=int, default=60)
    given = parser.parse_args()
    encoder = Encoder.load(given.folder / "tokenizer.json")
    model = AutoModelForCausalLM.from_pretrained(given.folder, dtype=torch.float32).eval()
    make = Exercises(encoder, model.config.max_position_embeddings)
    tags = {number for tag in TAGS for number in encoder.plain(tag)}
    report = Report("copying", as_json=given.json)
    for count in COUNTS:
        dice, hits, asked = Random(count), 0, 0
        for _ in range(given.windows):
            answers = dice.sample(dice.choice(make.types), count)
            length = dice.choice(LENGTHS)
            ids, learn = make.look_up(dice, answers, make.unseen, length=length, between=BETWEEN)
            places = [place for place, wanted in enumerate(learn, 1) if wanted]
            hits += right(model, [encoder.bos, *ids], places, tags)
            asked += len(places)
        report.add(f"looked up rightly, of {count} of one type", hits / asked)
    report.finish()


if __name__ == "__main__":
    main()
