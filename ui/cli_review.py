"""`chatbot review list|show|judge|flag|export`: what waits for a verdict, on the terminal.

Parse, call, print. Whoever can run them has the database in their hands, so they act as the local
person, or in the name of a reviewer. Texts are masked here as they are on the page.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.cli_base import As, Json, acting, group, opened
from ui.cli_output import note, working, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.review import Filters, Item, Review, Row
    from chatbot.views import Person

review = group("Review: what people rated, flagged or changed, and verdicts on it.")

_PAGE = 200
_RATINGS = {"good": 1, "poor": -1, "skip": 0}

ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")]
Rated = Annotated[Literal["", "up", "down"], typer.Option(help="Rated so by whoever asked.")]
Flagged = Annotated[bool, typer.Option("--flagged", help="Only flagged ones.")]
Tag = Annotated[str, typer.Option(help="Only those with this tag.")]
Model = Annotated[str, typer.Option(help="Only answers of this model, as starter@1.")]
Prompt = Annotated[str, typer.Option(help="Only answers of this prompt.")]
Number = Annotated[int | None, typer.Option(help="Only of this version of the prompt.")]
Kind = Annotated[Literal["", "answer", "reply"], typer.Option(help="Chat answers or desk replies.")]
Edited = Annotated[
    float | None, typer.Option(min=0, max=1, help="Changed by an agent at least so far (0 to 1).")
]
Mood = Annotated[str, typer.Option(help="Only of customers in this mood, as angry.")]
Topic = Annotated[str, typer.Option(help="Only about this, as track_order.")]
Since = Annotated[datetime | None, typer.Option(help="Here since this moment (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Here before this moment (UTC).")]
Verdict = Annotated[Literal["", "good", "poor", "skip"], typer.Option(help="Judged so.")]


@review.command("list")
def list_items(
    *,
    which: Annotated[Literal["open", "done"], typer.Option(help="Open, or judged ones.")] = "open",
    text: Annotated[str, typer.Option(help="Only those with these words.")] = "",
    rated: Rated = "",
    flagged: Flagged = False,
    tag: Tag = "",
    model: Model = "",
    prompt: Prompt = "",
    number: Number = None,
    kind: Kind = "",
    edited: Edited = None,
    mood: Mood = "",
    topic: Topic = "",
    since: Since = None,
    until: Until = None,
    verdict: Verdict = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show at most this many.")] = 50,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """List items, the newest first."""
    given = (rated, flagged, tag, model, prompt, number, kind, edited, mood, topic, since, until)
    with opened() as product:
        person = acting(product, as_login)
        with working("Reading what is new"):
            rows = list(
                _rows(product.review, person, which, text, _filters(*given, verdict), limit)
            )
    if as_json:
        write_json(rows)
        return
    write_rows(
        ("item", "at", "customer", "why", "model", "prompt", "question"),
        (
            (row.id, f"{row.at:%Y-%m-%d %H:%M}", row.customer, row.chip, row.model, _prompt(row),
             row.title)
            for row in rows
        ),
        empty="Nothing waits for a verdict." if which == "open" else "Nothing was judged yet.",
    )  # fmt: skip


@review.command("show")
def show_item(item: ItemId, *, as_login: As = None, as_json: Json = False) -> None:
    """Show an item, masked. The view is recorded in the audit."""
    with opened() as product:
        found = product.review.open(acting(product, as_login), item)
    if as_json:
        write_json(found)
        return
    note(f"Customer {found.row.customer} · {found.recorded}")
    _show_thread(found)
    if found.trace is not None:
        write(f"Model {found.trace.model}, prompt {_prompt(found.row)}")
    for each in found.opinions:
        word = {1: "good", -1: "poor"}.get(each.rating, "skipped")
        tags = f" [{', '.join(each.tags)}]" if each.tags else ""
        write(f"Verdict of {each.reviewer or 'somebody who left'}: {word}{tags}. {each.note}")
        if each.text is not None:
            write(f"Corrected:\n{each.text}")
    for said in found.comments:
        write(f"{said.author or 'Somebody who left'}: {said.text}")


@review.command("judge")
def judge_item(
    item: ItemId,
    verdict: Annotated[Literal["good", "poor", "skip"], typer.Argument(help="The verdict.")],
    *,
    correction: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The answer as it should be; - reads it. Tags stay tags."
        ),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given again.")] = None,
    to_author: Annotated[str, typer.Option("--note", help="A note for the prompt's author.")] = "",
    use: Annotated[bool, typer.Option("--use/--no-use", help="May be trained on, masked.")] = True,
    as_login: As = None,
) -> None:
    """Judge an item; a verdict that one gave before is replaced."""
    text = None
    if correction is not None:
        text = sys.stdin.read() if str(correction) == "-" else correction.read_text("utf-8")
    with opened() as product:
        following = product.review.judge(
            acting(product, as_login),
            item,
            rating=_RATINGS[verdict],  # type: ignore[arg-type]
            text=text,
            tags=tag or (),
            note=to_author,
            use=use,
        )
    note(f"Saved. Next: {following.id}" if following else "Saved. Nothing else waits.")


@review.command("flag")
def flag_answer(
    message: Annotated[str, typer.Argument(metavar="ID", help="An answer, or an item.")],
    *,
    why: Annotated[str, typer.Option("--note", help="Why it is to be looked at.")] = "",
    off: Annotated[bool, typer.Option("--off", help="Take the flag back.")] = False,
    as_login: As = None,
) -> None:
    """Flag an answer, so that a reviewer looks at it; prints the item's id."""
    with opened() as product:
        person = acting(product, as_login)
        if off:
            product.review.unflag(person, message)
            note("The flag is gone.")
        else:
            write(product.review.flag(person, message, why))


