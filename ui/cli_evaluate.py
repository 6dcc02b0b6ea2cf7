"""`chatbot evaluate`: how good a model is at this product's work. Parse, call, print."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot.errors import Refused
from ui import cli_batch
from ui.cli_base import As, Json, opened, refuse_taken, write_new
from ui.cli_evaluate_own import Asked, evaluate_own
from ui.cli_output import is_terminal, note, plain, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.learning.evaluate.measures import Measure
    from chatbot.learning.evaluate.suite import Column, Report

DATA = "CHATBOT_TEST_DATA"
LINES = 10
"""Lines of progress for a model where there is no terminal."""

Progress = Callable[[str, int, int], None]

Cases = Annotated[
    int | None,
    typer.Option(
        min=10,
        max=10_000,
        help="Situations in the sample; with --dataset held-out turns.",
        show_default="400, with --dataset 300",
    ),
]
Baseline = Annotated[
    list[str] | None,
    typer.Option(
        "--baseline",
        "--against",
        metavar="copy|quote|NAME",
        help="Beside it: a model, the passage as it is (copy), its best sentence (quote). "
        "Default: copy and quote; with --dataset the model that production serves.",
    ),
]


def evaluate(
    model: Annotated[str, typer.Argument(help="Name or name@version, as `models list` shows.")],
    *,
    suite: Annotated[
        Literal["starter"], typer.Option(help="Which questions and measures.")
    ] = "starter",
    dataset: Annotated[
        str | None, typer.Option(help="Held-out turns of this dataset, and the gate, instead.")
    ] = None,
    cases: Cases = None,
    general: Annotated[
        int, typer.Option(min=10, max=10_000, help="With --dataset: situations of the suite.")
    ] = 120,
    full: Annotated[bool, typer.Option("--full", help="All situations, in all wordings.")] = False,
    seed: Annotated[int, typer.Option(help="Draws the sample and its values.")] = 0,
    baseline: Baseline = None,
    data: Annotated[
        Path | None, typer.Option(envvar=DATA, help="Folder of the public question sets.")
    ] = None,
    replies: Annotated[
        Path | None, typer.Option(help="Write every reply and verdict to this new JSONL file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="With --dataset: a new .html or .md file for people.")
    ] = None,
    batch: cli_batch.Batch = None,
    out: cli_batch.Out = None,
    on: cli_batch.On = "local",
    at_once: cli_batch.AtOnce = 8,
    processes: cli_batch.Processes = 2,
    as_: As = None,
    as_json: Json = False,
) -> None:
    """Measure a model on held-out support work, beside baselines. Takes minutes.

    With --batch: its answer to each row of a file, judged against the approved reply.

    With --dataset: against its base on your own held-out turns, on the suite, on prompts' tests,
    attacks and bias probes. What may not get worse is the gate of promotion.
    """
    if batch is not None:
        rows = cli_batch.given(batch, out, on, at_once, processes)
        cli_batch.evaluate(rows, model, as_json=as_json)
        return
    cli_batch.refuse_alone(out)
    refuse_taken(replies)
    if dataset is not None:
        _refuse_suite_options(full=full, data=data, replies=replies)
        asked = Asked(model, dataset, _one(baseline), cases, general, seed, as_)
        evaluate_own(asked, report, as_json=as_json)
        return
    if report is not None:
        raise Refused("--report goes with --dataset; --replies writes what the suite found.")
    names = [model, *(["copy", "quote"] if baseline is None else baseline)]
    _by_suite(names, suite, (cases, full, seed), data, replies, as_json=as_json)


def _by_suite(
    names: list[str],
    suite: str,
    sample: tuple[int | None, bool, int],
    data: Path | None,
    replies: Path | None,
    *,
    as_json: bool,
) -> None:
    """Evaluate by the suite, print the table, write the replies. `sample`: cases, all, seed."""
    from chatbot.learning.evaluate.suite import CASES, Options, evaluate

    if data is not None and not data.is_dir():
        raise Refused(f"{data} is no folder. Name the folder of the public question sets.")
    cases, full, seed = sample
    options = Options(suite, None if full else cases or CASES, seed, data)
    with opened() as product, progress() as tell:
        found = evaluate(names, product.registry, product.settings, options, tell)
    if replies is not None:
        _write_replies(replies, found)
    if as_json:
        write_json(found.as_dict())
    else:
        _write_table(found)


def _one(against: list[str] | None) -> str | None:
    """The one model to compare with. Raises Refused."""
    if against is None:
        return None
    if len(against) > 1 or against[0] in ("copy", "quote"):
        raise Refused("With --dataset one model is compared with: --against NAME, once.")
    return against[0]


def _refuse_suite_options(*, full: bool, data: Path | None, replies: Path | None) -> None:
    """Refuse what goes with the suite alone; the public data may be named in the environment."""
    if full or replies is not None or (data is not None and not os.environ.get(DATA)):
        raise Refused("--full, --data and --replies go with the suite. Leave out --dataset.")


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on a terminal, lines elsewhere; on stderr, so that stdout holds data alone."""
    if not is_terminal(sys.stderr):
        yield _line
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    with Bars(console=Console(stderr=True, highlight=False, markup=False)) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: int, of: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(plain(label), total=of)
            bars.update(tasks[label], completed=done)

        yield tell


