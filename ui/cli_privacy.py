"""Commands about what is known of people: export, forget, retention, audit. Parse, call, print.

Whoever is at the machine's terminal acts as the local person, who administers.
"""

import asyncio
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import Refused
from ui.cli_base import Json, group, opened, write_new
from ui.cli_data import db
from ui.cli_output import is_terminal, note, plain, working, write, write_json, write_rows
from ui.cli_users import users

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.views import Person

audit = group("Who did what, and when: list, export.")
GROUPS = {"audit": audit}

Login = Annotated[
    str | None, typer.Argument(metavar="[LOGIN]", help="Whose data. Default: the local person's.")
]
Who = Annotated[str | None, typer.Option(metavar="LOGIN", help="Only what this person did.")]
About = Annotated[
    str | None,
    typer.Option(metavar="LOGIN", help="Only what this person did, or had done to them."),
]
Action = Annotated[str | None, typer.Option(help="Only this action, such as `sign_in`.")]
DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Since = Annotated[datetime | None, typer.Option(formats=DAY, help="From this day (local time) on.")]
Until = Annotated[datetime | None, typer.Option(formats=DAY, help="Before this day (local time).")]


@users.command("export")
def export_person(
    login: Login = None,
    *,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, or into this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write everything about one person to a zip file."""
    with opened() as product:
        person = _person(product, login)
        with working("Collecting"):
            made = product.privacy.export_of(product.person(), person)
        file = moved(made, output)
    if as_json:
        write_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        write(str(file))


def moved(made: Path, output: Path | None) -> Path:
    """Move an export to where it is wanted. Raises Refused: a file is there, or it cannot be."""
    folder = Path.cwd() if output is None else output
    file = folder / made.name if folder.is_dir() else folder
    if file.exists():
        made.unlink()
        raise Refused(f"{file} is there already. Name another file.")
    try:
        shutil.move(made, file)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None
    return file


@users.command("forget")
def forget_person(
    login: Login = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove one person and everything about them, for good. Asks first on a terminal.

    A running server lets go of what it holds in memory within a minute.
    """
    with opened() as product:
        person = _person(product, login)
        if is_terminal(sys.stdin) and not yes and not as_json:
            question = f"Remove everything about {plain(person.name)!r} for good?"
            typer.confirm(question, abort=True, err=True)
        with working("Removing"):
            done = asyncio.run(product.privacy.forget(product.person(), person))
    if as_json:
        write_json({"person": person.public_id, "rows": done.rows, "stopped": done.stopped})
    else:
        rows = ", ".join(f"{number} {table}" for table, number in sorted(done.rows.items()))
        note(f"Removed everything about {person.name!r}: {rows or 'there was nothing'}.")


def _person(product: "Product", login: str | None) -> "Person":
    """Someone by login, or the local person. Raises NotFound."""
    me = product.person()
    if login is None:
        return me
    return product.accounts.person(me, product.accounts.find(me, login).id)


@db.command("retention")
def run_retention(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, but remove nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Remove for good what was kept for its days. The server does so every hour."""
    with opened() as product:
        if dry_run:
            found = product.privacy.due()
        else:
            with working("Removing"):
                found = product.privacy.run_retention(product.person())
    if as_json:
        write_json(found)
        return
    head = "would go" if dry_run else "removed"
    write_rows(("class", head), found.items(), empty="There is nothing to keep in order.")


@audit.command("list")
def list_entries(
    *,
    actor: Who = None,
    about: About = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show at most this many.")] = 50,
    as_json: Json = False,
) -> None:
    """List entries, newest first."""
    from chatbot.audit import plain as as_plain

    with opened() as product:
        me = product.person()
        found = product.audit.entries(
            me,
            actor=_id(product, actor),
            about=_id(product, about),
            action=action,
            since=_local(since),
            until=_local(until),
            limit=limit,
        )
    if as_json:
        write_json([as_plain(entry) for entry in found])
        return
    write_rows(
        ("when", "who", "action", "what", "detail"),
        (
            (
                f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
                entry.actor or entry.actor_id or "the program",
                entry.action,
                f"{entry.kind} {entry.subject_name or entry.subject}".strip(),
                ", ".join(f"{name} {value}" for name, value in entry.detail.items()),
            )
            for entry in found
        ),
        empty="There are no entries.",
    )


@audit.command("export")
def export_entries(
    *,
    actor: Who = None,
    about: About = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print all entries as lines of JSON, or write them to a file that is not there yet."""
    with opened() as product:
        lines = product.audit.export(
            product.person(),
            actor=_id(product, actor),
            about=_id(product, about),
            action=action,
            since=_local(since),
            until=_local(until),
        )
        if output is None:
            for line in lines:
                write(line, end="")
            return
        write_new(output, lines)
    note(f"Written to {output}.")


def _id(product: "Product", login: str | None) -> str | None:
    return None if login is None else _person(product, login).public_id


def _local(day: datetime | None) -> datetime | None:
    return None if day is None else day.astimezone()
