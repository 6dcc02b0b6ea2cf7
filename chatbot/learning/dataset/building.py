"""Turns → the rows of a dataset: hidden, compared, balanced, split, numbered; and its card.

    turn ─▶ hide ─▶ exact twin? ─▶ near twin? ─▶ a file on disk, one line each
    all of them ─▶ splits ─▶ balance ─▶ rows, in the order in which they came

Texts wait in a file without a name, so that memory holds hashes and figures alone. The same turns
give the same rows in the same order. Knows no database and no roles.
"""

import hashlib
import json
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from chatbot.errors import Refused, StoreUnavailable
from chatbot.learning.dataset.alike import Alike
from chatbot.learning.dataset.hiding import Named, hide, unfounded, ungreeted
from chatbot.learning.dataset.splitting import point, splits
from chatbot.learning.dataset.turns import Left, Turn
from chatbot.learning.dataset.views import Bad, Origin, Split
from chatbot.masking import Rules
from store.datasets import Line, counted

MOST_BAD = 1000
"""Bad lines that are named; of more the rest is counted."""

SHARES = "The shares for validation and test must be 0 or more, and below 1 together."

TWIN = "said the same as another one"
NEAR = "said nearly the same as another one"
UNFOUNDED = "the reply holds a personal value that stands nowhere before it"
EMPTY = "a message or the reply is empty"
BALANCED = "more than the most rows of its label"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a dataset is made of and how; for the words see `Datasets.build`."""

    since: datetime | None
    sources: tuple[Origin, ...]
    files: tuple[Path, ...]
    least_distance: float
    balance: int | None
    seed: int
    held_out: float
    validation: float
    prompt: str | None
    unfounded: bool

    def check(self) -> None:
        """Raises Refused for shares, numbers and files that cannot be."""
        if min(self.held_out, self.validation) < 0 or self.held_out + self.validation >= 1:
            raise Refused(SHARES)
        if self.balance is not None and self.balance < 1:
            raise Refused("The most rows of a label must be 1 or more.")
        missing = next((path for path in self.files if not path.exists()), None)
        if missing is not None:
            raise Refused(f"{missing} is not there.")

    def told(self) -> dict[str, Any]:
        """It as plain JSON, files by their names alone."""
        return asdict(self) | {
            "since": self.since.isoformat() if self.since else None,
            "sources": list(self.sources),
            "files": [path.name for path in self.files],
        }


@dataclass(slots=True)
class _Kept:
    """A row that waits in the file; `at`, where its line begins."""

    at: int
    talk: str
    label: str
    present: bool
    changed: bool


@dataclass(slots=True)
class Heap:
    """The turns that came in so far, and what became of the others."""

    file: IO[bytes]
    rules: Rules
    named: Named
    recipe: Recipe
    kept: list[_Kept] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    bad_count: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    prompts: Counter[tuple[str, str]] = field(default_factory=Counter)
    present: int = 0
    changed: int = 0
    lengths: dict[str, "array[int]"] = field(
        default_factory=lambda: {name: array("q") for name in ("question", "messages", "reply")}
    )
    _seen: set[bytes] = field(default_factory=set)
    _alike: Alike = field(default_factory=Alike)

    def add(self, found: Turn | Left | Bad) -> None:
        """Take a turn in, or count why it is not. Raises OSError."""
        if isinstance(found, Bad):
            self._refuse(found)
        elif isinstance(found, Left):
            self.removed[found.reason] += 1
        else:
            self._take(found)

    def rows(self) -> Iterator[Line]:
        """The rows with their split and number, in order; once, for they are counted on the way.

        Raises OSError.
        """
        recipe = self.recipe
        parts = splits(
            (one.talk for one in self.kept),
            seed=recipe.seed,
            held_out=recipe.held_out,
            validation=recipe.validation,
        )
        over = self._over(parts)
        self.removed[BALANCED] += len(over)
        number = 0
        for index, one in enumerate(self.kept):
            if index in over:
                continue
            number += 1
            self.file.seek(one.at)
            line = Line(**json.loads(self.file.readline()), number=number, split=parts[one.talk])
            self._count(line, one)
            yield line

    def card(self, rows: Iterable[tuple[str, str, str, bool]] | None = None) -> dict[str, Any]:
        """What the card says, after `rows`. `rows`: those of a dry build, which nobody stored:
        split, source, label, whether paired.
        """
        groups = Counter(rows or ())
        return {
            **({} if rows is None else {"counts": counted(_grouped(groups))}),
            "prompts": [
                {"prompt": prompt, "version": version, "rows": count}
                for (prompt, version), count in sorted(self.prompts.items())
            ],
            "characters": {name: _spread(values) for name, values in self.lengths.items()},
            "hidden": dict(sorted(self.hidden.items())),
            "removed": dict(sorted((why, count) for why, count in self.removed.items() if count)),
            "bad": self.bad_count,
            "rendered by the present version": self.present,
            "no longer rendered as sent": self.changed,
        }

    def _refuse(self, bad: Bad) -> None:
        self.bad_count += 1
        if len(self.bad) < MOST_BAD:
            self.bad.append(bad)

    def _take(self, turn: Turn) -> None:
        turn.reply = turn.reply.strip()
        if not turn.reply or not all(one["content"].strip() for one in turn.messages):
            self._leave(turn, EMPTY)
            return
        counts = hide(turn, self.rules, self.named)
        turn.reply = ungreeted(turn.messages, turn.reply)
        worse = turn.rejected and ungreeted(turn.messages, turn.rejected)
        turn.rejected = None if worse == turn.reply else worse
        if not self.recipe.unfounded and unfounded(turn.messages, turn.reply):
            self._leave(turn, UNFOUNDED)
            return
        said = [turn.messages, turn.reply, turn.rejected]
        whole = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        digest = hashlib.sha256(whole).digest()
        if digest in self._seen:
            self.removed[TWIN] += 1
            return
        self._seen.add(digest)
        if self._alike.add(len(self.kept), turn.asked, turn.reply) is not None:
            self.removed[NEAR] += 1
            return
        self._keep(turn)
        self.hidden.update(counts)

    def _leave(self, turn: Turn, why: str) -> None:
        """Name a line of a file; of the workspace's own turns the reason is counted alone."""
        if turn.file:
            self._refuse(turn.bad(why))
        else:
            self.removed[why] += 1

    def _keep(self, turn: Turn) -> None:
        line: dict[str, Any] = {
            "source": turn.source,
            "talk": turn.talk,
            "message_id": turn.message_id,
            "reply_id": turn.reply_id,
            "prompt": turn.prompt,
            "version": turn.version,
            "label": turn.label[:100],
            "messages": turn.messages,
            "reply": turn.reply,
            "rejected": turn.rejected,
        }
        here = self.file.tell()
        self.kept.append(_Kept(here, turn.talk, line["label"], turn.present, turn.changed))
        self.file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _count(self, line: Line, one: _Kept) -> None:
        self.prompts[line.prompt, line.version] += 1
        self.present += one.present
        self.changed += one.changed
        self.lengths["question"].append(len(line.messages[-1]["content"]))
        self.lengths["messages"].append(sum(len(each["content"]) for each in line.messages))
        self.lengths["reply"].append(len(line.reply))

    def _over(self, parts: dict[str, Split]) -> set[int]:
        """Which rows are over the most of their label; what tests is never thinned out."""
        most = self.recipe.balance
        if most is None:
            return set()
        by_label: dict[str, list[int]] = {}
        for index, one in enumerate(self.kept):
            if parts[one.talk] == "train":
                by_label.setdefault(one.label, []).append(index)
        over: set[int] = set()
        for indices in by_label.values():
            drawn = sorted(indices, key=self._drawn)
            over.update(drawn[most:])
        return over

    def _drawn(self, index: int) -> tuple[float, int]:
        return point(self.recipe.seed, f"{self.kept[index].talk}/balance"), index


