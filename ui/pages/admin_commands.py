"""What the Administration page can ask for, one method each. For administrators.

Services check again that the caller administers at this moment. Secrets leave once: a new one-time
link, to the page that asked for it. What people wrote is never shown here; a sample text for the
masking rules comes in, goes out masked, and is neither stored nor logged.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

import chatbot
from chatbot import doctor
from chatbot.accounts import Profile
from chatbot.audit import KEPT_DAYS, Only
from chatbot.bootstrap import Product
from chatbot.errors import Conflict, NotFound, Refused
from chatbot.masking import mask, masked_words
from chatbot.options import Limits, Masking, Retention, read
from chatbot.privacy import CLASSES
from chatbot.storage import storage
from chatbot.views import Person
from ui.pages import admin_view
from ui.pages.admin_keys import KeyCommands
from ui.pages.admin_webhooks import WebhookCommands
from ui.pages.commands import command
from ui.pages.search_commands import SearchCommands

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=64)]
Word = Annotated[str, Field(max_length=60)]
Line = Annotated[str, Field(max_length=400)]
Roles = Annotated[list[Word], Field(max_length=20)]
Group = Literal["retention", "limits", "masking"]
Version = Annotated[int, Field(ge=0, le=2**31)]

Kind = type[Retention] | type[Limits] | type[Masking]

GROUPS: dict[str, Kind] = {"retention": Retention, "limits": Limits, "masking": Masking}
ENTRIES = 50
"""Entries of the record that are shown at once."""

WRONG_WORDS = "That is not what stands above. Type it again, letter by letter."


class AdminCommands(KeyCommands, WebhookCommands, SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._product = product
        self._accounts = product.accounts

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        settings = self._product.settings
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "auth": settings.auth,
            "roles": admin_view.ROLES,
            "groups": admin_view.groups(),
            "classes": list(CLASSES),
            "kept_days": KEPT_DAYS,
            "temporary_minutes": settings.temporary_minutes,
        }

    # People --------------------------------------------------------------------------------------

    @command
    def people(self, person: Person) -> Json:
        """Everyone with an account, by name."""
        found = self._accounts.people(person)
        last = admin_view.last_administrator(found)
        return {"people": [admin_view.person(one, last) for one in found]}

    @command
    def invite(self, person: Person, *, login: Line, name: Line, email: Line, roles: Roles) -> Json:
        """Make an account and the link by which its owner opens it."""
        made = self._accounts.invite(
            person, login=login, name=name, roles=roles, email=email or None
        )
        return {"link": admin_view.link(made)}

    @command
    def new_link(self, person: Person, *, whom: Id) -> Json:
        """A link by which somebody chooses a password."""
        return {"link": admin_view.link(self._accounts.reset_link(person, whom))}

    @command
    def set_roles(self, person: Person, *, whom: Id, roles: Roles) -> Json:
        """Replace somebody's roles."""
        self._accounts.set_roles(person, whom, roles)
        return self.people(person)

    @command
    def set_profile(
        self, person: Person, *, whom: Id, name: Line, email: Line, was_name: Line, was_email: Line
    ) -> Json:
        """Replace somebody's name and e-mail address; `was_…`: what they were on the page."""
        was = Profile(was_name, was_email or None)
        self._accounts.set_profile(person, whom, name, email or None, was)
        return self.people(person)

    @command
    def set_active(self, person: Person, *, whom: Id, active: bool) -> Json:
        """Switch somebody on or off."""
        self._accounts.set_active(person, whom, active=active)
        return self.people(person)

    @command
    def sessions(self, person: Person, *, whom: Id) -> Json:
        """Where somebody is logged in."""
        found = self._accounts.sessions_of(person, whom)
        return {"sessions": [admin_view.session(one) for one in found]}

    @command
    def end_sessions(self, person: Person, *, whom: Id) -> Json:
        """End all of somebody's logins."""
        return {"ended": self._accounts.end_sessions(person, whom)}

    @command
    def held(self, person: Person, *, whom: Id) -> Json:
        """How much is known of somebody, by kind."""
        found = self._product.privacy.held(person, self._accounts.person(person, whom))
        return {"rows": admin_view.rows(found)}

    @command
    async def forget(self, person: Person, *, whom: Id, typed: Line) -> Json:
        """Remove somebody and everything about them. `typed`: their login, or name without one."""
        told = await asyncio.to_thread(self.people, person)
        found = [one for one in told["people"] if one["id"] == whom]
        if not found:
            raise NotFound
        if not same_words(typed, found[0]["login"] or found[0]["name"]):
            raise Refused(WRONG_WORDS)
        leaving = await asyncio.to_thread(self._accounts.person, person, whom)
        done = await self._product.privacy.forget(person, leaving)
        return {"rows": admin_view.rows(done.rows), "stopped": done.stopped}

    # Rules ---------------------------------------------------------------------------------------

    @command
    def options(self, person: Person) -> Json:  # noqa: ARG002
        """Every group of options with its version, and what retention would remove now."""
        stored = {name: self._stored(group) for name, group in GROUPS.items()}
        return stored | {"due": self._product.privacy.due()}

    @command
    def set_options(self, person: Person, *, group: Group, value: Json, version: Version) -> Json:
        """Set a group that was read at `version`; of a conflict both values are told."""
        kind = GROUPS[group]
        try:
            self._product.options.set(person, read(kind, value), version)
        except Conflict as error:
            return {"error": str(error), "code": error.code, "stored": self._stored(kind)}
        return {"stored": self._stored(kind), "due": self._product.privacy.due()}

    @command
    def due(self, person: Person, *, value: Json) -> Json:  # noqa: ARG002
        """What the next run of retention would remove with these days."""
        return {"due": self._product.privacy.due(read(Retention, value))}

    @command
    def try_masking(
        self,
        person: Person,  # noqa: ARG002
        *,
        text: Annotated[str, Field(max_length=5000)],
        value: Json,
    ) -> Json:
        """A sample text as a hosted model would get it under these rules."""
        rules = read(Masking, value).rules(self._product.settings.workspace)
        masked = mask([{"role": "user", "content": text}], rules)
        return {
            "text": masked.messages[-1]["content"],
            "words": masked_words(masked.counts or {}),
        }

    def _stored(self, group: Kind) -> Json:
        return admin_view.option(self._product.options.stored(group))

    # The record ----------------------------------------------------------------------------------

    @command
    def actions(self, person: Person) -> Json:
        """The actions that there are entries of."""
        return {"actions": self._product.audit.actions(person)}

    @command
    def record(
        self,
        person: Person,
        *,
        about: Id = "",
        action: Word = "",
        since: Word = "",
        until: Word = "",
        before: Annotated[int, Field(ge=1, le=2**53)] | None = None,
    ) -> Json:
        """Entries, newest first. Empty filters let everything pass; `until` is not included."""
        found = self._product.audit.entries(
            person, before=before, limit=ENTRIES + 1, **filters(about, action, since, until)
        )
        shown = [admin_view.entry(one) for one in found[:ENTRIES]]
        return {"entries": shown, "more": len(found) > ENTRIES}

    # The system ----------------------------------------------------------------------------------

    @command
    def health(self, person: Person, *, part: Word = "") -> Json:  # noqa: ARG002
        """What the doctor finds in one part; without one, the parts that there are.

        Not the port, which this server listens on.
        """
        known = [one for one in doctor.parts() if one != "port"]
        if part not in known:
            return {"parts": known}
        found = doctor.look(part, self._product.settings)
        return {"findings": [admin_view.finding(one) for one in found]}

    @command
    def system(self, person: Person) -> Json:  # noqa: ARG002
        """Versions, models, and how much room everything takes."""
        product = self._product
        facts, home = product.database.facts(), product.settings.home_folder
        return {
            "version": chatbot.__version__,
            "schema": product.database.schema().current,
            "database": f"{facts.dialect} {facts.library}",
            "journal": facts.journal,
            "home": str(home),
            "models": [
                {"label": one.label, "state": product.registry.state(one.label).state}
                for one in product.registry.list()
            ],
            "storage": admin_view.stored(storage(product.database, home)),
        }


def filters(about: str, action: str, since: str, until: str) -> Only:
    """Which entries of the record are wanted. Times are ISO, with a zone. Raises Refused."""
    return {
        "about": about or None,
        "action": action or None,
        "since": _moment(since),
        "until": _moment(until),
    }


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    raise Refused("A day of the filter is none. Choose it again.")


def same_words(typed: str, expected: str) -> bool:
    """Whether a person typed what was asked for: case and spaces around it do not matter."""
    return typed.strip().casefold() == expected.strip().casefold()
