"""`chatbot prompts pull|push|export|import`: prompts in folders and files. Parse, call, print."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot.errors import Refused
from ui.cli_base import As, Json, acting, opened, write_new
from ui.cli_output import note, write, write_json, write_rows
from ui.cli_prompts import Name

if TYPE_CHECKING:
    from chatbot.exchange_folder import Step

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all of them.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder, mostly under git.")]
Force = Annotated[
    bool, typer.Option("--force", help="Also what changed on both sides: the side that it is from.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
MOST = 4 * 1024 * 1024
"""Bytes of a file that is taken in."""


def pull_prompts(
    folder: Folder,
    names: Names = None,
    *,
    force: Force = False,
    dry_run: DryRun = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Write what changed in the database into a folder. Stops at a conflict."""
    from chatbot.exchange_folder import ExchangeFolder

    with opened() as product:
        steps = ExchangeFolder(product.authoring).pull(
            acting(product, as_login), folder, names or [], force=force, dry_run=dry_run
        )
    _write_steps(steps, as_json=as_json)


def push_prompts(
    folder: Folder,
    names: Names = None,
    *,
    message: Annotated[str, typer.Option("--note", help="What changed.")] = "",
    force: Force = False,
    dry_run: DryRun = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Save what changed in a folder as new versions. Stops at a conflict; publishes nothing."""
    from chatbot.exchange_folder import ExchangeFolder

    with opened() as product:
        steps = ExchangeFolder(product.authoring).push(
            acting(product, as_login),
            folder,
            names or [],
            note=message,
            force=force,
            dry_run=dry_run,
        )
    _write_steps(steps, as_json=as_json)


def export_prompt(
    name: Name,
    *,
    version: Annotated[
        str | None, typer.Option(help="Number or hash. Default: the newest.")
    ] = None,
    form: Annotated[
        Literal["prompty", "promptfoo", "langfuse"], typer.Option("--format", help="Whose format.")
    ] = "prompty",
    portable: Annotated[
        bool,
        typer.Option(
            "--portable/--source", help="Partials and examples written in, or the source as it is."
        ),
    ] = True,
    output: Annotated[Path | None, typer.Option(help="Write to this new file.")] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Print a prompt in one file for elsewhere."""
    with opened() as product:
        person, authoring = acting(product, as_login), product.authoring
        draft = authoring.open(person, name, version)
        sha = draft.version.sha if draft.version else ""
        text = authoring.give(person, sha, form) if portable else draft.source
    if as_json:
        write_json({"prompt": name, "version": sha, "format": form, "text": text})
    elif output is None:
        write(text, end="" if text.endswith("\n") else "\n")
    else:
        write_new(output, [text])
        note(f"Written to {output}.")


def import_prompt(
    file: Annotated[
        Path, typer.Argument(help="Prompty, or chat JSON of promptfoo or Langfuse; -.")
    ],
    *,
    name: Annotated[str | None, typer.Option(help="Name it so.")] = None,
    message: Annotated[str, typer.Option("--note", help="What it is.")] = "",
    dry_run: DryRun = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Save a prompt from elsewhere as a version. Publishes nothing."""
    text = _read(file)
    with opened() as product:
        from chatbot.authoring import Incoming

        person, authoring = acting(product, as_login), product.authoring
        draft = authoring.take(person, text, name)
        seq = None
        if not dry_run:
            incoming = Incoming(
                draft.prompt,
                draft.source,
                draft.partials,
                draft.examples,
                parent=draft.parent,
                tests=draft.tests,
                tests_parent=draft.tests_sha,
            )
            [saved] = authoring.save_all(person, [incoming], note=message)
            seq = saved.version.seq
    if as_json:
        write_json({"prompt": draft.prompt, "version": seq, "notes": draft.notes})
        return
    for each in draft.notes:
        note(each)
    write(f"{draft.prompt}: " + ("nothing was saved" if seq is None else f"saved as v{seq}"))


def add_to(prompts: typer.Typer) -> None:
    """Put these commands beside the others of `chatbot prompts`."""
    for name, command in (
        ("pull", pull_prompts),
        ("push", push_prompts),
        ("export", export_prompt),
        ("import", import_prompt),
    ):
        prompts.command(name)(command)


def _write_steps(steps: "Sequence[Step]", *, as_json: bool) -> None:
    if as_json:
        write_json(steps)
        return
    write_rows(
        ("prompt", "", "version"),
        ((one.prompt, one.action, f"v{one.version}" if one.version else "new") for one in steps),
        empty="There are no prompts.",
    )


def _read(file: Path) -> str:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            raw = source.read(MOST + 1)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    if len(raw) > MOST:
        raise Refused(f"{file} is larger than {MOST // 1024**2} MiB. No prompt is.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