@contextmanager
def heap(home: Path, rules: Rules, named: Named, recipe: Recipe) -> Iterator[Heap]:
    """An empty heap whose file goes with it. Raises StoreUnavailable when the disk is full."""
    try:
        with tempfile.TemporaryFile(dir=home) as file:
            yield Heap(file, rules, named, recipe)
    except OSError as error:
        raise StoreUnavailable(
            f"The dataset cannot be written to {home}: {error.strerror}. Nothing was built."
        ) from error


def take_all(
    found: Iterable[Turn | Left | Bad], into: Heap, tell: Callable[[int, int], None]
) -> None:
    """Take all of them in, and say how many there were so far."""
    for number, one in enumerate(found, 1):
        into.add(one)
        tell(number, 0)


def _grouped(
    groups: Counter[tuple[str, str, str, bool]],
) -> list[tuple[str, str, str, int, int]]:
    return [
        (split, source, label, count, count if paired else 0)
        for (split, source, label, paired), count in groups.items()
    ]


def _spread(values: "array[int]") -> dict[str, int]:
    """Middle, 95th of a hundred, and longest, in characters."""
    if not values:
        return {"median": 0, "p95": 0, "longest": 0}
    middle, high = np.percentile(np.asarray(values), [50, 95], method="higher")
    return {"median": int(middle), "p95": int(high), "longest": max(values)}
