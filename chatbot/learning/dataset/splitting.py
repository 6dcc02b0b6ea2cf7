"""Which part of a dataset a conversation is in: by a hash, so that no part sees another's turns.

A conversation keeps its part in every dataset with the same seed and shares, whatever else is in
it; only a part that would be empty takes the conversation that is nearest to it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable

from chatbot.learning.dataset.views import Split


def point(seed: int, talk: str) -> float:
    """Where a conversation stands between 0 and 1: the first 64 bits of sha256."""
    digest = hashlib.sha256(f"{seed}/{talk}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def splits(
    talks: Iterable[str], *, seed: int, held_out: float, validation: float
) -> dict[str, Split]:
    """The part of each conversation: the lowest points are tested, the next validate.

    `held_out`, `validation`: shares of 1. Three conversations or more fill all parts that are
    asked for.
    """
    ordered = sorted(set(talks), key=lambda talk: (point(seed, talk), talk))
    found: dict[str, Split] = {}
    for talk in ordered:
        at = point(seed, talk)
        in_test, in_validation = at < held_out, at < held_out + validation
        found[talk] = "test" if in_test else "validation" if in_validation else "train"
    asked: list[tuple[Split, float]] = [("test", held_out), ("validation", validation)]
    wanted = [part for part, share in asked if share]
    if len(ordered) > len(wanted):
        _fill(found, ordered, wanted)
    return found


def _fill(found: dict[str, Split], ordered: list[str], wanted: list[Split]) -> None:
    """Give each empty part the nearest conversation of the parts that have most."""
    parts: list[Split] = [*wanted, "train"]
    for part in parts:
        counts = Counter(found.values())
        if counts[part]:
            continue
        near = ordered if part != "train" else ordered[::-1]
        most = max(counts.values())
        found[next(talk for talk in near if counts[found[talk]] == most)] = part
