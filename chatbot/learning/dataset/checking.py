"""What to look at before a dataset is learned from: problems by row, and of the whole.

    cut         the answer does not fit the model behind its question
    empty       a message or the reply says nothing
    personal    a value that masking knows and that is no tag
    unfounded   the reply holds a value that stands nowhere before it
    twice       two parts hold the same turn
    broken      a line of a file that is no turn
    few, one class, imbalance, one part    of the whole

Reads examples one after another and keeps counts. A file is looked at as it is: what is personal
in it is hidden when a dataset is built of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from chatbot.backends.registry import Registry
from chatbot.learning.dataset.hiding import unfounded
from chatbot.learning.dataset.turns import Turn
from chatbot.learning.dataset.views import Bad, Checked, Dataset, Example, Problem
from chatbot.learning.filling import fill
from chatbot.masking import Rules, hide, masked_words

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

MOST_NAMED = 1000
"""Problems that are named; more are counted."""
FEW = 200
"""Rows below which a run seldom helps."""
MOSTLY = 0.8
"""Share of all rows from which on one label counts for most of what is learned."""
MOST_SEARCHED = 5000
"""Rows that are searched for personal values; of more, each so-manieth."""


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    named: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    seen: dict[bytes, str] = field(default_factory=dict)

    def add(self, number: int, kind: str, sentence: str) -> None:
        self.counts[kind] += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(Problem(number, kind, sentence))


class Checking:
    """Checks rows by the length of a model and by what masking knows."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def dataset(
        self, one: Dataset, rows: Iterable[Example], rules: Rules, model: str | None
    ) -> Checked:
        """Check a dataset. Raises UnknownModel, ModelUnavailable."""
        opened, found = self._registry.open(model), _Found()
        every = -(-one.rows // MOST_SEARCHED) or 1
        for row in rows:
            self._row(row, found, opened, rules if row.number % every == 0 else None)
            _is_twice(row, found)
            found.parts[row.split] += 1
        _whole(found)
        for part in ("validation", "test"):
            if found.rows and not found.parts[part]:
                found.add(0, "one part", f"No row is in the part {part}. Build it with more turns.")
        if every > 1:
            sentence = f"Personal values were looked for in every {every}th row."
            found.named.append(Problem(0, "sample", sentence))
        return _told(found)

    def file(self, turns: Iterator[Turn | Bad], rules: Rules, model: str | None) -> Checked:
        """Check a file; numbers are its lines. Raises Refused, UnknownModel, ModelUnavailable."""
        opened, found = self._registry.open(model), _Found()
        for turn in turns:
            if isinstance(turn, Bad):
                found.add(turn.line, "broken", f"{turn.reason[:1].upper()}{turn.reason[1:]}.")
                continue
            row = Example(
                turn.line, "train", "import", turn.talk, tuple(turn.messages), turn.reply,
                turn.rejected, label=turn.label,
            )  # fmt: skip
            self._row(row, found, opened, rules if found.rows < MOST_SEARCHED else None)
        _whole(found)
        return _told(found)

    def _row(self, row: Example, found: _Found, model: "ChatModel", rules: Rules | None) -> None:
        found.rows += 1
        found.labels[row.label] += 1
        texts = [*(one["content"] for one in row.messages), row.reply, row.rejected or ""]
        if not row.reply.strip() or not all(text.strip() for text in texts[: len(row.messages)]):
            found.add(row.number, "empty", "A message or the reply is empty.")
            return
        if tags := unfounded(row.messages, row.reply):
            found.add(
                row.number,
                "unfounded",
                f"The reply holds {', '.join(tags[:3])}, which stands nowhere before it.",
            )
        if rules is not None and (counts := hide(texts, rules).counts):
            found.add(row.number, "personal", f"It holds {masked_words(counts)}.")
        for what, reply in (("answer", row.reply), ("rejected answer", row.rejected)):
            if reply and (sentence := _cut(row.messages, reply, what, model, row.number)):
                found.add(row.number, "cut", sentence)
                break


def _cut(
    messages: Sequence[Mapping[str, str]], reply: str, what: str, model: "ChatModel", number: int
) -> str:
    """What does not fit a model, with tags filled as training fills them; empty where all does."""
    *said, answer = fill([*(one["content"] for one in messages), reply], Random(number))  # noqa: S311
    asked = [{**one, "content": text} for one, text in zip(messages, said, strict=True)]
    tokens = model.count(asked)
    if tokens >= model.context:
        return f"The question has {tokens:,} tokens and {model.label} reads {model.context:,}."
    whole = model.count([*asked, {"role": "assistant", "content": answer}])
    if whole <= model.context:
        return ""
    return (
        f"The {what} would be cut: with its question it has {whole:,} tokens, and {model.label} "
        f"reads {model.context:,}."
    )


def _is_twice(row: Example, found: _Found) -> None:
    """Note a turn that another part has as well."""
    said = "\0".join(
        [*(one["content"] for one in row.messages if one["role"] != "system"), row.reply]
    )
    digest = sha256(said.encode()).digest()[:16]
    part = found.seen.setdefault(digest, row.split)
    if part != row.split:
        found.add(row.number, "twice", f"The parts {part} and {row.split} both have this turn.")


def _whole(found: _Found) -> None:
    if not found.rows:
        found.add(0, "few", "There is no row to learn from.")
        return
    if found.rows < FEW:
        sentence = f"There are {found.rows} rows; below {FEW} a run seldom helps."
        found.add(0, "few", sentence)
    label, count = found.labels.most_common(1)[0]
    named = label or "no label"
    if len(found.labels) == 1 and label:
        found.add(0, "one class", f"All rows have the label {named}: a model learns nothing else.")
    elif len(found.labels) > 1 and count > MOSTLY * found.rows:
        found.add(
            0,
            "imbalance",
            f"{count:,} of {found.rows:,} rows have the label {named}. Balance them when building.",
        )


def _told(found: _Found) -> Checked:
    named = sorted(found.named, key=lambda one: (one.number, one.kind))
    return Checked(tuple(named), dict(sorted(found.counts.items())), found.rows)
