"""What the Administration page can ask for about keys of programs. For administrators.

The service checks again that the caller administers at this moment. A key leaves once: to the page
that made it.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.completions.targets import KINDS
from chatbot.drafting.service import PROMPT
from chatbot.errors import Refused
from chatbot.keys import KeyView
from chatbot.releases import GRADER
from chatbot.views import Person
from ui.pages import admin_view
from ui.pages.admin_view import moment
from ui.pages.commands import command

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=64)]
Word = Annotated[str, Field(max_length=60)]
Line = Annotated[str, Field(max_length=400)]
Roles = Annotated[list[Word], Field(max_length=20)]
Names = Annotated[list[Line], Field(max_length=100)]
Number = Annotated[int, Field(ge=0, le=2_000_000_000)]

ROLES = {
    "chatter": "asks models and prompts",
    "agent": "drafts replies, from internal articles too, and brings tickets in",
    "admin": "reads the figures of /metrics from elsewhere",
}
"""What each role opens for a program. The others open nothing more by a key."""
NO_DAY = "The day on which the key expires is none. Choose it again."
WRONG_NAME = "That is not the name of the key. Type it again, letter by letter."


class KeyCommands:
    """A part of the page's commands."""

    _product: Product

    @command
    def keys(self, person: Person) -> Json:
        """Every key with what it asked lately."""
        return {"keys": [_key(one) for one in self._product.keys.all(person)]}

    @command
    def key_choices(self, person: Person) -> Json:  # noqa: ARG002
        """What a key may be given: roles; models by name and by version, published prompts."""
        infos, releases = self._product.registry.list(), self._product.releases
        names = [name for one in infos for name in (one.name, one.label)]
        found = [one.name for kind in KINDS for one in releases.choices(kind) if one.name != GRADER]
        prompts = sorted(f"prompt:{name}" for name in {*found, PROMPT})
        return {"roles": ROLES, "models": list(dict.fromkeys(names)), "prompts": prompts}

    @command
    def add_key(
        self,
        person: Person,
        *,
        name: Line,
        roles: Roles,
        models: Names,
        requests_minute: Number,
        tokens_minute: Number,
        requests_month: Number,
        tokens_month: Number,
        stores: bool,
        expires: Word,
    ) -> Json:
        """Make a key; it is told now and never again. `expires`: ISO with a zone, or empty."""
        made = self._product.keys.add(
            person,
            name=name,
            roles=roles,
            models=models,
            requests_minute=requests_minute,
            tokens_minute=tokens_minute,
            requests_month=requests_month,
            tokens_month=tokens_month,
            stores=stores,
            expires_at=_moment(expires),
        )
        return {"token": made.token, "key": _key(made.key)}

    @command
    def edit_key(
        self,
        person: Person,
        *,
        key: Id,
        models: Names | None = None,
        requests_minute: Number | None = None,
        tokens_minute: Number | None = None,
        requests_month: Number | None = None,
        tokens_month: Number | None = None,
        expires: Word | None = None,
    ) -> Json:
        """Change what a key may: what is given, and nothing else. `expires`: empty for never."""
        done = self._product.keys.edit(
            person,
            key,
            models=models,
            requests_minute=requests_minute,
            tokens_minute=tokens_minute,
            requests_month=requests_month,
            tokens_month=tokens_month,
            expires_at=None if expires is None else _moment(expires) or "never",
        )
        return {"key": _key(done)}

    @command
    def revoke_key(self, person: Person, *, key: Id) -> Json:
        """End a key for good."""
        return {"key": _key(self._product.keys.revoke(person, key))}

    @command
    def held_key(self, person: Person, *, key: Id) -> Json:
        """How much is known of what a key asked, by kind."""
        owner = self._product.keys.person(person, key)
        return {"rows": admin_view.rows(self._product.privacy.held(person, owner))}

    @command
    async def forget_key(self, person: Person, *, key: Id, typed: Line) -> Json:
        """Remove a key and everything that it asked. `typed`: its name."""
        keys = self._product.keys
        found = await asyncio.to_thread(keys.find, person, key)
        if typed.strip().casefold() != found.name.casefold():
            raise Refused(WRONG_NAME)
        owner = await asyncio.to_thread(keys.person, person, found.public_id)
        done = await self._product.privacy.forget(person, owner)
        return {"rows": admin_view.rows(done.rows), "stopped": done.stopped}


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(NO_DAY) from None
    if found.tzinfo is None:
        raise Refused(NO_DAY)
    return found


def _key(view: KeyView) -> Json:
    limits, usage = view.limits, view.usage
    return {
        "id": view.public_id,
        "name": view.name,
        "ends": view.ends,
        "state": view.state,
        "roles": list(view.roles),
        "models": list(view.models),
        "stores": view.stores,
        "expires": moment(view.expires),
        "revoked": moment(view.revoked),
        "used": moment(view.used),
        "today": {"requests": usage.today_requests, "tokens": usage.today_tokens},
        "month": {"requests": usage.month_requests, "tokens": usage.month_tokens},
        "limits": {
            "requests_minute": limits.requests_minute,
            "tokens_minute": limits.tokens_minute,
            "requests_month": limits.requests_month,
            "tokens_month": limits.tokens_month,
        },
    }
