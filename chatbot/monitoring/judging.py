"""Rules → what is broken now, and what may explain it. Reads rows and figures; changes nothing.

A limit is looked for in all answers that the rule names, and in each version under each model by
itself: a model that fails is not hidden by the others. `drop` and `rise` compare the version that
production serves with the one before it, as that did in its last `BEFORE`; a share must also differ
by more than chance would have it (`chatbot.tally.difference`).
"""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatbot.monitoring import measures
from chatbot.monitoring.figures import Figures, Json, merged
from chatbot.monitoring.kinds import TITLES
from chatbot.monitoring.measures import WATCHED, Watched
from chatbot.monitoring.naming import CHANNELS, Names, names
from chatbot.monitoring.views import RuleForm
from chatbot.tally import Rate, difference
from store import answered, hours
from store.alerts import Rule
from store.engine import Session
from store.hours import DAY, Kind, day_of, hour_of

BEFORE = timedelta(days=30)
TO_THE_MINUTE = timedelta(hours=3)
"""Shorter times are looked at to the minute; longer ones in whole hours."""
FROM_HOURS = timedelta(days=2)
"""Longer times than this are read in whole days."""
CHANCE = 0.05
"""How often chance alone may be taken for a difference."""
LOOKED_AT = 5_000
"""Answers that are looked at for a cause, the newest."""

Kinds = Mapping[Kind, Figures]


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that is broken by what `subject` names; `line`: of a plot, "" for all answers."""

    subject: str
    line: str
    value: float
    bound: float
    answers: int
    cause: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look at a rule found. `known`: whose figures were enough to tell (subjects).

    `whole`: the subject that all the others are part of, where that is broken itself.
    """

    broken: tuple[Broken, ...]
    known: frozenset[str]
    whole: str = ""

    def may_begin(self, subject: str) -> bool:
        """Whether something new is said of it: what is broken as a whole says it of its parts."""
        return not self.whole or subject == self.whole


def form_of(rule: Rule) -> RuleForm:
    """A rule as somebody set it."""
    return RuleForm(
        name=rule.name,
        measure=rule.measure,
        how=rule.how,  # type: ignore[arg-type]  # the table's check allows the same words
        threshold=rule.threshold,
        minutes=rule.minutes,
        least=rule.least,
        channel=rule.channel,
        prompt=rule.prompt,
        mail=rule.mail,
        hook=rule.hook,
        active=rule.active,
    )


