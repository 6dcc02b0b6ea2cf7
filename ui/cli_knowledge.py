"""`chatbot knowledge add|list|search|remove`: articles on the terminal. Parse, call, print.

Whoever can run them has the database in their hands, so they act as the local person.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot.errors import NotFound, Refused
from ui.cli_base import Json, group, opened
from ui.cli_output import note, progress, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.documents import Bad, Parsed
    from chatbot.knowledge import Added, Article, Knowledge, Row
    from chatbot.views import Person

knowledge = group("Knowledge: the articles that answers and drafts are taken from.")


@knowledge.command("add")
def add_articles(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files and folders to read.")
    ],
    *,
    visibility: Annotated[
        Literal["internal", "public"],
        typer.Option(help="Who sees new articles that do not say it themselves."),
    ] = "internal",
    later: Annotated[
        bool, typer.Option("--later", help="Leave vectors to the server, which computes them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read articles from Markdown, HTML, PDF, DOCX, text and CSV; known files are updated."""
    with opened() as product:
        with progress("Reading articles") as tell:
            added = product.knowledge.add(
                product.person(), _read(paths), tell, visibility=visibility
            )
        if not later:
            with progress("Computing vectors") as tell:
                product.knowledge.embed(tell)
    _tell_added(added, as_json=as_json)


@knowledge.command("list")
def list_articles(
    *,
    text: Annotated[str, typer.Option(help="Only those whose title or file has these words.")] = "",
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """List articles, the latest changed first."""
    with opened() as product:
        found = list(_rows(product.knowledge, product.person(), text, tag, limit))
        state = product.knowledge.state()
    if as_json:
        write_json(found)
        return
    write_rows(
        ("id", "title", "seen by", "language", "passages", "changed", "file"),
        (
            (one.id, one.title, one.visibility, one.language, one.passages,
             f"{one.changed_at.astimezone():%Y-%m-%d %H:%M}", one.source)
            for one in found
        ),
        empty="There are no such articles. `chatbot knowledge add FOLDER` reads some.",
    )  # fmt: skip
    if state.waiting:
        note(f"{state.waiting} passages wait for their vectors; until then words find them.")


@knowledge.command("search")
def search_articles(
    text: Annotated[str, typer.Argument(help="A question, or words.")],
    *,
    most: Annotated[int, typer.Option("--limit", min=1, help="How many passages at most.")] = 5,
    tag: Annotated[list[str] | None, typer.Option(help="Only articles with this tag.")] = None,
    language: Annotated[str, typer.Option(help="Only articles in this language, as en.")] = "",
    public: Annotated[bool, typer.Option("--public", help="Only what customers may see.")] = False,
    as_json: Json = False,
) -> None:
    """Find passages as chats and drafts do, with their scores."""
    with opened() as product:
        hits = product.knowledge.search(
            text, most=most, internal=not public, tags=tag or (), language=language
        )
        fitting = product.knowledge.is_fitting(hits)
        state = product.knowledge.state()
    if as_json:
        write_json([
            {
                "title": hit.title,
                "passage": hit.text,
                "score": round(hit.score, 4),
                "heading": hit.heading,
                "article": hit.article,
                "id": hit.passage,
                "internal": hit.internal,
                "language": hit.language,
                "text_rank": hit.text_rank,
                "meaning_rank": hit.meaning_rank,
            }
            for hit in hits
        ])  # fmt: skip
        return
    write_rows(
        ("score", "by words", "by meaning", "where", "passage"),
        (
            (f"{hit.score:.3f}", hit.text_rank or "-", hit.meaning_rank or "-", hit.label, hit.text)
            for hit in hits
        ),
        empty="Nothing was found.",
    )
    if hits and not fitting:
        note("None of them is likely about this.")
    if state.why_not:
        note(state.why_not)


@knowledge.command("remove")
def remove_article(
    article: Annotated[str, typer.Argument(help="An article's id, or the file it came from.")],
    *,
    as_json: Json = False,
) -> None:
    """Take an article out of knowledge; it is deleted for good after seven days."""
    with opened() as product:
        person = product.person()
        found = _one(product.knowledge, person, article)
        product.knowledge.remove(person, found.row.id)
    if as_json:
        write_json({"removed": found.row.id, "title": found.row.title})
    else:
        write(f"Removed: {found.row.title}")


def _read(paths: list[Path]) -> "Iterator[Parsed | Bad]":
    """Every article under the paths. Raises Refused for a path that is not there."""
    from chatbot.documents import read, read_folder

    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise Refused(f"{missing} is not there.")
    return chain.from_iterable(read_folder(path) if path.is_dir() else read(path) for path in paths)


def _rows(
    service: "Knowledge", person: "Person", text: str, tag: str, limit: int
) -> "Iterator[Row]":
    after = None
    while limit > 0:
        page = service.articles(person, text=text, tag=tag, limit=min(limit, 500), after=after)
        yield from page.rows
        limit, after = limit - len(page.rows), page.after
        if after is None:
            return


def _one(service: "Knowledge", person: "Person", named: str) -> "Article":
    """An article by its id or its source. Raises NotFound."""
    try:
        return service.article(person, named)
    except NotFound:
        for row in _rows(service, person, named, "", 500):
            if row.source == named:
                return service.article(person, row.id)
        raise NotFound(f"No article has the id or the file {named}.") from None


def _tell_added(added: "Added", *, as_json: bool) -> None:
    for source, reason in added.refused:
        note(f"{source}: {reason}")
    if as_json:
        write_json({
            "new": added.new,
            "changed": added.changed,
            "unchanged": added.unchanged,
            "refused": [
                {"source": source, "reason": reason} for source, reason in added.refused
            ],
        })  # fmt: skip
    else:
        write(f"{added.new} new, {added.changed} changed, {added.unchanged} unchanged"
              + (f", {len(added.refused)} refused" if added.refused else ""))  # fmt: skip
    if added.refused and not added.articles:
        raise typer.Exit(1)
