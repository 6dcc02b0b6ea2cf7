"""Rules that alert: set by administrators, looked at again and again, told when they are broken."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from chatbot.archive import Archive
from chatbot.audit import Audit, require_admin
from chatbot.errors import Refused
from chatbot.mail import plain_address
from chatbot.monitoring import measures
from chatbot.monitoring.figures import Json
from chatbot.monitoring.judging import TO_THE_MINUTE, Broken, Judging, form_of
from chatbot.monitoring.measures import DEFAULTS, WATCHED
from chatbot.monitoring.telling import Mailer, hooks_know, sentence, tell_hooks
from chatbot.monitoring.views import CHANNELS, Behind, Firing, Limit, Rule, RuleForm
from store import alerts, hours
from store import errors as store_errors
from store.engine import Session
from store.hours import Kind, hour_of
from store.records import Person

SHORTEST, LONGEST = 5, 30 * 1440
"""Minutes that a rule may look back."""
MOST_LEAST = 1_000_000
KEPT = timedelta(days=365)
"""How long it is kept what was broken."""
CALM = timedelta(minutes=5)
"""How long a rule has to hold before its alert is over: at a limit it may break every minute."""
MADE = "default rules"
"""The reading that says that the first rules were made: who removes them does not get them again.
"""

NO_MEASURE = "There is no such measure. Choose one of the list."
NO_HOW = "Choose above, below, drop or rise."
NO_NAME = "Give the rule a name of at most 100 characters."
NO_TIME = "Let the rule look back 5 minutes to 30 days."
NO_LEAST = "Let the rule wait for 0 answers or more."
NO_LIMIT = "Set a limit above 0. Shares are between 0 and 1, 5 % is 0.05."
NO_CHANNEL = "Choose chat, desk or api, or all channels."
NO_ADDRESS = "That is no mail address. Write one, or leave it empty."
NO_MAIL = "There is no server that takes mail. Set the desk's SMTP server first, or leave it empty."


Recent = Callable[[datetime, datetime], list[tuple[Kind, Json]]]
"""Tells the figures of a time that is not long past, in parts."""


class Rules:
    """The rules of one database."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        mailer: Mailer,
        is_local: Callable[[str], bool],
        recent: Recent,
        clock: Callable[[], datetime],
    ) -> None:
        self._main = archive.main
        self._recent = recent
        self._audit = audit
        self._mailer = mailer
        self._is_local = is_local
        self._clock = clock

    # Setting them --------------------------------------------------------------------------------

    def all(self, session: Session) -> list[Rule]:
        """Every rule as it stands, the oldest first."""
        found = alerts.rules(session)
        going = {rule.id for rule, _ in alerts.open_events(session)}
        last = alerts.last(session, [one.id for one in found])
        now = self._clock()
        return [_rule(one, last.get(one.id), now, firing=one.id in going) for one in found]

    def set(self, by: Person, form: RuleForm, rule: str = "") -> Rule:
        """Make or change a rule. Raises NotAllowed, NotFound, Refused, UnstorableText."""
        form = self._checked(form)
        with self._main.writing() as session:
            require_admin(session, by)
            values: dict[str, Any] = asdict(form)
            if rule:
                self._over(session, rule)  # what it was broken by is judged anew
                kept = alerts.change(session, rule, values)
            else:
                kept = alerts.add(session, by.id, values)
            self._note(session, by, "alert_changed" if rule else "alert_added", kept)
            return _rule(kept, alerts.last(session, [kept.id]).get(kept.id), self._clock())

    def remove(self, by: Person, rule: str) -> None:
        """Remove a rule. Raises NotAllowed, NotFound."""
        with self._main.writing() as session:
            require_admin(session, by)
            self._over(session, rule)
            self._note(session, by, "alert_removed", alerts.remove(session, rule))

    def mute(self, session: Session, by: Person, alert: str, hours: int) -> None:
        """Say nothing of an alert's rule for a while; 0 hours: speak again. Raises NotFound."""
        rule = alerts.rule_of(session, alerts.event(session, alert))
        self.mute_rule(session, by, rule.public_id, hours)

    def mute_rule(self, session: Session, by: Person, rule: str, hours: int) -> None:
        """The same for a rule (public id) that may be unbroken. Raises NotFound."""
        until = self._clock() + timedelta(hours=hours) if hours else None
        kept = alerts.change(session, rule, {"muted_until": until})
        self._note(session, by, "alert_muted", kept, hours=hours)

    def _checked(self, form: RuleForm) -> RuleForm:
        """Raises Refused."""
        watched = WATCHED.get(form.measure)
        wrong = (
            (not form.name.strip() or len(form.name) > 100, NO_NAME),
            (watched is None, NO_MEASURE),
            (form.how not in ("above", "below", "drop", "rise"), NO_HOW),
            (not SHORTEST <= form.minutes <= LONGEST, NO_TIME),
            (not 0 <= form.least <= MOST_LEAST, NO_LEAST),
            (not 0 < form.threshold < 1e9, NO_LIMIT),
            (watched is not None and bool(watched.share) and form.threshold > 1, NO_LIMIT),
            (form.channel not in ("", *CHANNELS), NO_CHANNEL),
            (bool(form.mail.strip()) and plain_address(form.mail) is None, NO_ADDRESS),
            (bool(form.mail.strip()) and not self._mailer.can, NO_MAIL),
        )
        for is_wrong, said in wrong:
            if is_wrong:
                raise Refused(said)
        return RuleForm(**asdict(form) | {"name": form.name.strip(), "mail": form.mail.strip()})

    def _note(
        self, session: Session, by: Person, action: str, rule: alerts.Rule, **more: int
    ) -> None:
        limit = f"{rule.measure} {rule.how} {rule.threshold:g}"
        self._audit.note_in(session, by, action, "alert", rule.public_id, limit=limit, **more)

    # What goes on --------------------------------------------------------------------------------

    def firing(self, session: Session, channel: str = "") -> tuple[Firing, ...]:
        """What goes on now, the newest first; with `channel`: of that one and of all together."""
        found = reversed(alerts.open_events(session))
        now = self._clock()
        return tuple(
            _firing(rule, event, now)
            for rule, event in found
            if not channel or rule.channel in ("", channel)
        )

    def limits(self, session: Session, channel: str = "") -> dict[str, Limit]:
        """The lines that rules draw across plots, the lowest of several."""
        found: dict[str, Limit] = {}
        for rule in alerts.rules(session, active=True):
            watched = WATCHED[rule.measure]
            if rule.how not in ("above", "below") or rule.channel not in ("", channel):
                continue
            if watched.plot not in ("first", "total", "thumbs", "distance", "verdicts"):
                continue
            if watched.measure.name == "unchanged":
                continue  # its plot shows the distance
            text = f"alert {rule.how} {measures.number(rule.threshold, watched.measure.unit)}"
            line = Limit(rule.threshold, text)
            known = found.get(watched.plot)
            if known is None or line.value < known.value:
                found[watched.plot] = line
        return found

    # Looking -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the first rules, once."""
        with self._main.writing() as session:
            if MADE in hours.read_to(session):
                return
            hours.note_read(session, [MADE], self._clock())
            for form in DEFAULTS:
                alerts.add(session, None, asdict(form))

    def look(self) -> None:
        """Judge every rule; begin, go on with and end alerts, and tell of them.

        Raises StoreUnavailable.
        """
        now = self._clock()
        with self._main.reading() as session:
            rules = alerts.rules(session, active=True)
        spans = {one.minutes: timedelta(minutes=one.minutes) for one in rules}
        recent = {
            minutes: self._recent(now - span, now)
            for minutes, span in spans.items()
            if span <= TO_THE_MINUTE
        }
        with self._main.reading() as session:
            judging = Judging(session, now, self._is_local, recent)
            found = {one: judging.judge(one) for one in rules}
            going = alerts.open_events(session)
        known = {(rule.id, event.subject): event for rule, event in going}
        for rule, judged in found.items():
            broken = {one.subject: one for one in judged.broken}
            for subject, one in broken.items():
                event = known.get((rule.id, subject))
                if event is not None:
                    self._go_on(event, one, now)
                elif judged.may_begin(subject):
                    self._begin(rule, one, now)
            for subject, event in _of(known, rule):
                quiet = CALM if subject in judged.known else timedelta(minutes=rule.minutes)
                if subject not in broken and now - event.seen_at >= quiet:
                    self._end(rule, event, now)
        self._tell(now)

    def tidy(self) -> None:
        """Forget what was broken long ago."""
        with self._main.writing() as session:
            alerts.forget_events(session, self._clock() - KEPT)

    def _begin(self, rule: alerts.Rule, broken: Broken, now: datetime) -> None:
        values = {**asdict(broken), "began_at": now, "seen_at": now}
        with self._main.writing() as session:
            try:
                alerts.begin(session, rule.id, values)
            except store_errors.NotFound:
                return  # another process did, or the rule was removed

    def _go_on(self, event: alerts.Event, broken: Broken, now: datetime) -> None:
        values = asdict(broken) | {"seen_at": now}
        del values["subject"]
        values["cause"] = broken.cause or event.cause
        with self._main.writing() as session:
            alerts.seen(session, event.id, values)

    def _end(self, rule: alerts.Rule, event: alerts.Event, now: datetime) -> None:
        with self._main.writing() as session:
            if not self._end_in(session, rule, event, now):
                return
        if event.told_at is not None and not _muted(rule, now):
            self._mailer.ended(rule, _sentence(rule, event))

    def _over(self, session: Session, rule: str) -> None:
        """What goes on of a rule (public id) ends, since it is not judged any more."""
        for known, event in alerts.open_events(session):
            if known.public_id == rule:
                self._end_in(session, known, event, self._clock())

    @staticmethod
    def _end_in(session: Session, rule: alerts.Rule, event: alerts.Event, now: datetime) -> bool:
        """Whether it went on until now. Webhooks that were told of its begin are told."""
        if not alerts.end(session, event.id, now):
            return False
        if not _muted(rule, now) and (event.told_at is not None or hooks_know(session, event)):
            tell_hooks(session, rule, event, "alert.ended", now)
        return True

    def _tell(self, now: datetime) -> None:
        """Tell of what goes on and was not told, unless its rule is muted."""
        with self._main.reading() as session:
            waiting = [
                (rule, event)
                for rule, event in alerts.open_events(session)
                if event.told_at is None and not _muted(rule, now)
            ]
        for rule, event in waiting:
            with self._main.writing() as session:
                tell_hooks(session, rule, event, "alert.began", now)
            if self._mailer.began(rule, _sentence(rule, event), event.cause):
                with self._main.writing() as session:
                    alerts.told(session, event.id, now)


