"""What the Monitor page can ask for, one method each. For administrators, authors and reviewers.

The service asks for the role again, and for an administrator where a rule changes. Figures and ids
go out; no text of a conversation does.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from chatbot.bootstrap import Product
from chatbot.errors import Refused
from chatbot.monitoring.measures import MEASURES
from chatbot.monitoring.views import Group, How, Period, RuleForm
from chatbot.views import Person
from ui.pages import monitor_view
from ui.pages.commands import command
from ui.pages.search_commands import Name, SearchCommands

Json = dict[str, Any]
RuleId = Annotated[str, Field(max_length=200)]
"""Something of the workspace's: everybody who sees the page may see it."""
Line = Annotated[str, Field(max_length=400)]
Moment = Annotated[str, Field(max_length=40)]
Hours = Annotated[int, Field(ge=0, le=24 * 30)]

NO_MOMENT = "That is not a point of this plot. Reload the page."


class SetRule(BaseModel):
    """A rule as the page sends it. What its values may be, the service says."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Name
    measure: Name
    how: How
    threshold: FiniteFloat
    minutes: int
    least: int
    channel: Name = ""
    prompt: Name = ""
    mail: Annotated[str, Field(max_length=320)] = ""
    hook: bool = True
    active: bool = True


class MonitorCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._product = product
        self._monitoring = product.monitoring

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        releases = self._product.releases
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "prompts": [one.name for kind in ("chat", "draft") for one in releases.choices(kind)],
            "may_set": "admin" in person.roles,
            "may_review": "reviewer" in person.roles,
            "may_desk": bool({"agent", "admin"} & set(person.roles)),
        }

    @command
    def overview(
        self, person: Person, *, period: Period = "7d", group: Group = "prompt", channel: Name = ""
    ) -> Json:
        """Figures, plots, versions and alerts of a period."""
        return monitor_view.overview(
            self._monitoring.overview(person, period=period, group=group, channel=channel)
        )

    @command
    def answers(
        self,
        person: Person,
        *,
        plot: Name,
        series: Line,
        moment: Moment,
        period: Period = "7d",
        group: Group = "prompt",
        channel: Name = "",
        after: Name | None = None,
    ) -> Json:
        """The answers behind the point of a plot; `after`: what the page before gave as `more`."""
        return monitor_view.page(
            self._monitoring.answers(
                person,
                plot=plot,
                series=series,
                at=_moment(moment),
                period=period,
                group=group,
                channel=channel,
                after=after,
            )
        )

    # Alerts --------------------------------------------------------------------------------------

    @command
    def rules(self, person: Person) -> Json:
        """Every rule that alerts, and what a rule may watch."""
        return monitor_view.rules(self._monitoring.rules(person), MEASURES)

    @command
    def set_rule(self, person: Person, *, form: SetRule, rule: RuleId = "") -> Json:
        """Make a rule, or change one. For administrators."""
        made = self._monitoring.set_rule(person, RuleForm(**form.model_dump()), rule)
        return {"rule": monitor_view.rule(made)}

    @command
    def remove_rule(self, person: Person, *, rule: RuleId) -> Json:
        """Remove a rule. For administrators."""
        self._monitoring.remove_rule(person, rule)
        return {}

    @command
    def mute(self, person: Person, *, alert: RuleId, hours: Hours = 24) -> Json:
        """Hear nothing of an alert for a while; 0 hours: hear of it again."""
        self._monitoring.mute(person, alert, hours)
        return {}

    @command
    def mute_rule(self, person: Person, *, rule: RuleId, hours: Hours = 24) -> Json:
        """The same for a rule, whether it is broken now or not."""
        self._monitoring.mute_rule(person, rule, hours)
        return {}


def _moment(text: str) -> datetime:
    """A moment with its zone. Raises Refused."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(NO_MOMENT) from None
    if found.tzinfo is None:
        raise Refused(NO_MOMENT)
    return found
