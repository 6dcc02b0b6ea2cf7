"""`chatbot train`: a model from a dataset, and `train classifier`: a head from labelled rows.

Runs of models are in cli_runs.py.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot import settings as configuration
from chatbot.errors import Refused
from ui import cli_runs
from ui.cli_base import As, Json, group
from ui.cli_output import bar, note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.learning.classify.training import Trained

train = group(
    "Fine-tune a model on a dataset and compare it with its base, or train a classifier. "
    "Ctrl+C stops a run and keeps the best."
)
cli_runs.add_to(train)


@train.callback(invoke_without_command=True)
def _train(
    context: typer.Context,
    *,
    dataset: cli_runs.Dataset = None,
    base: cli_runs.Base = "",
    method: cli_runs.Method = "full",
    name: Annotated[str, typer.Option(help="Name of the result; versions count on.")] = "tuned",
    epochs: Annotated[float | None, typer.Option(help="Passes over the rows.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Minutes at most.")] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate at its peak.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draws the order and the values.")] = None,
    sample: Annotated[
        list[str] | None, typer.Option(metavar="QUESTION", help="Asked at every check.")
    ] = None,
    more: cli_runs.Settings = None,
    prepare: Annotated[
        Path | None, typer.Option(help="Only write this folder, to be trained by torchrun.")
    ] = None,
    background: cli_runs.Background = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Fine-tune a model on a dataset."""
    if context.invoked_subcommand is not None:
        if dataset is not None:
            raise typer.BadParameter("it goes with no further command", param_hint="--dataset")
        return
    if dataset is None:
        raise typer.BadParameter("say what to learn from", param_hint="--dataset")
    named = {"epochs": epochs, "minutes": minutes, "rate": rate, "seed": seed, "samples": sample}
    cli_runs.start(
        cli_runs.Choice(dataset, base, method, name, named | cli_runs.values(more or [])),
        prepare=prepare,
        background=background,
        as_login=as_login,
        as_json=as_json,
    )


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
    """A bar on a terminal, some lines elsewhere."""
    with bar("Learning") as move:

        def tell(done: int, steps: int, loss: float) -> None:
            if move is None:
                _line(done, steps, loss)
            else:
                move(done, steps, f"Learning, loss {loss:.3f}")

        yield tell


def _line(done: int, steps: int, loss: float) -> None:
    every = max(1, steps // LINES)
    if done % every == 0 or done == steps:
        note(f"{done} of {steps} steps, loss {loss:.3f}")