class Judging:
    """Looks at rules at one moment. `is_local`: whether a model (label) runs on this machine.

    `recent`: the figures of the last so many minutes, for each of these that is short.
    """

    def __init__(
        self,
        session: Session,
        now: datetime,
        is_local: Callable[[str], bool],
        recent: Mapping[int, list[tuple[Kind, Json]]],
    ) -> None:
        self._session = session
        self._now = now
        self._is_local = is_local
        self._windows = {minutes: _by_kind(parts) for minutes, parts in recent.items()}
        self._older: Kinds | None = None
        self._named: Names | None = None

    def judge(self, rule: Rule) -> Judged:
        """What is broken of a rule now."""
        form = form_of(rule)
        watched = WATCHED[form.measure]
        found = {
            kind: figures
            for kind, figures in self._window(form.minutes).items()
            if form.channel in ("", kind.channel) and form.prompt in ("", kind.prompt)
        }
        if form.how in ("above", "below"):
            return self._limited(form, watched, found)
        return self._compared(form, watched, found)

    # Limits --------------------------------------------------------------------------------------

    def _limited(self, form: RuleForm, watched: Watched, found: Kinds) -> Judged:
        whole = self._all(form)
        subjects: dict[str, list[tuple[Kind, Figures]]] = {whole: list(found.items())}
        for kind, figures in found.items():
            if kind.model:
                name = f"{self._names.version(kind.prompt, kind.version)} · {kind.model}"
                subjects.setdefault(name, []).append((kind, figures))
        broken, known = [], set()
        for subject, parts in subjects.items():
            together = merged(figures.plain() for _, figures in parts)
            value, count = watched.value(together)
            if value is None or count < form.least:
                continue
            known.add(subject)
            if measures.broken(form.how, value, form.threshold):
                line = "" if subject == whole else self._line(parts[0][0])
                cause = self._cause(form, watched, parts, together)
                broken.append(Broken(subject, line, value, form.threshold, count, cause))
        if not (broken and broken[0].subject == whole):
            whole = ""
        return Judged(tuple(broken), frozenset(known), whole)

    # Against the version before ------------------------------------------------------------------

    def _compared(self, form: RuleForm, watched: Watched, found: Kinds) -> Judged:
        broken, known = [], set()
        for prompt in sorted({kind.prompt for kind in found if kind.prompt}):
            version = self._names.served(prompt)
            parts = [(kind, one) for kind, one in found.items() if kind.version == version]
            now = merged(one.plain() for _, one in parts)
            value, count = watched.value(now)
            older = self._before(form, watched, prompt, version)
            if value is None or count < form.least or older is None:
                continue
            subject = self._names.version(prompt, version)
            known.add(subject)
            before, _ = watched.value(older)
            bound = measures.bound(form, before, watched.measure.unit)
            if bound is None or not measures.broken(form.how, value, bound):
                continue
            if watched.share and _by_chance(now, older, watched.share):
                continue
            cause = self._cause(form, watched, parts, now)
            line = self._line(parts[0][0])
            broken.append(Broken(subject, line, value, bound, count, cause))
        return Judged(tuple(broken), frozenset(known))

    def _before(
        self, form: RuleForm, watched: Watched, prompt: str, version: str
    ) -> Figures | None:
        """The figures of the newest version before this one that has enough of them."""
        number = self._names.number(version)
        older: dict[int, list[Figures]] = defaultdict(list)
        for kind, figures in self._month().items():
            theirs = self._names.number(kind.version)
            same = kind.prompt == prompt and form.channel in ("", kind.channel)
            if same and number and theirs and theirs < number:
                older[theirs].append(figures)
        for theirs in sorted(older, reverse=True):
            together = merged(one.plain() for one in older[theirs])
            if watched.value(together)[1] >= form.least:
                return together
        return None

    # What may explain it -------------------------------------------------------------------------

    def _cause(
        self,
        form: RuleForm,
        watched: Watched,
        parts: list[tuple[Kind, Figures]],
        together: Figures,
    ) -> str:
        """A sentence, or "" where nothing is known."""
        if watched.measure.name == "errors" and together.errors:
            kind, count = _most(together.errors)
            model = _most({one.model: figures.failed for one, figures in parts if one.model})[0]
            return f"{TITLES[kind]}: {count} of {together.failed}, most of them with {model}."
        if watched.measure.unit == "seconds":
            model = _most({one.model: figures.answers for one, figures in parts if one.model})[0]
            return self._busy(form, model)
        if watched.measure.name == "thumbs" and together.reasons:
            reason, count = _most(together.reasons)
            return f"Said most often of the others: {reason} ({count})."
        return ""

    def _busy(self, form: RuleForm, model: str) -> str:
        """How many answers a model wrote at once, where it was more than one."""
        since = self._now - timedelta(minutes=form.minutes)
        rows = answered.written(self._session, since, self._now, model, LOOKED_AT)
        most = at_once(rows)
        if most < 2:
            return ""
        cores = os.cpu_count() or 1
        on = f" on {cores} processor core{'' if cores == 1 else 's'}"
        return f"{model} wrote {most} answers at once{on if self._is_local(model) else ''}."

    # What is read --------------------------------------------------------------------------------

    def _window(self, minutes: int) -> Kinds:
        """The figures of the last minutes, by kind."""
        if minutes not in self._windows:
            since = self._now - timedelta(minutes=minutes)
            if self._now - since <= FROM_HOURS:
                kept = hours.of_hours(self._session, hour_of(since), self._now)
                parts = [(one.kind, one.figures) for one in kept]
            else:
                kept = hours.of_days(self._session, day_of(since), self._now)
                parts = [(one.kind, one.figures) for one in kept]
            self._windows[minutes] = _by_kind(parts)
            self._named = None  # there may be kinds that it does not know
        return self._windows[minutes]

    def _month(self) -> Kinds:
        if self._older is None:
            kept = hours.of_days(self._session, day_of(self._now - BEFORE), self._now + DAY)
            self._older = _by_kind([(one.kind, one.figures) for one in kept])
        return self._older

    @property
    def _names(self) -> Names:
        if self._named is None:
            kinds = {kind for one in self._windows.values() for kind in one} | set(self._month())
            self._named = names(self._session, kinds)
        return self._named

    def _line(self, kind: Kind) -> str:
        return self._names.of(kind, "prompt")[0]

    @staticmethod
    def _all(form: RuleForm) -> str:
        """How the answers that a rule names are called."""
        if form.prompt:
            return form.prompt
        return (
            f"{CHANNELS.get(form.channel, form.channel)}, all answers"
            if form.channel
            else "All answers"
        )


def at_once(rows: list[tuple[datetime, float]]) -> int:
    """How many of some answers were being written at the same time, at most (end, seconds)."""
    moments = [(end, -1) for end, _ in rows]
    moments += [(end - timedelta(seconds=seconds), 1) for end, seconds in rows]
    going = most = 0
    for _, change in sorted(moments):  # at the same moment, an end comes before a begin
        going += change
        most = max(most, going)
    return most


def _by_kind(parts: list[tuple[Kind, Json]]) -> Kinds:
    several: dict[Kind, list[Json]] = defaultdict(list)
    for kind, figures in parts:
        several[kind].append(figures)
    return {kind: merged(one) for kind, one in several.items()}


def _by_chance(now: Figures, before: Figures, share: str) -> bool:
    return difference(Rate(*now.of(share)), Rate(*before.of(share))) >= CHANCE


def _most(counts: Mapping[str, int]) -> tuple[str, int]:
    return max(counts.items(), key=lambda one: one[1])
