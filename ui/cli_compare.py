"""The command about comparisons: how they stand. Parse, call, print."""

from typing import Annotated

import typer

from chatbot.tally import Rate
from ui.cli_base import As, Json, acting, group, opened
from ui.cli_output import write_json, write_rows

compare = group("Two models or prompts side by side: how people voted.")
Limit = Annotated[int, typer.Option(min=1, max=100, help="Show at most this many.")]


@compare.callback()
def _group() -> None:
    """A group also with a single command."""


@compare.command("list")
def list_comparisons(*, limit: Limit = 50, as_login: As = None, as_json: Json = False) -> None:
    """List comparisons with their votes: the left side's share, and its 95 % interval."""
    with opened() as product:
        found = product.comparing.standings(acting(product, as_login))[:limit]
    if not as_json:
        empty = "There are no comparisons yet. The Models page begins one, under Compare."
        rows = (
            (one.id, one.left.label, one.right.label, _rate(one.left_wins), one.votes)
            for one in found
        )
        write_rows(("id", "left", "right", "left wins", "votes"), rows, empty=empty)
        return
    write_json(
        [
            {
                "id": one.id,
                "title": one.title,
                "left": one.left.label,
                "right": one.right.label,
                "blind": one.blind,
                "left_wins": one.left_wins.share,
                "interval": list(one.left_wins.interval),
                "decided": one.left_wins.count,
                "ties": one.ties,
                "both_bad": one.both_bad,
                "at": one.at,
            }
            for one in found
        ]
    )


def _rate(found: Rate) -> str:
    return str(found) if found.count else "–"
