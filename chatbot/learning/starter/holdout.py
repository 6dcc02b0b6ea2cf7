"""What is never trained on, so that the evaluation measures what is new to the model.

Three walls: whole industries; in the others, some passages with every situation that uses
them; in the rest, some wordings. Which side something stands on depends on its id alone, so
a corpus that grows moves nothing across. Knows no files and draws no values.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

HELD_OUT = ("retail", "retail2", "insurance", "insurance2")
"""Industries, by the name of their files and of their ids (`retail2-p01`)."""

PASSAGES_EVERY = 20
WORDINGS_EVERY = 5
ENOUGH_WORDINGS = 3


def industry(name: str) -> str:
    """Return the industry of a record's or a passage's id: `retail2` of `retail2-p01`."""
    return name.rpartition("-")[0]


def business(name: str) -> str:
    """Return an industry without the number of its file: `retail` of `retail2-p01`."""
    return industry(name).rstrip("0123456789")


def held_out_industry(record: Mapping[str, Any]) -> bool:
    """Return whether a record or passage belongs to an industry that is never trained on."""
    return industry(record["id"]) in HELD_OUT


def is_held_out(passage: str) -> bool:
    """Return whether the passage of this id is never trained on."""
    return industry(passage) in HELD_OUT or crc32(passage.encode()) % PASSAGES_EVERY == 0


def held_out_passage(record: Mapping[str, Any]) -> bool:
    """Return whether a trained industry's record uses a passage that is never trained on."""
    return not held_out_industry(record) and any(map(is_held_out, record["passages"]))


def held_out(record: Mapping[str, Any]) -> bool:
    """Return whether nothing of a record is trained on: rewrites and summaries have no asks."""
    return held_out_industry(record) or held_out_passage(record)


def training_asks(record: Mapping[str, Any]) -> Sequence[str]:
    """Return the wordings to train on; none where the whole record is held out."""
    if held_out(record):
        return ()
    asks: Sequence[str] = record["asks"]
    return asks[:-1] if _keeps_last(record) else asks


def held_out_asks(record: Mapping[str, Any]) -> Sequence[str]:
    """Return the wordings that are never trained on; all where the whole record is held out."""
    if held_out(record):
        return record["asks"]  # type: ignore[no-any-return]
    return record["asks"][-1:] if _keeps_last(record) else ()


def _keeps_last(record: Mapping[str, Any]) -> bool:
    few = len(record["asks"]) < ENOUGH_WORDINGS
    return not few and crc32(record["id"].encode()) % WORDINGS_EVERY == 0
