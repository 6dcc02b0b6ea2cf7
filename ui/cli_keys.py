"""Commands about keys of programs: make, change, list, revoke, export, forget. Parse, call, print.

Whoever can run them has the database in their hands, so they act as the local person, who
administers. They work while the server runs, which obeys within seconds.
"""

import asyncio
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli_base import Json, group, opened
from ui.cli_output import is_terminal, note, plain, working, write, write_json, write_rows
from ui.cli_privacy import moved
from ui.cli_users import Role

if TYPE_CHECKING:
    from chatbot.keys import KeyView

SHOWN = 3
"""Models that a line names; the others are counted."""

keys = group("Keys of programs: who may call the API, with what, and how much.")

Named = Annotated[
    str, typer.Argument(metavar="KEY", help="Its name, or its id once it was revoked.")
]


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    *,
    role: Annotated[
        list[Role] | None, typer.Option(help="A role; repeat it for more. Default: chatter.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model or prompt:NAME it may use; repeat it. Default: all."),
    ] = None,
    per_minute: Annotated[int, typer.Option(min=0, help="Requests in a minute; 0: no limit.")] = 60,
    per_month: Annotated[int, typer.Option(min=0, help="Requests in a month.")] = 0,
    tokens_per_minute: Annotated[int, typer.Option(min=0, help="Tokens in a minute.")] = 0,
    tokens_per_month: Annotated[int, typer.Option(min=0, help="Tokens in a month.")] = 0,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this day (local time) on it opens nothing."),
    ] = None,
    store: Annotated[
        bool, typer.Option(help="Keep what it asks as conversations, for review and datasets.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Make a key and print it. It is shown this once; the database keeps its hash."""
    with opened() as product:
        made = product.keys.add(
            product.person(),
            name=name,
            roles=role or (Role.chatter,),
            models=model or (),
            requests_minute=per_minute,
            tokens_minute=tokens_per_minute,
            requests_month=per_month,
            tokens_month=tokens_per_month,
            stores=store,
            expires_at=expires.astimezone() if expires else None,
        )
    if as_json:
        write_json({"token": made.token, "key": made.key})
    else:
        write(made.token)
        note("Copy it now: nobody can show it again.")


@keys.command("edit")
def edit_key(
    key: Named,
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model or prompt:NAME it may use from now on, and no other; repeat."),
    ] = None,
    all_models: Annotated[bool, typer.Option("--all-models", help="It may use all.")] = False,
    per_minute: Annotated[
        int | None, typer.Option(min=0, help="Requests in a minute; 0: no limit.")
    ] = None,
    per_month: Annotated[int | None, typer.Option(min=0, help="Requests in a month.")] = None,
    tokens_per_minute: Annotated[
        int | None, typer.Option(min=0, help="Tokens in a minute.")
    ] = None,
    tokens_per_month: Annotated[int | None, typer.Option(min=0, help="Tokens in a month.")] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this day (local time) on it opens nothing."),
    ] = None,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="It has no end.")] = False,
    as_json: Json = False,
) -> None:
    """Change what a key may: what is named, and nothing else. It holds from the next call on."""
    if (model and all_models) or (expires and never_expires):
        raise typer.BadParameter("Give a choice or its opposite, not both.")
    limits = {
        "requests_minute": per_minute,
        "tokens_minute": tokens_per_minute,
        "requests_month": per_month,
        "tokens_month": tokens_per_month,
    }
    choices = (model, all_models, expires, never_expires)
    if not any(choices) and all(one is None for one in limits.values()):
        raise typer.BadParameter("Say what to change: a limit, the models, or the end.")
    end = expires.astimezone() if expires else None
    with opened() as product:
        by = product.person()
        done = product.keys.edit(
            by,
            product.keys.find(by, key).public_id,
            models=() if all_models else model or None,
            expires_at="never" if never_expires else end,
            **limits,
        )
    if as_json:
        write_json(done)
    else:
        note(f"{plain(done.name)} is changed: {_may(done)}.")


@keys.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """List the keys with what they asked: requests today and this month, by days in UTC."""
    with opened() as product:
        found = product.keys.all(product.person())
    if as_json:
        write_json(found)
    else:
        head = ("name", "ends with", "state", "roles", "models", "today", "month", "expires")
        empty = "There is no key yet. `chatbot keys add NAME` makes one."
        write_rows(head, map(_line, found), empty=empty)


def _may(key: "KeyView") -> str:
    """How much a key may ask, of what, and until when."""
    most = {name.replace("_", " a "): number for name, number in asdict(key.limits).items()}
    limits = [f"{number:,} {name}" for name, number in most.items() if number]
    end = f"until {key.expires.astimezone():%Y-%m-%d}" if key.expires else "without an end"
    return ", ".join(
        [*(limits or ["no limits"]), plain(", ".join(key.models)) or "all models", end]
    )


def _line(key: "KeyView") -> tuple[str, ...]:
    more = len(key.models) - SHOWN
    models = ", ".join(key.models[:SHOWN]) + (f" and {more} more" if more > 0 else "")
    most = key.limits.requests_month
    month = f"{key.usage.month_requests:,}" + (f" of {most:,}" if most else "")
    return (
        key.name,
        f"…{key.ends}",
        key.state if key.revoked is None else f"revoked, {key.public_id}",
        ", ".join(key.roles),
        models or "all",
        f"{key.usage.today_requests:,}",
        month,
        f"{key.expires.astimezone():%Y-%m-%d}" if key.expires else "never",
    )


@keys.command("revoke")
def revoke_key(key: Named, *, as_json: Json = False) -> None:
    """End a key for good: what runs for it stops within seconds. Nothing it asked is deleted."""
    with opened() as product:
        by = product.person()
        done = product.keys.revoke(by, product.keys.find(by, key).public_id)
    if as_json:
        write_json(done)
    else:
        note(f"{plain(done.name)} is revoked.")


@keys.command("export")
def export_key(
    key: Named,
    *,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, or into this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write everything that one key asked, and was answered, to a zip file."""
    with opened() as product:
        by = product.person()
        person = product.keys.person(by, product.keys.find(by, key).public_id)
        with working("Collecting"):
            made = product.privacy.export_of(by, person)
        file = moved(made, output)
    if as_json:
        write_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        write(str(file))


@keys.command("forget")
def forget_key(
    key: Named,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a key and everything that it asked, for good. Asks first on a terminal."""
    with opened() as product:
        by = product.person()
        found = product.keys.find(by, key)
        person = product.keys.person(by, found.public_id)
        if is_terminal(sys.stdin) and not yes and not as_json:
            question = f"Remove the key {plain(found.name)!r} and all it asked for good?"
            typer.confirm(question, abort=True, err=True)
        with working("Removing"):
            done = asyncio.run(product.privacy.forget(by, person))
    if as_json:
        write_json({"key": found.public_id, "rows": done.rows, "stopped": done.stopped})
    else:
        rows = ", ".join(f"{number} {table}" for table, number in sorted(done.rows.items()))
        note(f"Removed the key {plain(found.name)!r} and what it asked: {rows}.")