def _of(
    known: dict[tuple[int, str], alerts.Event], rule: alerts.Rule
) -> list[tuple[str, alerts.Event]]:
    return [(subject, event) for (rule_id, subject), event in known.items() if rule_id == rule.id]


def _muted(rule: alerts.Rule, now: datetime) -> bool:
    return rule.muted_until is not None and rule.muted_until > now


def _sentence(rule: alerts.Rule, event: alerts.Event) -> str:
    return sentence(form_of(rule), event.subject, event.value, event.bound)


def _firing(rule: alerts.Rule, event: alerts.Event, now: datetime) -> Firing:
    watched = WATCHED[rule.measure]
    behind = Behind(watched.plot, watched.series or event.line, hour_of(event.seen_at))
    return Firing(
        id=event.public_id,
        rule=rule.public_id,
        name=rule.name,
        text=_sentence(rule, event),
        cause=event.cause,
        subject=event.subject,
        since=event.began_at,
        muted=rule.muted_until if _muted(rule, now) else None,
        behind=behind,
    )


def _rule(rule: alerts.Rule, last: datetime | None, now: datetime, *, firing: bool = False) -> Rule:
    form = form_of(rule)
    muted = rule.muted_until if _muted(rule, now) else None
    unit = WATCHED[rule.measure].measure.unit
    return Rule(rule.public_id, form, measures.said(form), muted, firing, last, unit)
