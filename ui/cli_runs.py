"""`chatbot train --dataset D` and `train list|show|stop|resume|settings`. Parse, call, print.

A run is a process of its own: this one follows it and may leave.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot.errors import ChatbotError
from ui.cli_base import As, Json, acting, opened
from ui.cli_output import bar, note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.learning.jobs import Run
    from chatbot.views import Person

Base = Annotated[str, typer.Option(help="Model to start from. Default: the one that answers.")]
Dataset = Annotated[str | None, typer.Option(help="What to learn from: see `dataset list`.")]
Method = Annotated[
    Literal["full", "lora", "preference"],
    typer.Option(help="All weights, a small addition, or from pairs of answers."),
]
Background = Annotated[
    bool, typer.Option("--background", help="Begin it and leave; `train show` tells how it goes.")
]
Chosen = Annotated[str, typer.Argument(metavar="RUN", help="Its id, or the model: tuned@3.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting: `train settings` explains."),
]
LINES = 20
"""Lines of progress where there is no terminal, about."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is begun with."""

    dataset: str
    base: str
    method: str
    name: str
    settings: dict[str, Any]


def start(
    choice: Choice, *, prepare: Path | None, background: bool, as_login: str | None, as_json: bool
) -> None:
    """Begin a run and follow it to its end, or leave; with `prepare` only write its folder."""
    with opened() as product:
        person = acting(product, as_login)
        if prepare is not None:
            product.runs.prepare(person, prepare, **asdict(choice))
            write(f"{prepare} is ready: python -m chatbot.learning.finetune {prepare}")
            return
        run = product.runs.start(person, **asdict(choice))
        _to_its_end(product, person, run, background=background, as_json=as_json)


def values(given: list[str]) -> dict[str, Any]:
    """`NAME=VALUE`s as settings; numbers where they look like numbers."""
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE", param_hint="--set")
        found[name.strip().replace("-", "_")] = _number(text.strip())
    return found


def _number(text: str) -> Any:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def list_runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """List runs, the newest first."""
    with opened() as product:
        product.runs.recover()
        found = product.runs.list(acting(product, as_login), limit)
    if as_json:
        write_json([_as_dict(run) for run in found])
        return
    heads = ("run", "model", "from", "data", "state", "step", "loss")
    rows = [
        (
            run.public_id,
            run.model,
            run.base,
            run.dataset,
            run.state,
            f"{run.step} of {run.steps}",
            _loss(run.best_loss),
        )
        for run in found
    ]
    write_rows(
        heads, rows, empty="There are no runs yet. `chatbot train --dataset NAME` begins one."
    )


