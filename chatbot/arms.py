"""How the versions of a prompt do in production, with what chance alone may do to the figures.

Shares carry Wilson's interval at 95 % (see `tally`). Two versions are told apart by a two-sided
test with a pooled variance; under `FEWEST` judged answers each nothing is said. Times and tokens
are medians of the newest answers. Whoever looks at many figures finds a difference in one of
twenty by chance alone: the sentence is about thumbs, the figure that was chosen beforehand.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher

from chatbot.archive import Archive
from chatbot.authoring.access import require_author
from chatbot.learning.evaluate.phrases import refuses
from chatbot.tally import Rate, difference
from store import arms as rows
from store import prompts
from store.arms import Sample
from store.records import Person

DAYS = 30
NEWEST = 2_000
"""Answers of a version whose times, tokens and texts are looked at, the newest ones."""
FEWEST = 30
"""Fewest judged answers of each version before anything is said about a difference."""
CHANCE = 0.05
"""How often chance alone may be taken for a difference."""
MOST_VERSIONS = 20
_EDITED = 200
"""Better wordings that are compared with their answers."""
_TEXT = 4_000
"""Characters of an answer that are compared with its better wording."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A version in figures. Times in seconds, tokens a median; None: there is nothing to measure.

    `thumbs`: up of all that were judged. `failed` and `refused`: of all answers, of those read.
    `edited`: how far better wordings are from the answers, 0 (the same) to 1, of `wordings`.
    """

    version: str
    seq: int
    conversations: int
    answers: int
    thumbs: Rate
    failed: Rate
    refused: Rate
    first_token_s: float | None
    total_s: float | None
    prompt_tokens: float | None
    reply_tokens: float | None
    edited: float | None
    wordings: int


class Arms:
    """Measures versions. Safe to share between threads."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def measured(self, person: Person, prompt: str, days: int = DAYS) -> Sequence[Arm]:
        """The versions that answered in the last `days`, the newest first.

        Raises NotAllowed, NotFound, StoreUnavailable.
        """
        since = datetime.now(UTC) - timedelta(days=days)
        with self._archive.main.reading() as session:
            require_author(session, person)
            prompts.row(session, prompt)
            counted = rows.counts(session, prompt, since)
            known = prompts.lines(session, counted)
            newest = sorted(known.values(), key=lambda line: -line.seq)[:MOST_VERSIONS]
            read = {
                line.sha: rows.samples(session, prompt, line.sha, since, NEWEST) for line in newest
            }
        return [_arm(line.seq, counted[line.sha], read[line.sha]) for line in newest]


def sentence(old: Arm, new: Arm) -> str:
    """Whether thumbs tell two versions apart, for people who know no statistics."""
    fewest = min((old, new), key=lambda arm: arm.thumbs.count)
    if fewest.thumbs.count < FEWEST:
        return (
            f"Too few to tell: {_judged(fewest)}. From {FEWEST} judged answers of each version on, "
            "a difference can be looked for."
        )
    told = f"{_up(new)}, {_up(old)}."
    chance = difference(old.thumbs, new.thumbs)
    if chance >= CHANCE:
        return (
            f"{told} The difference could be chance: with no difference at all, one as large would "
            f"turn up {_often(chance)}."
        )
    better = new if new.thumbs.share > old.thumbs.share else old
    return (
        f"{told} v{better.seq} does better, and chance hardly explains it: with no difference at "
        f"all, one as large would turn up {_often(chance)}."
    )


def _arm(seq: int, counted: rows.Counts, read: Sequence[Sample]) -> Arm:
    edits = [_distance(one.text, one.better) for one in read if one.better][:_EDITED]
    return Arm(
        version=counted.version,
        seq=seq,
        conversations=counted.conversations,
        answers=counted.answers,
        thumbs=Rate(counted.up, counted.up + counted.down),
        failed=Rate(counted.failed, counted.answers),
        refused=Rate(sum(refuses(one.text) for one in read), len(read)),
        first_token_s=_median(read, lambda one: one.first_token_s),
        total_s=_median(read, lambda one: one.total_s),
        prompt_tokens=_median(read, lambda one: one.prompt_tokens),
        reply_tokens=_median(read, lambda one: one.reply_tokens),
        edited=statistics.fmean(edits) if edits else None,
        wordings=len(edits),
    )


def _median(read: Iterable[Sample], figure: Callable[[Sample], float | None]) -> float | None:
    found = [value for one in read if (value := figure(one)) is not None]
    return statistics.median(found) if found else None


def _distance(text: str, better: str) -> float:
    """The share of words that would have to change."""
    matcher = SequenceMatcher(None, text[:_TEXT].split(), better[:_TEXT].split(), autojunk=False)
    return 1 - matcher.ratio()


def _up(arm: Arm) -> str:
    return f"v{arm.seq}: {arm.thumbs.share:.1%} of {arm.thumbs.count:,} thumbs are up"


def _judged(arm: Arm) -> str:
    count = arm.thumbs.count
    return f"v{arm.seq} has {count} judged answer{'' if count == 1 else 's'}"


def _often(chance: float) -> str:
    if chance < 0.001:
        return "less than once in 1,000 times"
    return f"{round(chance * 100) or 1} times in 100" if chance >= 0.015 else "once in 100 times"
