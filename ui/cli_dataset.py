"""`chatbot dataset build|check|list|show|export|remove`: turns to learn from."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ui.cli_base import As, Json, acting, group, opened
from ui.cli_output import note, progress, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.learning.dataset import Bad, Built, Dataset

dataset = group("Datasets: reviewed answers, sent replies and files as turns to learn from.")

SHOWN = 20
"""Bad lines and problems that are named; of more the rest is counted."""


class Source(StrEnum):
    """What of the workspace's own may be learned from."""

    verdict = "verdict"
    correction = "correction"
    reply = "reply"


Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what was judged since then.")
]
Sources = Annotated[
    list[Source] | None,
    typer.Option(help="Only this of the workspace's own; may be given again."),
]
Files = Annotated[
    list[Path] | None,
    typer.Option(help="A JSON Lines or CSV file besides; may be given again."),
]
Distance = Annotated[
    float, typer.Option(min=0, max=1, help="Share of a draft changed for it to be the worse.")
]
Unfounded = Annotated[
    bool, typer.Option("--unfounded", help="Keep replies with personal values from nowhere.")
]
Name = Annotated[str, typer.Argument(help="Its name.")]


@dataset.command()
def build(
    name: Annotated[str, typer.Argument(help="A name of small letters, as corrections-2026-11.")],
    *,
    since: Since = None,
    source: Sources = None,
    file: Files = None,
    only_files: Annotated[
        bool, typer.Option("--only-files", help="Nothing of the workspace's own.")
    ] = False,
    prompt: Annotated[
        str | None, typer.Option(help="Prompt that questions of files are asked with.")
    ] = None,
    least_distance: Distance = 0.1,
    balance: Annotated[
        int | None, typer.Option(min=1, help="Most rows of a label to learn from.")
    ] = None,
    held_out: Annotated[float, typer.Option(min=0, max=0.9, help="Share to test with.")] = 0.1,
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share to watch a run with.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Draws the parts; the same seed draws the same.")] = 0,
    unfounded: Unfounded = False,
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would be built.")] = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Build a dataset: masked, without twins, split by conversation; it never changes."""
    from chatbot.learning.dataset.views import ORIGINS

    chosen: tuple[Any, ...] = (
        () if only_files else tuple(one.value for one in source) if source else ORIGINS
    )
    with opened() as product, progress("Reading turns") as tell:
        built = product.datasets.build(
            acting(product, as_login),
            name,
            since=since.replace(tzinfo=UTC) if since else None,
            sources=chosen,
            files=file or (),
            least_distance=least_distance,
            balance=balance,
            seed=seed,
            held_out=held_out,
            validation=validation,
            prompt=prompt,
            unfounded=unfounded,
            tell=tell,
            dry=dry,
        )
    _tell_bad(built.bad, built.card["bad"])
    if as_json:
        write_json({"name": None if dry else name, "card": built.card, "bad": built.bad})
    else:
        _tell_built(built)


@dataset.command()
def check(
    name: Annotated[str, typer.Argument(help="A dataset's name, or a JSON Lines or CSV file.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="Whose length counts. Default: the one that serves.")
    ] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Name what to look at before it is learned from. Exit 1 when there is something."""
    path = Path(name)
    is_file = path.suffix.lower() in (".csv", ".tsv", ".jsonl", ".json") or path.is_file()
    with opened() as product:
        found = product.datasets.check(
            acting(product, as_login), path if is_file else name, model=model
        )
    if as_json:
        write_json({"rows": found.rows, "counts": found.counts, "problems": found.problems})
    else:
        heads = ("line" if is_file else "row", "kind", "what")
        rows = [(one.number or "-", one.kind, one.sentence) for one in found.problems]
        write_rows(heads, rows[:SHOWN], empty=f"Nothing to look at in {found.rows:,} rows.")
        if found.counts:
            write(", ".join(f"{kind}: {count:,}" for kind, count in found.counts.items()))
    if found.counts:
        raise typer.Exit(1)


@dataset.command("list")
def list_datasets(*, as_login: As = None, as_json: Json = False) -> None:
    """List datasets, the newest first."""
    with opened() as product:
        found = product.datasets.list(acting(product, as_login))
    if as_json:
        write_json(found)
        return
    write_rows(
        ("name", "rows", "train", "validation", "test", "pairs", "built", "hash"),
        (
            (one.name, one.rows, *(one.splits[part] for part in ("train", "validation", "test")),
             one.preference, f"{one.created_at.astimezone():%Y-%m-%d %H:%M}", one.sha[:12])
            for one in found
        ),
        empty="There are no datasets. `chatbot dataset build NAME` makes one.",
    )  # fmt: skip


@dataset.command()
def show(name: Name, *, as_login: As = None, as_json: Json = False) -> None:
    """Show a dataset's card."""
    with opened() as product:
        one = product.datasets.get(acting(product, as_login), name)
    if as_json:
        write_json(one)
        return
    write_rows(("what", "value"), list(_card(one)), empty="The card is empty.")


@dataset.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(help="A file for one part, else a folder.")],
    *,
    split: Annotated[
        Literal["train", "validation", "test"] | None, typer.Option(help="Only this part.")
    ] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Write its rows as JSON Lines: train, validation and test in a folder, or one part."""
    with opened() as product:
        rows = product.datasets.export(acting(product, as_login), name, out, split=split)
    if as_json:
        write_json({"rows": rows, "out": str(out)})
    else:
        write(f"{rows:,} rows: {out}")


@dataset.command()
def remove(name: Name, *, as_login: As = None, as_json: Json = False) -> None:
    """Remove a dataset for good. Models that learned from it stay."""
    with opened() as product:
        product.datasets.remove(acting(product, as_login), name)
    if as_json:
        write_json({"removed": name})
    else:
        write(f"Removed: {name}")


def _tell_bad(bad: "tuple[Bad, ...]", count: int) -> None:
    for one in bad[:SHOWN]:
        note(f"{one.file}:{one.line}: {one.reason}")
    if count > SHOWN:
        note(f"{count - SHOWN:,} more lines were left out.")


def _tell_built(built: "Built") -> None:
    counts = built.card["counts"]
    parts = ", ".join(f"{count:,} {part}" for part, count in counts["split"].items())
    for why, count in built.card["removed"].items():
        write(f"Left out: {count:,} {why}")
    if built.dataset is None:
        write(f"It would have {counts['rows']:,} rows ({parts or 'none'}).")
    else:
        write(f"{built.dataset.name}: {counts['rows']:,} rows ({parts}), {built.dataset.sha[:12]}")


def _card(one: "Dataset") -> list[tuple[str, Any]]:
    card, counts = one.card, one.card["counts"]
    told: list[tuple[str, Any]] = [
        ("name", one.name),
        ("built", f"{one.created_at.astimezone():%Y-%m-%d %H:%M} by {one.actor}"),
        ("hash", one.sha),
        ("rows", f"{one.rows:,}, {one.preference:,} with a worse reply"),
    ]
    for kind in ("split", "source", "label"):
        told += [(f"{kind} {name or '(none)'}", count) for name, count in counts[kind].items()]
    told += [
        (f"prompt {each['prompt'] or '(none)'} {each['version'][:12]}", each["rows"])
        for each in card["prompts"]
    ]
    for name, spread in card["characters"].items():
        words = f"{spread['median']:,}, 95th {spread['p95']:,}, longest {spread['longest']:,}"
        told.append((f"characters of the {name}", words))
    told += [(f"hidden {name}", count) for name, count in card["hidden"].items()]
    told += [(f"left out: {why}", count) for why, count in card["removed"].items()]
    told += [
        (name, card[name])
        for name in ("bad", "rendered by the present version", "no longer rendered as sent")
        if card[name]
    ]
    return told + ([("changed", one.changed)] if one.changed else [])
