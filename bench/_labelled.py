"""Labelled texts of pii_presidio, and how well values are found in them by exact spans."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from chatbot.values import Value

KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "IP_ADDRESS": "ip",
    "DOMAIN_NAME": "url",
}
"""Labels that a form or a checksum gives away, and our kinds."""


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of JSON lines."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def records(data: Path) -> list[dict[str, Any]]:
    """Presidio's generated texts with their labels."""
    return list(lines(data / "pii_presidio" / "generated_large.jsonl"))


def entities(record: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Label, begin and end of each span."""
    return [(label, start, end) for label, start, end, _ in record["entities"] or []]


def exact(
    texts: Iterable[dict[str, Any]],
    kinds: dict[str, str],
    found_in: Callable[[str], Iterable[Value]],
) -> dict[str, dict[str, float]]:
    """Precision and recall by kind, printed; a span counts where both of its ends are right."""
    hits, found, labelled = Counter[str](), Counter[str](), Counter[str]()
    for record in texts:
        truth = {
            (kinds[label], start, end) for label, start, end in entities(record) if label in kinds
        }
        got = {
            (value.kind, value.start, value.end)
            for value in found_in(record["text"])
            if value.kind in kinds.values()
        }
        hits.update(kind for kind, *_ in truth & got)
        found.update(kind for kind, *_ in got)
        labelled.update(kind for kind, *_ in truth)
    print("kind      labelled  precision  recall   (pii_presidio, exact spans)")
    scores = {}
    for kind in kinds.values():
        precision, recall = hits[kind] / max(found[kind], 1), hits[kind] / labelled[kind]
        scores[kind] = {"labelled": labelled[kind], "precision": precision, "recall": recall}
        print(f"{kind:10}{labelled[kind]:8}{precision:11.4f}{recall:8.4f}")
    return scores
