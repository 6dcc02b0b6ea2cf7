"""`chatbot tickets import|list|mails|settle|forget`: the desk's tickets on the terminal.

Parse, call, print. Whoever can run them has the database in their hands, so they act as the local
person, or in the name of an agent.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.cli_base import As, Json, acting, group, opened
from ui.cli_output import is_terminal, note, plain, progress, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.desk import Brought, Desk, Row
    from chatbot.views import Person

tickets = group("Tickets: customers' threads that wait for a reply.")

_PAGE = 200


@tickets.command("import")
def import_tickets(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|FOLDER", help="CSV, JSON Lines, JSON, .eml, mbox.")
    ],
    *,
    source: Annotated[
        str,
        typer.Option(help="Name of the system that it comes from; its ids are known by it."),
    ] = "",
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Read tickets from files. What cannot be read is named; tickets that are known go on."""
    from chatbot.ticket_files import read

    with opened() as product:
        person, box = acting(product, as_login), product.settings.mailbox
        own = [box.address] if box else []
        with progress("Importing tickets") as tell:
            threads = read(path, source=f"file:{source}" if source else "file", own=own, tell=tell)
            brought = product.desk.bring(person, threads)
    _tell_brought(brought, as_json=as_json)


@tickets.command("list")
def list_tickets(
    *,
    which: Annotated[
        Literal["all", "new", "mine"], typer.Option(help="Which of the tickets.")
    ] = "all",
    text: Annotated[str, typer.Option(help="Only those with these words.")] = "",
    state: Annotated[
        Literal["", "new", "open", "waiting", "closed"],
        typer.Option(help="Only those in this state; closed ones are shown with it alone."),
    ] = "",
    language: Annotated[str, typer.Option(help="Only those in this language, as en.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show at most this many.")] = 50,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """List tickets: those whose customers wait longest first."""
    with opened() as product:
        person = acting(product, as_login)
        only = {"which": which, "text": text, "state": state, "language": language}
        rows = list(_rows(product.desk, person, only, limit))
    if as_json:
        write_json(rows)
        return
    write_rows(
        ("number", "state", "waits", "language", "mood", "customer", "subject", "assignee"),
        (
            (row.number, row.state, _waits(row.waiting_s), row.language, row.mood, row.customer,
             row.subject, row.assignee or "")
            for row in rows
        ),
        empty="No such ticket waits. `chatbot tickets import FILE` reads some.",
    )  # fmt: skip


@tickets.command("mails")
def mail_state(*, as_json: Json = False) -> None:
    """Say how the desk's mail goes: what is queued, and what nobody knows the fate of."""
    with opened() as product:
        state = product.mailroom.state()
    if as_json:
        write_json(state)
        return
    if not state.address:
        note("There is no mailbox in the settings. docs/mail.md says how to name one.")
    rows = [(name, getattr(state, name)) for name in ("queued", "sending", "failed", "unsure")]
    write_rows(("state", "mails"), rows, empty="")
    if state.unsure or state.failed:
        note("The tickets show which. `chatbot tickets settle REPLY --again` sends one again.")


@tickets.command("settle")
def settle_mail(
    reply: Annotated[str, typer.Argument(metavar="REPLY", help="The reply's id.")],
    *,
    again: Annotated[
        bool, typer.Option("--again/--arrived", help="Send it again, or say that it arrived.")
    ],
    as_login: As = None,
) -> None:
    """Decide about a mail that failed, or that may or may not have gone out."""
    with opened() as product:
        product.mailroom.settle(acting(product, as_login), reply, again=again)
    note("It is sent again while the server runs." if again else "It counts as sent.")


def _rows(desk: "Desk", person: "Person", only: dict[str, str], limit: int) -> "Iterator[Row]":
    after: str | None = None
    while limit > 0:
        page = desk.queue(person, **only, limit=min(limit, _PAGE), after=after)  # type: ignore[arg-type]
        yield from page.rows
        limit, after = limit - len(page.rows), page.more
        if after is None:
            return


def _waits(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for size, sign in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {sign}"
    return "now"


def _tell_brought(brought: "Brought", *, as_json: bool) -> None:
    for each in brought.refused:
        note(f"{each.source}: {each.reason}")
    if as_json:
        write_json(brought)
    else:
        write(
            f"{brought.new} new, {brought.appended} went on, {brought.known} known"
            + (f", {len(brought.refused)} refused" if brought.refused else "")
        )
    if brought.refused and not (brought.new or brought.appended or brought.known):
        raise typer.Exit(1)


@tickets.command("forget")
def forget_customer(
    address: Annotated[str, typer.Argument(help="The customer's e-mail address.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Remove every ticket of a customer who only wrote mails, for good; asks first."""
    with opened() as product:
        person = acting(product, as_login)
        there = product.desk.of_address(person, address)
        if is_terminal(sys.stdin) and not yes and not as_json:
            question = f"Remove {there} tickets of {plain(address)!r} for good?"
            typer.confirm(question, abort=True, err=True)
        gone = product.desk.forget_address(person, address)
    if as_json:
        write_json({"address": address, "tickets": gone})
    else:
        note(f"Removed {gone} tickets of {plain(address)!r}.")