@review.command("export")
def export_items(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    *,
    shape: Annotated[
        Literal["openai", "sharegpt", "preference", "csv", "parquet"],
        typer.Option(help="The first three are JSON Lines of what may be learned from."),
    ] = "openai",
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="With real values; for administrators alone.")
    ] = False,
    rated: Rated = "",
    flagged: Flagged = False,
    tag: Tag = "",
    model: Model = "",
    prompt: Prompt = "",
    number: Number = None,
    kind: Kind = "",
    edited: Edited = None,
    mood: Mood = "",
    topic: Topic = "",
    since: Since = None,
    until: Until = None,
    verdict: Verdict = "",
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Write items to a file, masked. The export is recorded in the audit."""
    given = (rated, flagged, tag, model, prompt, number, kind, edited, mood, topic, since, until)
    with opened() as product, working("Writing the file"):
        rows = product.review.export(
            acting(product, as_login),
            _filters(*given, verdict),
            shape,
            file.absolute(),
            masked=not unmasked,
        )
    if as_json:
        write_json({"file": str(file), "shape": shape, "rows": rows})
    else:
        note(f"{rows} rows in {file}")


def _filters(
    rated: str,
    flagged: bool,  # noqa: FBT001  the command's options, in their order
    tag: str,
    model: str,
    prompt: str,
    number: int | None,
    kind: Literal["", "answer", "reply"],
    edited: float | None,
    mood: str,
    topic: str,
    since: datetime | None,
    until: datetime | None,
    verdict: str,
) -> "Filters":
    from chatbot.review import Filters

    return Filters(
        rating={"up": 1, "down": -1}.get(rated),
        flagged=flagged or None,
        tag=tag,
        model=model,
        prompt=prompt,
        number=number,
        kind=kind,
        least_distance=edited,
        mood=mood,
        topic=topic,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
        verdict=_RATINGS.get(verdict),
    )


def _rows(
    service: "Review",
    person: "Person",
    which: Literal["open", "done"],
    text: str,
    filters: "Filters",
    limit: int,
) -> "Iterator[Row]":
    after: str | None = None
    while limit > 0:
        page = service.queue(
            person, which=which, text=text, filters=filters, limit=min(limit, _PAGE), after=after
        )
        yield from page.rows
        limit, after = limit - len(page.rows), page.more
        if after is None:
            return


def _show_thread(found: "Item") -> None:
    for line in found.thread:
        mark = " (judged)" if line.judged else ""
        write(f"{line.role.capitalize()}, {line.at:%Y-%m-%d %H:%M}{mark}:\n{line.text}\n")
    if found.sent is not None:
        write(f"The draft was:\n{found.answer}\n")
    if found.better:
        write(f"Whoever asked would have said:\n{found.better}\n")


def _prompt(row: "Row") -> str:
    return row.prompt if row.number is None else f"{row.prompt} v{row.number}"