def _line(label: str, done: int, of: int) -> None:
    if done * LINES // of > (done - 1) * LINES // of:
        note(f"{label}: {done} of {of}")


def _write_table(report: "Report") -> None:
    first = report.columns[0].measures
    heads = ("measure", "target", *(column.model for column in report.columns))
    rows = [
        (one.title, _target(one), *(_cell(column.measures[at]) for column in report.columns))
        for at, one in enumerate(first)
    ]
    rows.append(("perplexity of held-out replies", "", *map(_perplexity, report.columns)))
    rows.append(("seconds", "", *(_seconds(column) for column in report.columns)))
    write_rows(heads, rows, empty="Nothing was measured.")
    for measure in first:
        if measure.note:
            note(f"{measure.title}: {measure.note}.")
    for column in report.columns:
        if column.failed:
            note(f"{column.model}: {len(column.failed)} calls failed. {_named(column)}")
    counts = ", ".join(f"{count} {group}" for group, count in report.groups.items())
    note(f"Cases: {counts}. Intervals: 95 %, Wilson. Seed {report.seed}.")


def _target(measure: "Measure") -> str:
    return f"{'≤' if measure.at_most else '≥'} {measure.target:.0%}"


def _cell(measure: "Measure") -> str:
    """Share, interval, count, and a sign where the target is missed."""
    if measure.value is None or measure.low is None or measure.high is None:
        return "–"
    sign = "" if measure.met else " ✗"
    interval = f"{measure.low * 100:.0f}–{measure.high * 100:.0f}"
    return f"{measure.value:.1%} ({interval}) of {measure.count}{sign}"


def _perplexity(column: "Column") -> str:
    found = column.perplexity
    if found is None:
        return "–"
    return f"{found.per_token:.2f} a token, {found.bits_per_character:.2f} bits a character"


def _seconds(column: "Column") -> str:
    return "–" if column.seconds is None else f"{column.seconds:.0f}"


def _named(column: "Column") -> str:
    cases = [failure["case"] for failure in column.failed]
    more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""
    return f"{'; '.join(cases[:3])}{more}. The first reason: {column.failed[0]['reason']}"


def _write_replies(file: Path, report: "Report") -> None:
    lines = (
        {
            "model": column.model,
            "case": reply.case.id,
            "wall": reply.case.wall,
            "skill": reply.case.skill,
            "messages": reply.case.messages,
            "reference": reply.case.reference,
            "facts": reply.case.facts,
            **asdict(reply.answer),
            "verdicts": [trial._asdict() for trial in reply.trials],
        }
        for column in report.columns
        for reply in column.replies
    )
    write_new(file, (json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    note(f"Replies written to {file}.")
