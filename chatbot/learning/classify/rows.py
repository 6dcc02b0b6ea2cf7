"""Labelled rows of a CSV or JSON Lines file → examples; a bad row is named and left out.

    sentiment   text, label   a mood's word, positive or negative, or a number
    intent      text, label   any word; empty, none or oos: fits none
    entities    text, entities  a list of {"start", "end", "label"} in characters,
                or tokens, tags  words and their IO or BIO tags (JSON Lines)

Other names of columns are understood too (`COLUMNS`). A label of several words with `|` between
them means one of these; `?` or `MISC` means that nobody knows.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.backends.heads import Task
from chatbot.errors import Refused

COLUMNS = {
    "text": ("text", "message", "sentence", "question"),
    "label": ("label", "intent", "mood", "sentiment", "score", "category"),
    "entities": ("entities", "spans"),
}
NONE = frozenset({"", "none", "oos", "out of scope", "other"})
UNKNOWN = frozenset({"?", "misc"})
MOODS = {
    "angry": -1.0,
    "negative": -0.5,
    "unhappy": -0.5,
    "neutral": 0.0,
    "content": 0.5,
    "positive": 0.5,
    "happy": 1.0,
}
"""Words of moods and their score, from -1 to 1."""
LARGEST = 200 * 1024 * 1024
"""Bytes of a file with rows."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text and what they are; several labels: one of them; none: not known."""

    start: int
    end: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text: a score from -1 to 1, an intent ("" fits none), or its spans."""

    text: str
    score: float = 0.0
    intent: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out, and why."""

    row: int
    reason: str


class _Wrong(ValueError):
    """Says what is wrong with a row."""


def read(path: Path, task: Task) -> tuple[list[Example], list[BadRow]]:
    """All good rows and all bad ones. Raises Refused when the file itself cannot be read."""
    if not path.is_file():
        raise Refused(f"{path} is no file. Name a CSV or JSON Lines file with labelled rows.")
    if path.stat().st_size > LARGEST:
        raise Refused(f"{path.name} is over {LARGEST // 2**20} MB. Train on a part of it.")
    good: list[Example] = []
    bad: list[BadRow] = []
    for number, fields in _fields(path):
        if isinstance(fields, str):
            bad.append(BadRow(number, fields))
            continue
        try:
            good.append(_example(fields, task))
        except _Wrong as error:
            bad.append(BadRow(number, str(error)))
    if not good:
        why = f" Row {bad[0].row}: {bad[0].reason}" if bad else ""
        raise Refused(f"{path.name} has no usable row.{why}")
    return _scaled(good) if task == "sentiment" else good, bad


def _fields(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Rows with their number, the first is 1; a sentence where a row cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{path.name} is not written in UTF-8. Save it as UTF-8.") from error
    if path.suffix.lower() == ".csv":
        yield from _csv_fields(text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError:
            yield number, "this line is not JSON"
            continue
        yield number, found if isinstance(found, dict) else "this line is no JSON object"


def _csv_fields(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    first = text.partition("\n")[0]
    comma = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=comma, strict=True)
    try:
        for number, row in enumerate(reader, 2):
            yield number, {key.strip(): value for key, value in row.items() if key}
    except csv.Error as error:
        yield reader.line_num, f"the CSV is broken here ({error})"


def _column(fields: dict[str, Any], name: str) -> Any:
    lowered = {key.lower(): value for key, value in fields.items()}
    return next((lowered[known] for known in COLUMNS[name] if known in lowered), None)


def _example(fields: dict[str, Any], task: Task) -> Example:
    """Raises _Wrong."""
    if task == "entities" and isinstance(fields.get("tokens"), list):
        return _tagged(fields["tokens"], fields.get("tags"))
    text = _column(fields, "text")
    if not isinstance(text, str) or not text.strip():
        raise _Wrong("there is no text (column `text`)")
    if task == "entities":
        return Example(text, spans=_spans(text, _column(fields, "entities")))
    label = _column(fields, "label")
    if task == "intent":
        if not isinstance(label, str | None):
            raise _Wrong("the label is no word (column `label`)")
        named = (label or "").strip()
        return Example(text, intent="" if named.lower() in NONE else named)
    return Example(text, score=_score(label))


def _score(label: Any) -> float:
    word = str(label).strip().lower() if label is not None else ""
    if word in MOODS:
        return MOODS[word]
    try:
        number = float(word.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1000:
        raise _Wrong(f"the label is no mood ({', '.join(MOODS)}) and no number (column `label`)")
    return number


def _scaled(examples: Sequence[Example]) -> list[Example]:
    """Scores within -1 and 1: stars from 1 to 5 are moved, larger numbers divided."""
    scores = [example.score for example in examples]
    most = max(abs(score) for score in scores)
    stars = min(scores) >= 1 and most <= 5 and most > 1
    if not stars and most <= 1:
        return list(examples)
    return [
        Example(example.text, (example.score - 3) / 2 if stars else example.score / most)
        for example in examples
    ]


def _spans(text: str, given: Any) -> tuple[Span, ...]:
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else []
        except ValueError:
            raise _Wrong("`entities` is not JSON") from None
    if not isinstance(given, list):
        raise _Wrong("there is no list of entities (column `entities`)")
    found = [_span(item, len(text)) for item in given]
    return tuple(sorted(found, key=lambda span: span.start))


def _span(item: Any, length: int) -> Span:
    fields = item if isinstance(item, dict) else {}
    label = fields.get("label", fields.get("kind"))
    start, end = fields.get("start"), fields.get("end")
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(label, str)):
        raise _Wrong("an entity needs a label, a start and an end")
    if not 0 <= start < end <= length:
        raise _Wrong("an entity must start and end inside the text")
    return Span(start, end, _labels(label))


def _labels(label: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in label.split("|") if name.strip())
    return () if any(name.lower() in UNKNOWN for name in names) else names


def _tagged(tokens: Iterable[Any], tags: Any) -> Example:
    words = [str(token) for token in tokens]
    if not isinstance(tags, list) or len(tags) != len(words):
        raise _Wrong("there is not one tag for each token")
    spans: list[Span] = []
    at, before = 0, "O"
    for word, tag in zip(words, map(str, tags), strict=True):
        end = at + len(word)
        part, _, label = tag.partition("-")
        if label and part == "I" and before[2:] == label and spans:
            spans[-1] = Span(spans[-1].start, end, spans[-1].labels)
        elif label:
            spans.append(Span(at, end, _labels(label)))
        elif tag != "O":
            raise _Wrong("a tag is neither O nor of the form B-label or I-label")
        at, before = end + 1, tag
    return Example(" ".join(words), spans=tuple(spans))
