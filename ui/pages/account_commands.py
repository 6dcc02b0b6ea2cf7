"""What a person can ask of their own account, one method each. For everybody.

Every call is about the caller alone: no command takes the id of a person, and the id of a login is
looked for among the caller's own.
"""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from chatbot.accounts import Profile
from chatbot.bootstrap import Product
from chatbot.errors import NotFound, Refused
from chatbot.passwords import LONGEST, SHORTEST
from chatbot.views import Person
from ui.cookies import Cookies
from ui.pages import admin_view
from ui.pages.admin_commands import WRONG_WORDS, Id, Line, same_words
from ui.pages.commands import command
from ui.pages.search_commands import SearchCommands

Json = dict[str, Any]
Password = Annotated[str, Field(max_length=LONGEST)]

NOTHING_TO_CHANGE = "This account has no password. You log in with another server's account."
NO_LOGIN = "There is no login here: whoever uses this machine uses this account."


class AccountCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._product = product
        self._accounts = product.accounts
        self._cookies = Cookies(secure=product.settings.https)
        # One at a time: a password takes a thread for a while, and everybody needs threads.
        self._comparing = asyncio.Semaphore(1)

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "roles": {name: admin_view.ROLES[name] for name in person.roles},
            "auth": self._product.settings.auth,
            "account": self._own(person),
            "gives_address": not self._accounts.joins_addresses,
            "rows": admin_view.rows(self._product.privacy.held(person, person)),
            "shortest": SHORTEST,
        }

    @command
    def sessions(self, person: Person, request: Any) -> Json:
        """Where the caller is logged in."""
        found = self._accounts.sessions(person, self._token(request))
        return {"sessions": [admin_view.session(one) for one in found]}

    @command
    def end_session(self, person: Person, *, session: Id) -> Json:
        """End one of the caller's logins."""
        self._accounts.end_session(person, session)
        return {}

    @command
    async def change_password(
        self, person: Person, request: Any, *, old: Password, new: Password
    ) -> Json:
        """Replace the caller's password; their other logins end."""
        account = await asyncio.to_thread(self._own, person)
        if account is None:
            raise Refused(NO_LOGIN)
        if not account["password"]:
            raise Refused(NOTHING_TO_CHANGE)
        client = getattr(request, "client", None)
        address, token = client.host if client else "", self._token(request)
        async with self._comparing:
            await asyncio.to_thread(
                lambda: self._accounts.change_password(person, token, old, new, address=address)
            )
        return {}

    @command
    def set_profile(
        self, person: Person, *, name: Line, email: Line, was_name: Line, was_email: Line
    ) -> Json:
        """Replace the caller's name and e-mail address; `was_…`: what they were on the page."""
        if self._own(person) is None:
            raise Refused(NO_LOGIN)
        was = Profile(was_name, was_email or None)
        changed = self._accounts.set_own(person, name, email or None, was)
        return {"account": admin_view.person(changed, None)}

    @command
    async def delete(self, person: Person, *, typed: Line) -> Json:
        """Remove the caller and everything about them. `typed`: their login, or name without one.

        Without a login the account itself stays, and is empty.
        """
        account = await asyncio.to_thread(self._own, person)
        expected = account["login"] if account and account["login"] else person.name
        if not same_words(typed, expected):
            raise Refused(WRONG_WORDS)
        done = await self._product.privacy.forget(person, person)
        return {"rows": admin_view.rows(done.rows)}

    def _own(self, person: Person) -> Json | None:
        """The caller's account; None for the one person of `solo`, who has none."""
        if self._product.settings.auth == "solo":
            return None
        try:
            return admin_view.person(self._accounts.own(person), None)
        except NotFound:
            return None

    def _token(self, request: Any) -> str:
        """What the caller's login is known by; nothing in `solo`."""
        if self._product.settings.auth == "solo":
            return ""
        return self._cookies.session(request.headers)
