"""The door of monitoring: figures of what was answered, for whoever may see them; alerts.

    rows that turns leave ─▶ Hours (counting) ─▶ Overview (overview, plots), Page (lists)
                                             └─▶ Rules (judging, telling) ─▶ page, webhook, mail

Nothing here stands on a turn's path: a turn only counts its end in memory (metrics).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotAllowed, Refused
from chatbot.mailbox import Mailbox
from chatbot.monitoring import lists, overview
from chatbot.monitoring.counting import Hours
from chatbot.monitoring.metrics import Metrics
from chatbot.monitoring.reading import LONGEST, Texts
from chatbot.monitoring.rules import Rules
from chatbot.monitoring.telling import Mailer
from chatbot.monitoring.views import (
    CHANNELS,
    GROUPS,
    LENGTHS,
    Group,
    Now,
    Overview,
    Page,
    Period,
    Rule,
    RuleForm,
)
from chatbot.monitoring.window import span_of, window
from chatbot.settings import HostedModel
from store import accounts, answered, watched
from store.columns import now
from store.engine import Session
from store.records import Person

log = logging.getLogger(__name__)

MAY = ("admin", "author", "reviewer")
NOT_YOURS = "Figures are for authors, reviewers and administrators. Ask an administrator."
ROUND = 15.0
"""Seconds between two looks for what changed."""
JUDGE_EVERY = 60.0
"""Seconds between two looks at the rules."""
TIDY_EVERY = 3600.0
MOST_ROWS = 200
MOST_HOURS = 24 * 30

NO_PERIOD = "Choose 24h, 7d or 30d."
NO_GROUP = "Choose prompt, model, channel or arm."
NO_CHANNEL = "Choose chat, desk or api, or all channels."
NO_HOURS = "Mute an alert for 0 hours to 30 days."


@dataclass(frozen=True, slots=True)
class Around:
    """What monitoring asks of the rest of the product.

    `states`: of the turns of this process, see `chatbot.turn`. `hosted`: models behind an API, and
    what they cost. `refuses`: whether a text says that it has no answer.
    """

    states: Callable[[], Iterable[str]]
    hosted: Callable[[], Iterable[HostedModel]]
    refuses: Callable[[str], bool]
    mailbox: Mailbox | None
    workspace: str

    def going(self) -> Now:
        """What is being written, and what waits, in this process."""
        states = list(self.states())
        waiting = sum(state in ("waiting", "loading") for state in states)
        return Now(states.count("writing"), waiting)

    def prices(self) -> dict[str, tuple[float, float]]:
        """What a million tokens read and written cost, by model; those with a price alone."""
        return {one.label: one.price for one in self.hosted() if one.price is not None}

    def is_local(self, model: str) -> bool:
        """Whether a model (label) runs on this machine."""
        return all(one.label != model for one in self.hosted())


class Monitoring:
    """Figures, answers behind them, and alerts. Safe to share between threads."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        analysis: Analysis,
        around: Around,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._archive = archive
        self._around = around
        self._clock = clock
        mailer = Mailer(around.mailbox, around.workspace)
        self._hours = Hours(archive, Texts(archive.main, analysis, around.refuses))
        self._rules = Rules(archive, audit, mailer, around.is_local, self._hours.recent, clock)
        self._judged = self._tidied = 0.0
        self._metrics = Metrics(self._going, self._stored)

    # Looking -------------------------------------------------------------------------------------

    def overview(
        self, by: Person, *, period: Period = "7d", group: Group = "prompt", channel: str = ""
    ) -> Overview:
        """All that the page shows. Raises NotAllowed, Refused, StoreUnavailable."""
        _check(period, group, channel)
        with self._archive.main.reading() as session:
            _require(session, by)
            return overview.overview(
                session,
                self._clock(),
                period,
                group,
                channel,
                limits=self._rules.limits(session, channel),
                prices=self._around.prices(),
                alerts=self._rules.firing(session, channel),
                going=self._around.going(),
            )

    def answers(
        self,
        by: Person,
        *,
        plot: str,
        series: str,
        at: datetime,
        period: Period = "7d",
        group: Group = "prompt",
        channel: str = "",
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """The answers behind a point, the newest first. `after`: of the page before.

        Raises NotAllowed, NotFound, Refused, StoreUnavailable.
        """
        _check(period, group, channel)
        with self._archive.main.reading() as session:
            _require(session, by)
            found = window(session, span_of(period, self._clock()), channel)
            listed = lists.Lists(session, found, by, self._around.refuses, _texts)
            return listed.page(plot, series, at, channel, after, max(1, min(limit, MOST_ROWS)))

    def csv(
        self, by: Person, *, period: Period = "7d", group: Group = "prompt", channel: str = ""
    ) -> Iterator[str]:
        """The table by version, line by line. Raises NotAllowed, Refused, StoreUnavailable."""
        shown = self.overview(by, period=period, group=group, channel=channel)
        return lists.csv_lines(shown.lines)

    # Alerts --------------------------------------------------------------------------------------

    def rules(self, by: Person) -> list[Rule]:
        """All rules, the oldest first. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            _require(session, by)
            return self._rules.all(session)

    def set_rule(self, by: Person, form: RuleForm, rule: str = "") -> Rule:
        """Make a rule, or change the one with this id. Administrators; audited.

        Raises NotAllowed, NotFound, Refused, UnstorableText, StoreUnavailable.
        """
        return self._rules.set(by, form, rule)

    def remove_rule(self, by: Person, rule: str) -> None:
        """Remove a rule and what it found. Administrators; audited. Raises NotAllowed, NotFound."""
        self._rules.remove(by, rule)

    def mute(self, by: Person, alert: str, hours: int = 24) -> None:
        """Say nothing of an alert's rule for a while (0: speak again). `alert`: of `Firing.id`.

        For whoever may see the figures; audited. Raises NotAllowed, NotFound, Refused.
        """
        if not 0 <= hours <= MOST_HOURS:
            raise Refused(NO_HOURS)
        with self._archive.main.writing() as session:
            _require(session, by)
            self._rules.mute(session, by, alert, hours)

    def mute_rule(self, by: Person, rule: str, hours: int = 24) -> None:
        """The same for a rule by its own id, whether it is broken now or not. As `mute`."""
        if not 0 <= hours <= MOST_HOURS:
            raise Refused(NO_HOURS)
        with self._archive.main.writing() as session:
            _require(session, by)
            self._rules.mute_rule(session, by, rule, hours)

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """What Prometheus reads, in the format that it accepts, and its content type. Blocking.

        For whoever the door lets in: counts, and names of models and prompts.
        """
        return self._metrics.exposed(accept)

    # Keeping -------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Keep figures and alerts up to date, until cancelled. For one server at a time."""
        while True:
            try:
                await asyncio.to_thread(self.refresh)
            except Exception as error:  # noqa: BLE001  the next look may succeed
                log.warning("figures were not brought up to date: %s", type(error).__name__)
            await asyncio.sleep(ROUND)

    def refresh(self, *, judge: bool = False) -> int:
        """Make figures of what changed; how many hours. `judge`: look at the rules now, too.

        For one thread at a time. Raises StoreUnavailable.
        """
        count = self.count()
        moment = time.monotonic()
        if judge or not self._judged or moment - self._judged >= JUDGE_EVERY:
            self._judged = moment
            self._rules.begin()
            self._rules.look()
        if not self._tidied or moment - self._tidied >= TIDY_EVERY:
            self._tidied = moment
            self._hours.tidy(self._clock())
            self._rules.tidy()
        return count

    def count(self) -> int:
        """Make figures of what changed, and judge nothing; how many hours. As `refresh`."""
        return self._hours.run(self._clock())

    def _going(self) -> dict[str, float]:
        now = self._around.going()
        return {"turns_running": float(now.running), "turns_waiting": float(now.waiting)}

    def _stored(self) -> dict[str, float]:
        with self._archive.main.reading() as session:
            return watched.gauges(session, self._clock())


def _require(session: Session, by: Person) -> None:
    """Let pass who may see figures now. Raises NotAllowed."""
    if not accounts.has_role(session, by.id, MAY):
        raise NotAllowed(NOT_YOURS)


def _check(period: str, group: str, channel: str) -> None:
    """Raises Refused."""
    wrong = (
        (period not in LENGTHS, NO_PERIOD),
        (group not in GROUPS, NO_GROUP),
        (channel not in ("", *CHANNELS), NO_CHANNEL),
    )
    for is_wrong, said in wrong:
        if is_wrong:
            raise Refused(said)


def _texts(session: Session, ids: list[int]) -> Mapping[int, str]:
    return answered.texts(session, ids, LONGEST)