def show(
    run: Chosen,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Stay until it has ended.")] = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Show a run: how far it is, its losses and its settings."""
    with opened() as product:
        person = acting(product, as_login)
        product.runs.recover()
        found = product.runs.get(person, run)
        if follow:
            found = _follow(product, person, found)
    if as_json:
        write_json(_as_dict(found))
    else:
        _write(found)


def stop(run: Chosen, *, as_login: As = None, as_json: Json = False) -> None:
    """Ask a run to end and to keep the best it had."""
    with opened() as product:
        found = product.runs.stop(acting(product, as_login), run)
    if as_json:
        write_json(_as_dict(found))
    elif found.state == "stopped":
        write(found.said)
    else:
        write(f"{found.model} stops after this step and keeps the best it had.")


def resume(
    run: Chosen,
    *,
    background: Background = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Go on with a run that was interrupted, failed or stopped, from where it was kept."""
    with opened() as product:
        person = acting(product, as_login)
        product.runs.recover()
        found = product.runs.resume(person, run)
        _to_its_end(product, person, found, background=background, as_json=as_json)


def show_settings(
    *,
    dataset: Dataset = None,
    base: Base = "",
    method: Method = "full",
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Explain every setting of a run, and say what it is by default for a dataset."""
    from chatbot.learning.jobs.checks import explained

    found: dict[str, Any] = {}
    if dataset is not None:
        with opened() as product:
            person = acting(product, as_login)
            found = product.runs.defaults(person, dataset=dataset, base=base, method=method)
    lines = [
        {"name": name, "value": found.get(name), "explained": text}
        for name, text in explained().items()
    ]
    if as_json:
        write_json(lines)
        return
    rows = [(one["name"], _value(one["value"]), one["explained"]) for one in lines]
    write_rows(("setting", "default", "what it is"), rows, empty="There are no settings.")


def add_to(train: typer.Typer) -> None:
    """Add the commands about runs to their group."""
    train.command("list")(list_runs)
    train.command("show")(show)
    train.command("stop")(stop)
    train.command("resume")(resume)
    train.command("settings")(show_settings)


# Following ---------------------------------------------------------------------------------------


def _to_its_end(
    product: "Product", person: "Person", run: "Run", *, background: bool, as_json: bool
) -> None:
    if not background:
        run = _follow(product, person, run)
    if run.state in ("failed", "interrupted"):
        raise ChatbotError(f"Run {run.public_id}: {run.said}")
    if as_json:
        write_json(_as_dict(run))
    elif background:
        write(f"{run.model} is {run.state} as run {run.public_id}.")
    else:
        _write(run)


def _follow(product: "Product", person: "Person", run: "Run") -> "Run":
    """Tell how a run goes until it ends. Ctrl+C stops it; once more leaves it alone."""
    note(f"Run {run.public_id} makes {run.model} from {run.base}.")
    with _telling() as tell:
        for last in (False, True):
            try:
                for found in product.runs.follow(person, run.public_id):
                    run = found
                    tell(run)
            except KeyboardInterrupt:
                if last or run.state != "running":
                    note(f"It goes on. `chatbot train show {run.public_id}` tells how.")
                    raise typer.Exit(1) from None
                product.runs.stop(person, run.public_id)
                note("It stops after this step and keeps the best. Ctrl+C again leaves it alone.")
            else:
                break
    return run


@contextmanager
def _telling() -> Iterator[Callable[["Run"], None]]:
    """A bar on a terminal, some lines elsewhere."""
    with bar("Waiting") as move:
        yield _lines() if move is None else lambda run: move(run.step, run.steps, _phase(run))


def _lines() -> Callable[["Run"], None]:
    told = {""}

    def tell(run: "Run") -> None:
        share = run.step * LINES // run.steps if run.steps else 0
        key = f"{run.state} {run.facts.get('phase', '')} {share}"
        if key not in told:
            told.add(key)
            note(f"{run.model}, step {run.step} of {run.steps}: {_phase(run)}")

    return tell


def _phase(run: "Run") -> str:
    """What it does just now, in a few words."""
    if run.state not in ("running", "stopping"):
        return run.state
    phase = str(run.facts.get("phase", "preparing"))
    if phase != "training" or run.best_loss is None:
        return phase
    speed = f", {run.tokens_s:,.0f} tokens/s" if run.tokens_s else ""
    left = f", about {run.left_s / 60:.0f} min left" if run.left_s else ""
    return f"training, best loss {run.best_loss:.3f} at {run.best_step}{speed}{left}"


# Printing ----------------------------------------------------------------------------------------


def _write(run: "Run") -> None:
    rows = [
        ("run", run.public_id),
        ("model", run.model),
        ("from", run.base),
        ("data", run.dataset),
        ("method", run.method),
        ("state", run.state),
        ("step", f"{run.step} of {run.steps}"),
        ("best loss", f"{_loss(run.best_loss)} at step {run.best_step}"),
        ("minutes", f"{run.seconds / 60:.1f}"),
        *((f"  {name}", _value(value)) for name, value in sorted(run.settings.items())),
    ]
    write_rows(("", ""), rows, empty="")
    checks = [one for one in run.points if one.validation_loss is not None]
    for one in checks:
        note(f"step {one.step}: validation loss {_loss(one.validation_loss)}")
    if run.said:
        write(run.said)


def _as_dict(run: "Run") -> dict[str, Any]:
    found = asdict(run)
    found["id"] = found.pop("public_id")
    del found["dataset_id"]
    return found


def _loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _value(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
