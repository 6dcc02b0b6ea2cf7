"""`chatbot train classifier`: a head for mood, intents or names from one's own labelled rows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot import settings as configuration
from chatbot.errors import Refused
from ui.cli_base import Json, group
from ui.cli_output import is_terminal, note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.learning.classify.training import Trained

train = group("Train on your own labelled rows.")


@train.callback()
def _train() -> None:
    """A group, though it has one command yet."""


SHOWN = 20
"""Bad rows that are named; of more the rest is counted."""
LINES = 10
"""Lines of progress where there is no terminal."""


@train.command()
def classifier(
    *,
    task: Annotated[
        Literal["sentiment", "intent", "entities"], typer.Option(help="What the labels are.")
    ],
    data: Annotated[Path, typer.Option(help="CSV or JSON Lines file with labelled rows.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the head. Default: heads/TASK in the home.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Rows to score on. Default: a fifth of the data.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=100, help="Times that all rows are seen.")] = 3,
    lower: Annotated[
        int | None, typer.Option(min=0, help="Layers of the encoder left as they are.")
    ] = None,
    rank: Annotated[int, typer.Option(min=1, max=256, help="Width of the adapters.")] = 16,
    start: Annotated[
        Path | None, typer.Option(help="Folder of a head to go on from, with its form.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fine-tune the sentence encoder on labelled rows. Takes minutes; a kill is resumed."""
    from chatbot.backends.encoder import missing, open_encoder
    from chatbot.learning.classify.training import train as trained
    from chatbot.learning.classify.tuning import Plan

    settings = configuration.load()
    encoder = open_encoder(settings)
    if encoder is None:
        raise Refused(f"A classifier stands on a sentence encoder. {missing(settings)}")
    folder = out or settings.heads_folder / task
    plan = Plan(epochs=epochs, lower=lower, rank=rank, start=start)
    with _progress() as tell:
        found = trained(encoder, task, data, folder, test=test, plan=plan, tell=tell)
    for bad in found.bad[:SHOWN]:
        note(f"Row {bad.row} was left out: {bad.reason}.")
    if len(found.bad) > SHOWN:
        note(f"{len(found.bad) - SHOWN} more rows were left out.")
    _write(found, as_json=as_json)


def _write(found: "Trained", *, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "folder": str(found.folder),
                "learned": found.learned,
                "held_out": found.held_out,
                "bad": len(found.bad),
                "labels": list(found.labels),
                "scores": found.scores,
            }
        )
        return
    rows = [[name, f"{score:.3f}"] for name, score in found.scores.items()]
    write_rows(["on held-out rows", "score"], rows, empty="There are no scores.")
    write(f"Learned from {found.learned} rows, held out {found.held_out}: {found.folder}")


@contextmanager
def _progress() -> Iterator[Callable[[int, int, float], None]]:
    """A bar on a terminal, some lines elsewhere; on stderr, so that stdout holds data alone."""
    if not is_terminal(sys.stderr):
        yield _line
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        bar = bars.add_task("Learning")

        def tell(done: int, steps: int, loss: float) -> None:
            bars.update(bar, completed=done, total=steps, description=f"Learning, loss {loss:.3f}")

        yield tell


def _line(done: int, steps: int, loss: float) -> None:
    every = max(1, steps // LINES)
    if done % every == 0 or done == steps:
        note(f"{done} of {steps} steps, loss {loss:.3f}")
