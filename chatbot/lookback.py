"""Whether a question asks for what the person said before, and their own words that hold it.

A linear head on the sentence encoder's vector of a question, trained by
chatbot/learning/starter/lookback.py (its scores stand in lookback.json). Knows texts and an
encoder; nothing of prompts, models or rows.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.picking import sentences

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

MOST = 6
"""Earlier sentences that are said again, the newest ones."""

FILE = Path(__file__).with_suffix(".json")

_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]+")
"""A word in capitals within a sentence: a name, as far as one can tell without a model."""


def told(encoder: "Encoder | None", question: str, said: Sequence[str]) -> tuple[str, ...]:
    """Sentences of a person's earlier messages with a value or a name, oldest first.

    None where the question asks for nothing of the kind, or no encoder can tell. Raises what
    `Encoder.encode` raises.
    """
    telling = [
        one.text
        for text in said
        for one in sentences(text)
        if _NAME.search(one.text) or _has_value(one.text)
    ]
    if not telling or encoder is None or not looks_back(encoder, question):
        return ()
    return tuple(dict.fromkeys(telling))[-MOST:]


def looks_back(encoder: "Encoder", question: str) -> bool:
    """Whether a question asks for something that the person said before."""
    head = _head()
    if encoder.name != head["encoder"]:
        return False
    [vector] = encoder.encode([question])
    return float(vector @ head["weights"]) + float(head["bias"]) > 0


def _has_value(text: str) -> bool:
    from chatbot import values  # reads tables for a tenth of a second

    return bool(values.find(text))


@cache
def _head() -> dict[str, Any]:
    import numpy as np

    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found | {"weights": np.asarray(found["weights"], np.float32)}
