"""`draft --batch` and `evaluate --batch`: files of rows through a model. Parse, call, print.

The works are opened here, in this process or in those of a cluster, which get the same settings.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot.errors import Refused
from ui.cli_output import note, progress, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.batch import Job, Row, Summary, Work
    from chatbot.settings import Settings

Batch = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A file of many rows in JSON Lines, instead of one."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="With --batch: where results go; the same command goes on after a stop."),
]
On = Annotated[
    Literal["local", "ray"],
    typer.Option(help="With --batch: in this process, or on Ray (see docs/scale.md)."),
]
AtOnce = Annotated[
    int, typer.Option(min=1, max=1000, help="With --batch: rows worked on together, a process.")
]
Processes = Annotated[
    int, typer.Option(min=1, max=10_000, help="With --batch --on ray: processes at most.")
]


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked of a batch on the command line."""

    source: Path
    out: Path
    on: Literal["local", "ray"]
    at_once: int
    processes: int


def given(
    source: Path, out: Path | None, on: Literal["local", "ray"], at_once: int, processes: int
) -> Given:
    """The same, complete. Raises Refused."""
    if out is None:
        raise Refused("--batch needs --out: the file that the results go to.")
    return Given(source, out, on, at_once, processes)


def refuse_alone(out: Path | None) -> None:
    """Raises Refused: --out means nothing here."""
    if out is not None:
        raise Refused("--out goes with --batch.")


def draft(asked: Given, wishes: dict[str, str], login: str | None, *, as_json: bool) -> None:
    """Draft a reply to each row; a row is what /api/drafts takes, with an `id` of its own."""
    from chatbot import settings as configuration

    made = partial(drafting, configuration.load(), wishes, login)
    done = _run("Drafting", _job(asked, made, {"work": "draft", **wishes}))
    _tell(done, asked, "Drafted", as_json=as_json)


def evaluate(asked: Given, model: str, *, as_json: bool) -> None:
    """Ask a model each row and judge its answers."""
    from chatbot import settings as configuration
    from chatbot.batch import evaluating as judged

    made = partial(evaluating, configuration.load(), model)
    done = _run("Evaluating", _job(asked, made, {"work": "evaluate", "model": model}))
    found = judged.figures(asked.out)
    if as_json:
        write_json(_as_dict(done, asked) | asdict(found))
        return
    share = "–" if found.right is None else f"{found.right:.1%}"
    like = "–" if found.similarity is None else f"{found.similarity:.2f}"
    rows = [("right", share), ("likeness", like), *found.faults.items()]
    write_rows(("of the answers", ""), rows, empty="Nothing was judged.")
    _note(done, asked, "Evaluated")


@asynccontextmanager
async def drafting(
    settings: "Settings", wishes: dict[str, str], login: str | None
) -> "AsyncGenerator[Work, None]":
    """The work of drafting, in the process that does it. Raises NotFound, NotAllowed."""
    from chatbot import bootstrap
    from chatbot.backends.cancel import CancelToken
    from ui import drafting as door
    from ui.cli_base import acting

    product = await asyncio.to_thread(bootstrap.build, settings)
    person = acting(product, login)

    async def work(row: "Row") -> "Row":
        asked = door.check(row | wishes)
        draft = await door.drafted(product, person, asked, CancelToken())
        await asyncio.to_thread(door.keep, product, person, asked)
        return door.as_json(draft)

    try:
        yield work
    finally:
        await _left(product)


@asynccontextmanager
async def evaluating(settings: "Settings", model: str) -> "AsyncGenerator[Work, None]":
    """The work of evaluating, in the process that does it. Raises UnknownModel, BackendError."""
    from chatbot import bootstrap
    from chatbot.backends.encoder import open_encoder
    from chatbot.batch.evaluating import judging

    product = await asyncio.to_thread(bootstrap.build, settings)
    try:
        opened = await asyncio.to_thread(product.registry.open, model)
        yield judging(opened, await asyncio.to_thread(open_encoder, settings))
    finally:
        await _left(product)


async def _left(product: Any) -> None:
    """Close what belongs to the running loop, then the product."""
    for label in product.registry.opened():
        await product.registry.open(label).release()
    await asyncio.to_thread(product.close)


def _job(asked: Given, make: Callable[[], Any], options: dict[str, str]) -> "Job":
    from chatbot.batch import Job

    return Job(
        asked.source,
        asked.out,
        make,
        options,
        at_once=asked.at_once,
        on=asked.on,
        processes=asked.processes,
    )


def _run(sentence: str, job: "Job") -> "Summary":
    from chatbot.batch import run

    with progress(sentence) as tell:
        return run(job, tell)


def _as_dict(done: "Summary", asked: Given) -> dict[str, Any]:
    return asdict(done) | {"out": str(asked.out)}


def _tell(done: "Summary", asked: Given, words: str, *, as_json: bool) -> None:
    if as_json:
        write_json(_as_dict(done, asked))
    else:
        write(f"{words}: {done.rows} rows, in {asked.out}")
        _note(done, asked, "")


def _note(done: "Summary", asked: Given, words: str) -> None:
    if words:
        note(f"{words}: {done.rows} rows, in {asked.out}")
    if done.before:
        note(f"{done.before} of them had their result already.")
    if done.failed:
        note(f"{done.failed} failed now; each says why. The first: {done.why}")
