"""Commands about what is kept: conversations, models, the database. Parse, call, print."""

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from chatbot import settings as configuration
from chatbot.errors import ChatbotError
from ui.cli_base import As, Json, acting, group, opened, write_new
from ui.cli_output import is_terminal, note, plain, working, write, write_json, write_rows

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="Show at most this many.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Of the conversation, as `list` shows it.")]

conversations = group("What was said: list, read, search, export, delete.")
models = group("Models that can answer.")
db = group("The database: upgrade, check, back up, restore.")
GROUPS = {"conversations": conversations, "models": models, "db": db}


@conversations.command("list")
def list_conversations(*, limit: Limit = 50, as_login: As = None, as_json: Json = False) -> None:
    """List conversations: pinned ones first, then the last used."""
    with opened() as product:
        person, today = acting(product, as_login), datetime.now().astimezone()
        groups = product.conversations.groups(person, today=today, limit=limit)
    items = [item for group in groups for item in group.items][:limit]
    if as_json:
        write_json(items)
    else:
        write_rows(
            ("id", "changed", "pinned", "title"),
            ((item.id, _when(item.updated_at), "*" * item.pinned, item.title) for item in items),
            empty="There are no conversations yet. `chatbot chat` begins one.",
        )


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


@conversations.command("show")
def show_conversation(conversation: Id, *, as_login: As = None, as_json: Json = False) -> None:
    """Print the current branch of a conversation."""
    with opened() as product:
        person = acting(product, as_login)
        pages = [product.conversations.open(person, conversation)]
        while pages[0].has_earlier:
            before = pages[0].messages[0].id
            pages.insert(0, product.conversations.open(person, conversation, before=before))
    messages = [message for page in pages for message in page.messages]
    view = replace(pages[-1], messages=messages, has_earlier=False)
    if as_json:
        write_json(view)
        return
    write(f"{view.title}\n{view.prompt} · {view.model} · {_when(view.created_at)}")
    for message in view.messages:
        write(f"\n{message.role}:\n{message.text}")
        if message.note:
            write(f"({message.note})")


@conversations.command("search")
def search_conversations(
    text: Annotated[str, typer.Argument(help="Words to find in titles and messages.")],
    *,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Find conversations by title and text."""
    with opened() as product:
        hits = product.conversations.search(acting(product, as_login), text)
    if as_json:
        write_json(hits)
    else:
        write_rows(
            ("id", "title", "found"),
            ((hit.conversation, hit.title, _joined(hit.snippet)) for hit in hits),
            empty="Nothing was found.",
        )


def _joined(snippet: Any) -> str:
    return "".join(text for text, _ in snippet)


@conversations.command("export")
def export_conversation(
    conversation: Id,
    *,
    form: Annotated[
        Literal["markdown", "json"],
        typer.Option("--format", help="markdown: the current branch; json: the whole tree."),
    ] = "markdown",
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, or into this folder.")
    ] = None,
    as_login: As = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print one conversation, or write it to a file that is not there yet."""
    with opened() as product:
        name, text = product.conversations.export(
            acting(product, as_login), conversation, "json" if as_json else form
        )
    if output is None:
        if as_json or form == "json":
            write_json(json.loads(text))
        else:
            write(text, end="")
        return
    file = output / name if output.is_dir() else output
    write_new(file, [text])
    note(f"Written to {file}.")


@conversations.command("delete")
def delete_conversation(
    conversation: Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Delete one conversation for good. Asks first on a terminal."""
    with opened() as product:
        person = acting(product, as_login)
        title = product.conversations.open(person, conversation, limit=1).title
        if is_terminal(sys.stdin) and not yes and not as_json:
            typer.confirm(f"Delete {plain(title)!r} for good?", abort=True, err=True)
        product.conversations.erase(person, conversation)
    if as_json:
        write_json({"id": conversation, "deleted": True})
    else:
        note(f"Deleted {title!r}.")


@models.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the models that can answer."""
    with opened() as product:
        infos = product.registry.list()
        default = product.registry.resolve().label
    rows = [
        {
            "label": info.label,
            "name": info.name,
            "version": info.version,
            "where": info.where,
            "context": info.context,
            "default": info.label == default,
            "description": info.description,
        }
        for info in infos
    ]
    if as_json:
        write_json(rows)
    else:
        write_rows(
            ("model", "where", "context", "", "description"),
            (
                (
                    row["label"],
                    row["where"],
                    row["context"],
                    "default" if row["default"] else "",
                    row["description"],
                )
                for row in rows
            ),
            empty="There is no model. `chatbot doctor` says why.",
        )


@db.command("upgrade")
def upgrade_database(*, as_json: Json = False) -> None:
    """Make the database, or bring it to the schema of this version."""
    from chatbot import maintenance

    settings = configuration.load()
    with working("Upgrading the database"):
        state = maintenance.upgrade(settings)
    if as_json:
        write_json(state)
    else:
        write(f"Schema {state.current}.")


@db.command("check")
def check_database(*, as_json: Json = False) -> None:
    """Say whether the database can be used by this version."""
    from chatbot import maintenance

    state = maintenance.check_database(configuration.load())
    if as_json:
        write_json(state)
    else:
        write(f"{state.where}\n{state.in_words()}")
    if not state.ok:
        raise ChatbotError(state.problem)


@db.command("backup")
def backup_database(
    file: Annotated[Path, typer.Argument(help="File to write; it may not be there yet.")],
    *,
    as_json: Json = False,
) -> None:
    """Write a consistent copy of the database, also while it is being used."""
    from chatbot import maintenance

    settings = configuration.load()
    with working(f"Backing up to {file}"):
        size = maintenance.backup(settings, file)
    if as_json:
        write_json({"file": str(file), "bytes": size})
    else:
        note(f"{file}: {size / 1e6:.1f} MB.")


@db.command("restore")
def restore_database(
    file: Annotated[Path, typer.Argument(help="A file that `db backup` wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """Fill an empty database from a backup. To replace one, stop Chatbot and move the old away."""
    from chatbot import maintenance

    settings = configuration.load()
    with working(f"Restoring {file}"):
        state = maintenance.restore(settings, file)
    if as_json:
        write_json(state)
    else:
        note(f"Restored. Schema {state.current}.")
