"""The files of an export: OpenAI chat, ShareGPT and preference pairs as JSON Lines, CSV, Parquet.

The first three hold what may be learned from, and leave out items without such a text:

    openai      {"messages": [{"role": "user" | "assistant", "content": …}, …]}
    sharegpt    {"conversations": [{"from": "human" | "gpt", "value": …}, …]}
    preference  {"prompt": [messages], "chosen": [message], "rejected": [message]}

The tables hold every item. A cell of CSV that a spreadsheet would take for a formula begins with an
apostrophe (OWASP, "CSV Injection"), so nothing in it is ever computed.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from chatbot.errors import Refused
from chatbot.review.examples import Example, Messages, moment
from chatbot.review.views import Shape

NO_PARQUET = 'Parquet files need a library. Install it with: pip install "chatbot[parquet]"'
BATCH = 1000
"""Rows of a Parquet file that are written at a time."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS: dict[str, Callable[[Example], Any]] = {
    "id": lambda one: one.item.public_id,
    "at": lambda one: moment(one.item.created_at),
    "kind": lambda one: one.item.kind,
    "state": lambda one: one.item.state,
    "customer": lambda one: one.customer,
    "rating": lambda one: one.item.rating,
    "flagged": lambda one: one.item.flagged,
    "reasons": lambda one: ", ".join(one.item.reasons),
    "verdict": lambda one: one.item.verdict,
    "tags": lambda one: ", ".join(one.item.tags),
    "notes": lambda one: one.notes,
    "model": lambda one: one.item.model,
    "prompt": lambda one: one.item.prompt,
    "number": lambda one: one.item.number,
    "distance": lambda one: one.item.distance,
    "mood": lambda one: one.item.mood,
    "topic": lambda one: one.item.topic,
    "question": lambda one: one.question,
    "answer": lambda one: one.answer,
    "sent": lambda one: one.sent,
    "correction": lambda one: one.correction,
    "use": lambda one: one.use,
}
"""The columns of a table, and how each is filled."""


def write(examples: Iterable[Example], shape: Shape, out: BinaryIO) -> int:
    """Write a file of that shape; how many rows it has. Raises Refused: Parquet cannot be made."""
    if shape == "csv":
        return _csv(examples, out)
    if shape == "parquet":
        return _parquet(examples, out)
    count = 0
    for count, line in enumerate(filter(None, map(_LINES[shape], examples)), 1):  # noqa: B007
        out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return count


def ready(shape: Shape) -> None:
    """Refuse a shape that cannot be written here, before anything is read. Raises Refused."""
    if shape == "parquet":
        _arrow()


def _openai(one: Example) -> dict[str, Any] | None:
    return {"messages": _answered(one, one.approved)} if one.approved else None


def _sharegpt(one: Example) -> dict[str, Any] | None:
    if not one.approved:
        return None
    names = {"user": "human", "assistant": "gpt"}
    said = _answered(one, one.approved)
    turns = [{"from": names[each["role"]], "value": each["content"]} for each in said]
    return {"conversations": turns}


def _preference(one: Example) -> dict[str, Any] | None:
    if not (one.approved and one.rejected):
        return None
    chosen, rejected = (
        [{"role": "assistant", "content": text}] for text in (one.approved, one.rejected)
    )
    return {"prompt": one.said, "chosen": chosen, "rejected": rejected}


_LINES: dict[str, Callable[[Example], dict[str, Any] | None]] = {
    "openai": _openai,
    "sharegpt": _sharegpt,
    "preference": _preference,
}


def _answered(one: Example, answer: str) -> Messages:
    return [*one.said, {"role": "assistant", "content": answer}]


def _csv(examples: Iterable[Example], out: BinaryIO) -> int:
    # With a mark at its beginning, Excel takes the file for what it is: UTF-8.
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    try:
        table = csv.writer(text)
        table.writerow(COLUMNS)
        count = 0
        for count, one in enumerate(examples, 1):  # noqa: B007
            table.writerow([_cell(fill(one)) for fill in COLUMNS.values()])
        return count
    finally:
        text.detach()


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet computes."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_FORMULAS) else value


def _parquet(examples: Iterable[Example], out: BinaryIO) -> int:
    arrow, parquet = _arrow()
    text, whole = arrow.string(), arrow.int64()
    kinds = dict.fromkeys(COLUMNS, text)
    kinds |= dict.fromkeys(("rating", "verdict", "number"), whole)
    kinds |= {"flagged": arrow.bool_(), "use": arrow.bool_(), "distance": arrow.float64()}
    schema = arrow.schema(list(kinds.items()))
    count = 0
    with parquet.ParquetWriter(out, schema) as made:
        for batch in _batches(examples):
            rows = [{name: fill(one) for name, fill in COLUMNS.items()} for one in batch]
            made.write_table(arrow.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
    left = iter(examples)
    while batch := list(islice(left, BATCH)):
        yield batch


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise Refused(NO_PARQUET) from None
    return pa, parquet
