"""What a model that answers in quotations learns to say around them.

A base with phrases answers from sources in sentences of theirs and in its phrases alone: what
reviewers add would be learned and never said. So what approved replies have in common before
quotations, behind them and in their place become phrases of the tuned model. Nothing with a value
in it does: values come from sources. Knows rows and sentences, no model.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from chatbot import values
from chatbot.backends.checkpoint import Phrases
from chatbot.learning.sources import sources
from chatbot.picking import sentences
from chatbot.values import TAG

COMMON = 3
"""Conversations in whose replies a phrase must stand."""
MOST = 24
"""Phrases of a kind that are learned, the most common ones."""
LONGEST = 240
"""Characters of a phrase."""

Kind = Literal["openings", "closings", "limits"]
KINDS: tuple[Kind, ...] = ("openings", "closings", "limits")

_CITED = re.compile(r"\s*\[\d{1,3}\]")


def learned(base: Phrases, rows: Iterable[dict[str, Any]]) -> Phrases:
    """The base's phrases, and behind them what the replies of these rows have in common."""
    talks: dict[tuple[Kind, str], set[str]] = defaultdict(set)
    for number, row in enumerate(rows):
        for found in _around(row):
            talks[found].add(str(row.get("talk") or number))
    ranked = sorted(talks, key=lambda found: (-len(talks[found]), found[1]))
    common = [
        found for found in ranked if len(talks[found]) >= COMMON and not _holds_values(found[1])
    ]
    more: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        known: tuple[str, ...] = getattr(base, kind)
        fresh = [text for of, text in common if of == kind and text not in known]
        more[kind] = (*known, *fresh[:MOST])
    return base.model_copy(update=more)


def _around(row: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    """What the reply of a row says around sentences of its sources; nothing without sources."""
    told = [one["content"] for one in row["messages"] if one["role"] == "system"]
    passages = [passage["text"] for text in told for passage in sources(text).passages]
    if not passages:
        return
    held = " ".join(" ".join(passages).split())
    parts = [one.text for one in sentences(_CITED.sub("", row["reply"]))]
    quoted = [number for number, part in enumerate(parts) if " ".join(part.split()) in held]
    if not quoted:
        sides: list[tuple[Kind, list[str]]] = [("limits", parts)]
    else:
        sides = [("openings", parts[: quoted[0]]), ("closings", parts[quoted[-1] + 1 :])]
    for kind, side in sides:
        text = " ".join(" ".join(side).split())
        if text and len(text) <= LONGEST:
            yield kind, text


def _holds_values(text: str) -> bool:
    return bool(TAG.search(text) or re.search(r"\d", text) or values.find(text))
