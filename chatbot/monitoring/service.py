"""The figures of what was answered, for whoever may see them; the hours kept up to date.

Nothing here stands on a turn's path: figures are made of rows that turns left. Knows no page.
"""

from collections.abc import Iterator
from datetime import datetime

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.monitoring.views import Group, Overview, Page, Period, Rule, RuleForm
from store.records import Person


class Monitoring:
    """Figures, answers behind them, and alerts. Safe to share between threads."""

    def __init__(self, archive: Archive, audit: Audit) -> None:
        self._archive = archive
        self._audit = audit

    def overview(
        self, by: Person, *, period: Period = "7d", group: Group = "prompt", channel: str = ""
    ) -> Overview:
        """All that the page shows. Raises NotAllowed, Malformed, StoreUnavailable."""
        raise NotImplementedError

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
        """The answers behind a point, the newest first. Raises NotAllowed, NotFound, Malformed."""
        raise NotImplementedError

    def csv(
        self, by: Person, *, period: Period = "7d", group: Group = "prompt", channel: str = ""
    ) -> Iterator[str]:
        """The table by version, line by line, in full. Raises NotAllowed, Malformed."""
        raise NotImplementedError

    def rules(self, by: Person) -> list[Rule]:
        """All rules, the oldest first. Raises NotAllowed."""
        raise NotImplementedError

    def set_rule(self, by: Person, form: RuleForm, rule: str = "") -> Rule:
        """Make a rule, or change the one with this id. Administrators; audited.

        Raises NotAllowed, NotFound, Malformed.
        """
        raise NotImplementedError

    def remove_rule(self, by: Person, rule: str) -> None:
        """Remove a rule and what it found. Administrators; audited. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def mute(self, by: Person, alert: str, hours: int = 24) -> None:
        """Say nothing of an alert's rule for a while (0: speak again). `alert`: of `Firing.id`.

        Whoever may see the figures; audited. Raises NotAllowed, NotFound, Malformed.
        """
        raise NotImplementedError

    async def keep(self) -> None:
        """Keep figures and alerts up to date, until cancelled. For the server only."""
        raise NotImplementedError
