"""The questions of real people: out-of-scope ones of CLINC150, support ones of Bitext.

Knows the two sets as they lie in the folder of public data; they are not shipped, so a
missing folder is an answer of its own. Our passage for each intent is in intents.jsonl.
"""

from functools import cache
from pathlib import Path
from random import Random

from chatbot.errors import Refused
from chatbot.learning.evaluate.cases import Case, Reference
from chatbot.learning.starter.reading import Record
from chatbot.learning.starter.slots import Values
from chatbot.learning.starter.sources import json_lines

INTENTS = Path(__file__).parent / "intents.jsonl"
OUTSIDE = ("clinc150/oos_val.jsonl", "clinc150/oos_train.jsonl")
BITEXT = "bitext_support/all.jsonl"
DISTRACTORS = 2
POOL = "intents"


def outside_cases(data: Path, count: int | None, seed: int) -> list[Case]:
    """Return questions that are nobody's business here, sent by the `assistant` prompt.

    Raises Refused when the set is not in the folder.
    """
    texts = [record["text"] for name in OUTSIDE for record in _lines(data / name)]
    rng = Random(f"outside/{seed}")  # noqa: S311 (a sample, no secret)
    chosen = texts if count is None else rng.sample(texts, min(count, len(texts)))
    return [
        Case(
            id=f"clinc150: {text}",
            wall="outside",
            skill="limit",
            prompt="assistant",
            question=text,
        )
        for text in chosen
    ]


def intent_cases(data: Path, count: int | None, seed: int) -> list[Case]:
    """Return questions of the 27 intents, as many of each, with its passage among three.

    Raises Refused when the set is not in the folder.
    """
    rng = Random(f"intents/{seed}")  # noqa: S311
    asked: dict[str, list[Record]] = {}
    for record in _lines(data / BITEXT):
        asked.setdefault(record["intent"], []).append(record)
    chosen = []
    for records in asked.values():
        each = len(records) if count is None else max(1, round(count / len(asked)))
        chosen += rng.sample(records, min(each, len(records)))
    return [_intent(record, rng) for record in chosen]


@cache
def intents() -> dict[str, Record]:
    """Return title, passage and reply of each intent."""
    return {record["intent"]: record for record in json_lines(INTENTS)}


@cache
def intent_references() -> tuple[Reference, ...]:
    """Return our passage and our reply for each intent, which is their topic."""
    return tuple(
        Reference(Values(Random(name)).fill(record[key]), frozenset({name}))  # noqa: S311
        for name, record in intents().items()
        for key in ("text", "reply")
    )


def _intent(record: Record, rng: Random) -> Case:
    own = record["intent"]
    names = [own, *rng.sample([name for name in intents() if name != own], DISTRACTORS)]
    rng.shuffle(names)
    fill = Values(rng).fill
    given = [(fill(intents()[name]["title"]), fill(intents()[name]["text"])) for name in names]
    return Case(
        id=record["id"],
        wall="intent",
        skill="intent",
        prompt="support",
        question=record["instruction"],
        reference=fill(intents()[own]["reply"]),
        passages=tuple(given),
        pool=POOL,
        topics=frozenset({own}),
    )


def _lines(path: Path) -> list[Record]:
    try:
        return list(json_lines(path))
    except OSError:
        raise Refused(f"{path} is not there. Name the folder of public data by --data.") from None
    except ValueError:
        raise Refused(f"{path} is damaged: a line is no JSON. Copy the data set again.") from None
