"""How well and how fast exact values are found: labelled texts, our corpus, hostile texts.

    python bench/values.py [--length 1000000]

Precision and recall are counted by exact spans, on the public data named by CHATBOT_TEST_DATA
(that part is left out, with a line, where it is absent) and on the corpus of the shipped model,
whose slots are filled with known values. Speed is CPU time; its ratio is to one pass of one
plain pattern over the same text; that of hiding a whole request (three passages and a thread of
ten messages, as a small model gets them) is to tokenising it. Hostile texts of a quarter and of
the whole `--length` are hidden: the growth of linear work is 4, and more than 8 ends the
program with 1. Results also go to bench/out/values.json.
"""

import argparse
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from _labelled import KINDS, exact, lines, records
from tokenizers import Tokenizer

from chatbot.learning import starter
from chatbot.learning.starter.slots import SLOT, Values
from chatbot.values import Tags, conceal, find

OUT = Path(__file__).parent / "out"
DATA = os.environ.get("CHATBOT_TEST_DATA")
CORPUS = Path(starter.__file__).parent / "corpus"
TOKENIZER = Path(starter.__file__).parents[2] / "starter" / "tokenizer.json"
PASSAGES, MESSAGES, REQUESTS = 3, 10, 40
IDENTIFIERS = {"order_id": "order", "invoice_id": "invoice"}
_SLOTS = (
    "amount percent date weekday month time hours days weeks months years minutes count quantity "
    "phone email url address order_number tracking_number account_number booking_code "
    "invoice_number ticket_number card_last4 model_code flight_number code room seat gate postcode"
)
_UNITS = (
    "0 1 |4111 |03 12 34 56 |AA11 |1:|+1 |1,20,|a-1-|12 A |((030)|€1 |5%|DE89|1 200 |3 May |A1A1-"
    "|http://a.b/)|a@a.|⟨phone 1|order no |\n1. | |Aa |Aa-|a'|A'A|.Aa @|Aa de "
)
EXACT_SLOTS, HOSTILE = _SLOTS.split(), _UNITS.split("|")
WORST_GROWTH = 8.0
SEED = 7


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description="Measure chatbot.values.")
    parser.add_argument("--length", type=int, default=1_000_000, help="of hostile texts")
    length = parser.parse_args().length
    results: dict[str, Any] = {}
    if DATA:
        results["labelled"] = exact(records(Path(DATA)), KINDS, find)
        results["identifiers"] = _identifiers(Path(DATA))
    else:
        print("No public data: set CHATBOT_TEST_DATA to its folder for precision and recall.")
    results["corpus"] = _corpus()
    results["speed"] = _speed()
    results["request"] = _request()
    results["growth"] = _growth(length)
    OUT.mkdir(exist_ok=True)
    (OUT / "values.json").write_text(json.dumps(results, indent=1), "utf-8")
    return int(max(results["growth"].values()) > WORST_GROWTH)


def _identifiers(data: Path) -> dict[str, dict[str, float]]:
    """Order and invoice numbers in Bitext's questions: found at all, and with their kind."""
    counts = {kind: Counter[str]() for kind in IDENTIFIERS.values()}
    for record in lines(data / "bitext_support" / "all.jsonl"):
        entity = record.get("entity") or {}
        if entity.get("type") in IDENTIFIERS:
            kind = IDENTIFIERS[entity["type"]]
            written = entity["text_at"].strip("#, ")
            kinds = [value.kind for value in find(record["instruction"]) if value.text == written]
            counts[kind].update(all=1, found=bool(kinds), kind=kind in kinds)
    print("\nkind     questions   found  of its kind   (bitext_support)")
    for kind, count in counts.items():
        shares = [count[name] / count["all"] for name in ("found", "kind")]
        print(f"{kind:10}{count['all']:8}{shares[0]:8.4f}{shares[1]:13.4f}")
    return {kind: dict(count) for kind, count in counts.items()}


def _corpus() -> dict[str, float]:
    """Share of the corpus's slot values that are found to the letter."""
    rng = random.Random(SEED)
    found, drawn = Counter[str](), Counter[str]()
    for path in sorted(CORPUS.glob("*.jsonl")):
        for record in lines(path):
            values = Values(rng)
            for template in _strings(record):
                text, spans = _filled(template, values)
                ends = {value.start: value.end for value in find(text)}
                for slot, start, end in spans:
                    start += text[start] == "#"
                    drawn[slot] += 1
                    found[slot] += ends.get(start) == end
    shares = {slot: found[slot] / drawn[slot] for slot in EXACT_SLOTS if drawn[slot]}
    print("\nslot             drawn  found to the letter   (our corpus)")
    for slot, share in sorted(shares.items(), key=lambda item: item[1]):
        print(f"{slot:16}{drawn[slot]:6}{share:10.4f}")
    return shares


