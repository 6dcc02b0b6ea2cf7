"""The one door of webhooks, and the task that sends while the server runs."""

from collections.abc import Sequence

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.webhooks.views import Delivery, Hook, NewHook
from store.records import Person


class Webhooks:
    """Adds and removes addresses, for administrators; tells them while the server runs."""

    def __init__(self, archive: Archive, audit: Audit, hosts: Sequence[str]) -> None:
        self._main = archive.main
        self._audit = audit
        self._hosts = frozenset(hosts)

    def add(self, by: Person, *, url: str, events: Sequence[str] = ()) -> NewHook:
        """Add an address; no `events`: all. Raises NotAllowed, AddressRefused."""
        raise NotImplementedError

    def all(self, by: Person) -> list[Hook]:
        """Every address. Raises NotAllowed."""
        raise NotImplementedError

    def test(self, by: Person, hook: str) -> Delivery:
        """Send an event that says nothing, at once. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def switch(self, by: Person, hook: str, *, active: bool) -> Hook:
        """Tell an address from now on, or no longer. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def remove(self, by: Person, hook: str) -> None:
        """Remove an address. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def deliveries(self, by: Person, hook: str) -> list[Delivery]:
        """The last deliveries to an address, newest first. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    async def keep(self) -> None:
        """Send what is due, until cancelled. For the server only."""
