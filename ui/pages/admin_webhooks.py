"""What the Webhooks tab of the Administration page can ask for. For administrators.

The service checks again that the caller administers at this moment. A secret leaves once: to the
page that added its address.
"""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.views import Person
from chatbot.webhooks import Delivery, Hook
from chatbot.webhooks.service import KINDS
from ui.pages.admin_view import moment
from ui.pages.commands import command

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=64)]
Url = Annotated[str, Field(max_length=2100)]
Events = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=20)]


class WebhookCommands:
    """A part of the page's commands."""

    _product: Product

    @command
    def webhooks(self, person: Person) -> Json:
        """Every address, and the events that there are."""
        found = self._product.webhooks.all(person)
        return {"hooks": [_hook(each) for each in found], "events": list(KINDS)}

    @command
    def add_webhook(self, person: Person, *, url: Url, events: Events) -> Json:
        """Add an address; its secret is told now and never again."""
        made = self._product.webhooks.add(person, url=url, events=events)
        return {"secret": made.secret, "hook": _hook(made.hook)}

    @command
    def test_webhook(self, person: Person, *, hook: Id) -> Json:
        """Send an event that says nothing."""
        return {"delivery": _delivery(self._product.webhooks.test(person, hook))}

    @command
    def switch_webhook(self, person: Person, *, hook: Id, active: bool) -> Json:
        """Tell an address from now on, or no longer."""
        return {"hook": _hook(self._product.webhooks.switch(person, hook, active=active))}

    @command
    def remove_webhook(self, person: Person, *, hook: Id) -> Json:
        """Remove an address, and what was to be sent to it."""
        self._product.webhooks.remove(person, hook)
        return {}

    @command
    def deliveries(self, person: Person, *, hook: Id) -> Json:
        """The last deliveries to an address."""
        found = self._product.webhooks.deliveries(person, hook)
        return {"deliveries": [_delivery(each) for each in found]}


def _hook(found: Hook) -> Json:
    last = _delivery(found.last) if found.last else None
    return asdict(found) | {"created_at": moment(found.created_at), "last": last}


def _delivery(found: Delivery) -> Json:
    times = {name: moment(getattr(found, name)) for name in ("created_at", "due_at", "done_at")}
    return asdict(found) | times