def _strings(record: dict[str, Any]) -> Iterator[str]:
    for field in ("title", "text", "draft", "instruction", "reply"):
        if record.get(field):
            yield record[field]
    yield from record.get("asks") or []
    yield from (turn["text"] for turn in record.get("thread") or [])


def _filled(template: str, values: Values) -> tuple[str, list[tuple[str, int, int]]]:
    text, spans, done = "", [], 0
    for match in SLOT.finditer(template):
        text += template[done : match.start()]
        value = values.fill(match[0])
        spans.append((match[1], len(text), len(text) + len(value)))
        text += value
        done = match.end()
    return text + template[done:], spans


def _speed() -> dict[str, float]:
    """Microseconds a character on our passages, and the ratio to one plain pattern."""
    rng = random.Random(SEED)
    passages = [
        Values(rng).fill(record["text"])
        for path in sorted(CORPUS.glob("*.passages.jsonl"))
        for record in lines(path)
    ]
    text = "\n".join(passages)
    plain = re.compile(r"(?<!\w)[0-9]+(?!\w)")
    tags = Tags()
    hidden = tags.hide(text)
    seconds = {
        "one plain pattern": _cpu(lambda: plain.findall(text)),
        "find": _cpu(lambda: find(text)),
        "find, passage by passage": _cpu(lambda: [find(passage) for passage in passages]),
        "hide": _cpu(lambda: Tags().hide(text)),
        "show": _cpu(lambda: tags.show(hidden)),
    }
    figures = {name: spent / len(text) * 1e6 for name, spent in seconds.items()}
    print(f"\n{len(text)} characters of passages, {len(find(text))} values")
    for name, figure in figures.items():
        print(
            f"{name:26}{figure:8.3f} µs a character  x{figure / figures['one plain pattern']:.0f}"
        )
    return figures


def _request() -> dict[str, float]:
    """Milliseconds to hide the values of one request, new each time, and to tokenise it."""
    rng = random.Random(SEED)
    requests = _requests(rng)
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    hidden = [_cpu(lambda texts=texts: conceal(texts), rounds=1) for texts in requests]
    tokenised = [
        _cpu(lambda texts=texts: [tokenizer.encode(text) for text in texts], rounds=1)
        for texts in requests
    ]
    middle, plain = (sorted(times)[len(times) // 2] * 1000 for times in (hidden, tokenised))
    length = sum(len(text) for texts in requests for text in texts) // len(requests)
    print(f"\nhide a request of {length} characters: {middle:.1f} ms, x{middle / plain:.1f} of")
    print(f"tokenising it, {plain:.2f} ms (medians of {len(requests)} requests)")
    return {"characters": length, "conceal": middle, "tokenise": plain}


def _requests(rng: random.Random) -> list[list[str]]:
    """Texts of requests in one industry each: passages and what was said."""
    requests = []
    for path in sorted(CORPUS.glob("*.passages.jsonl")) * 2:
        passages = [f"{record['title']}: {record['text']}" for record in lines(path)]
        industry = path.with_name(path.name.replace(".passages.", ".records."))
        said = [text for record in lines(industry) for text in (*record["asks"], record["reply"])]
        values = Values(rng)
        sources = enumerate(rng.sample(passages, PASSAGES), 1)
        system = "\n".join(f"[{number}] {text}" for number, text in sources)
        texts = [f"You answer customers of Velo Store.\n{system}", *rng.sample(said, MESSAGES)]
        requests.append([values.fill(text) for text in texts])
    return requests[:REQUESTS]


def _growth(length: int) -> dict[str, float]:
    """How the time of hostile texts grows when they are four times as long."""
    print(f"\nhostile text      {length} characters   growth (linear: 4)")
    growth = {}
    for unit in HOSTILE:
        text = (unit * (length // len(unit) + 1))[:length]
        short = _cpu(lambda text=text: conceal([text[: length // 4]]), rounds=2)
        whole = _cpu(lambda text=text: conceal([text]), rounds=1)
        growth[unit] = whole / short
        print(f"{unit!a:16}{whole:12.1f} s {growth[unit]:14.1f}")
    return growth


def _cpu(call: Callable[[], object], rounds: int = 3) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    sys.exit(main())
