"""Commands about people: who may log in, with which roles. Parse, call, print.

Whoever can run them has the database in their hands, so they act as the local person, who holds
every role. They work while the server runs. A password is asked on the terminal or read from
standard input; never an argument, which other programs of the machine can see.
"""

import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import Refused
from ui.cli_base import Json, group, opened
from ui.cli_output import is_terminal, note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.accounts import Link, PersonView
    from chatbot.bootstrap import Product


class Role(StrEnum):
    """The roles, named here so that `--help` needs no database library."""

    chatter = "chatter"
    agent = "agent"
    author = "author"
    reviewer = "reviewer"
    admin = "admin"


Login = Annotated[str, typer.Argument(metavar="LOGIN", help="What the person logs in with.")]
AsLink = Annotated[
    bool, typer.Option("--link", help="Print a one-time link; its holder chooses the password.")
]

users = group("People: who may log in, and with which roles.")


@users.command("list")
def list_users(*, as_json: Json = False) -> None:
    """List everyone with an account."""
    with opened() as product:
        people = product.accounts.people(product.person())
    if as_json:
        write_json(people)
    else:
        write_rows(
            ("login", "name", "roles", "state", "last seen"),
            (
                (one.login or "", one.name, ", ".join(one.roles), one.state, _when(one.last_seen))
                for one in people
            ),
            empty="Nobody has an account yet. `chatbot users add LOGIN --role admin` makes one.",
        )


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "never"


@users.command("add")
def add_user(
    login: Login,
    *,
    name: Annotated[str | None, typer.Option(help="Name to show; the login by default.")] = None,
    role: Annotated[
        list[Role] | None, typer.Option(help="A role; repeat it for more. Default: chatter.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="E-mail address; logs in like the login.")
    ] = None,
    link: AsLink = False,
    adopt: Annotated[
        bool, typer.Option(help="The person keeps what was said here before there were accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an account. Asks for the password, reads it from standard input, or prints a link."""
    if adopt and link:
        raise typer.BadParameter("it does not go with --link", param_hint="--adopt")
    roles, name = role or [Role.chatter], name or login
    with opened() as product:
        accounts, by = product.accounts, product.person()
        if link:
            made = accounts.invite(by, login=login, name=name, roles=roles, email=email)
            _tell_link(product, made, as_json=as_json)
        else:
            password = _password()
            person = accounts.add(
                by,
                login=login,
                name=name,
                roles=roles,
                email=email,
                password=password,
                adopt=adopt,
            )
            _tell_person(person, as_json=as_json, done="Added")
        if product.settings.auth == "solo":
            note("Nobody logs in yet: set CHATBOT_AUTH=accounts, and start the server again.")


@users.command("edit")
def edit_user(
    login: Login,
    *,
    name: Annotated[str | None, typer.Option(help="Another name to show.")] = None,
    email: Annotated[
        str | None, typer.Option(help="Another e-mail address; empty takes it away.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change someone's name or e-mail address; without options it shows them. The login stays."""
    from chatbot.accounts import Profile

    with opened() as product:
        by = product.person()
        person = product.accounts.find(by, login)
        was = Profile(person.name, person.email)
        if name is not None or email is not None:
            kept = (was.name if name is None else name, was.email if email is None else email)
            person = product.accounts.set_profile(by, person.id, *kept, was)
    if as_json:
        write_json(person)
    else:
        rows = [(person.login or "", person.name, person.email or "")]
        write_rows(("login", "name", "e-mail"), rows, empty="")


@users.command("roles")
def set_roles(
    login: Login,
    roles: Annotated[
        list[Role] | None, typer.Argument(metavar="[ROLE]...", help="New roles, in place of all.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show someone's roles, or replace them. It counts at once, in open pages too."""
    with opened() as product:
        by = product.person()
        person = product.accounts.find(by, login)
        if roles:
            person = product.accounts.set_roles(by, person.id, roles)
    if as_json:
        write_json(person)
    else:
        write(", ".join(person.roles))


@users.command("password")
def set_password(login: Login, *, link: AsLink = False, as_json: Json = False) -> None:
    """Replace someone's password, which ends their sessions, or print a link to a new one."""
    with opened() as product:
        by = product.person()
        person = product.accounts.find(by, login)
        if link:
            made = product.accounts.reset_link(by, person.id)
            _tell_link(product, made, as_json=as_json)
        else:
            product.accounts.set_password(by, person.id, _password())
            person = product.accounts.find(by, login)
            _tell_person(person, as_json=as_json, done="New password for")


@users.command("off")
def switch_off(login: Login, *, as_json: Json = False) -> None:
    """Switch someone off: their sessions and links end at once, and nothing of theirs is deleted.

    The last administrator who can log in stays on.
    """
    _switch(login, active=False, as_json=as_json)


@users.command("on")
def switch_on(login: Login, *, as_json: Json = False) -> None:
    """Let someone log in again who was switched off."""
    _switch(login, active=True, as_json=as_json)


def _switch(login: str, *, active: bool, as_json: bool) -> None:
    with opened() as product:
        by = product.person()
        found = product.accounts.find(by, login)
        person = product.accounts.set_active(by, found.id, active=active)
    if as_json:
        write_json(person)
    else:
        note(f"{person.login} is switched {'on' if active else 'off'}.")


@users.command("limits")
def limits(
    *,
    per_minute: Annotated[
        int | None, typer.Option(min=0, help="Turns that one person may begin in a minute.")
    ] = None,
    per_day: Annotated[int | None, typer.Option(min=0, help="The same in a day.")] = None,
    at_once: Annotated[
        int | None, typer.Option(min=0, help="Answers being written or waiting, for one person.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how much one person may ask, or change it. 0 takes a limit off.

    A running server obeys within seconds. In solo nothing is limited until something is set here.
    """
    from chatbot.options import Limits, read

    asked = {"turns_per_minute": per_minute, "turns_per_day": per_day, "running_turns": at_once}
    changes = {name: number for name, number in asked.items() if number is not None}
    with opened() as product:
        found = product.options.stored(Limits)
        value = read(Limits, found.value.model_dump() | changes)
        if changes:
            product.options.set(product.person(), value, found.version)
    if as_json:
        write_json(value.model_dump())
    else:
        rows = ((name, str(number or "none")) for name, number in value.model_dump().items())
        write_rows(("limit", "number"), rows, empty="")


def _password() -> str:
    if is_terminal(sys.stdin):
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Refused("No password came on standard input. Give it there, or use --link.")
    return password


def _tell_link(product: "Product", link: "Link", *, as_json: bool) -> None:
    address = product.settings.address() + link.path
    if as_json:
        write_json({"link": address, "expires_at": link.expires_at})
    else:
        write(address)
        note(f"Good once, until {_when(link.expires_at)}. Whoever holds it chooses the password.")


def _tell_person(person: "PersonView", *, as_json: bool, done: str) -> None:
    if as_json:
        write_json(person)
    else:
        note(f"{done} {person.login} ({', '.join(person.roles)}).")
