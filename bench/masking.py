"""How well personal values are hidden before a hosted call: labelled texts, and how fast.

    CHATBOT_TEST_DATA=… python bench/masking.py

On Presidio's generated texts, masked as a request of one message each. A labelled span is `exact`
where a value of its kind is found with its ends, and `hidden` where none of its letters and digits
leave, under whatever tag. Precision counts exact spans. Names are judged by what is hidden, and
their precision by how much of what is masked as a name was labelled as one, a place or a firm.
Results also go to bench/out/masking.json.
"""

import json
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from _labelled import KINDS, entities, exact, records

from chatbot.masking import Masked, mask
from chatbot.values import find, names
from chatbot.values.blocks import blocks
from chatbot.values.loose import LOOSE
from chatbot.values.national import FORMS, identities
from chatbot.values.plain import plain

OUT = Path(__file__).parent / "out"
EXACT = KINDS | {"US_SSN": "identity"}
NAMED = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "ADDRESS", "TITLE", "PREFIX"})
PERSONAL = (*EXACT, "US_DRIVER_LICENSE", "PERSON", "ADDRESS", "LOCATION", "ORGANIZATION")


def main() -> int:
    """Measure, print, keep."""
    data = os.environ.get("CHATBOT_TEST_DATA")
    if not data:
        print("No public data: set CHATBOT_TEST_DATA to its folder.")
        return 1
    texts = records(Path(data))
    results = {"exact": _exact(texts), "hidden": _hidden(texts), "speed": _speed(texts)}
    OUT.mkdir(exist_ok=True)
    (OUT / "masking.json").write_text(json.dumps(results, indent=1), "utf-8")
    return 0


def _exact(texts: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Spans of values that a form or a checksum gives away."""
    print(f"{len(texts)} texts, {len(FORMS)} forms of national numbers\n")
    return exact(
        texts, EXACT, lambda text: find(text, known=names([text]), own=[identities, blocks])
    )


def _hidden(texts: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Labelled spans of which nothing leaves, and what is masked as a name without being one."""
    hidden, labelled = Counter[str](), Counter[str]()
    right, masked_names = 0, 0
    for record in texts:
        masked = mask([{"role": "user", "content": record["text"]}])
        spans = _spans(masked)
        for label, start, end in entities(record):
            if label in PERSONAL:
                labelled[label] += 1
                hidden[label] += _is_covered(record["text"], start, end, spans["all"])
        named = [(start, end) for label, start, end in entities(record) if label in NAMED]
        for start, end in spans["name"]:
            masked_names += 1
            right += any(first < end and start < last for first, last in named)
    print("\nlabel              labelled  hidden whole   (masked by default)")
    scores: dict[str, dict[str, float]] = {}
    for label in PERSONAL:
        share = hidden[label] / labelled[label]
        scores[label] = {"labelled": labelled[label], "hidden": share}
        print(f"{label:19}{labelled[label]:8}{share:14.4f}")
    scores["masked as a name"] = {"values": masked_names, "labelled": right / masked_names}
    print(f"\n{masked_names} values masked as names, {right / masked_names:.4f} of them labelled")
    return scores


def _spans(masked: Masked) -> dict[str, list[tuple[int, int]]]:
    """Where the hidden values stand in the one text, told from the masked one."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    text = masked.messages[-1]["content"]
    place = done = 0
    for match in LOOSE.finditer(text):
        place += match.start() - done
        end = place + len(masked.show(match[0]))
        spans["all"].append((place, end))
        spans[match["type"]].append((place, end))
        place, done = end, match.end()
    return spans


def _is_covered(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return all(
        any(first <= place < last for first, last in spans)
        for place in range(start, end)
        if plain(text[place]).isalnum()
    )


def _speed(labelled: list[dict[str, Any]]) -> dict[str, float]:
    """Milliseconds for a request of ten messages, and for one long text."""
    texts = [record["text"] for record in labelled]
    requests = [texts[at : at + 10] for at in range(0, 400, 10)]
    spent = []
    for request in requests:
        start = time.process_time()
        mask([{"role": "user", "content": text} for text in request])
        spent.append((time.process_time() - start) * 1000)
    long = "\n".join(texts)[:200_000]
    start = time.process_time()
    mask([{"role": "user", "content": long}])
    whole = time.process_time() - start
    middle = sorted(spent)[len(spent) // 2]
    print(
        f"\nten messages: {middle:.1f} ms (median); {len(long)} characters at once: {whole:.1f} s"
    )
    return {"ten_messages_ms": middle, "long_s": whole}


if __name__ == "__main__":
    sys.exit(main())
