"""`chatbot prompts test`: runs a prompt's cases, or attacks it, and says what failed.

Parses, calls, prints. Knows services by name only.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatbot.errors import Refused
from ui.cli_base import As, Json, acting, opened
from ui.cli_output import bar, note, plain, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.testing import CellView, Progress, RunView

LINES = 10
"""Lines of progress where there is no terminal."""
SIGNS = {"passed": "✓", "failed": "✗", "error": "!"}


def run_tests(
    prompt: Annotated[
        str, typer.Argument(metavar="NAME|FOLDER", help="A prompt, or a folder with one.")
    ],
    *,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Model to ask; may be given again.")
    ] = None,
    version: Annotated[
        list[str] | None,
        typer.Option(
            "--version",
            help="Number, hash, newest, production or staging; may be given again. Default: what "
            "production serves and the newest.",
        ),
    ] = None,
    repeat: Annotated[
        int | None, typer.Option(min=1, max=20, help="Ask each case so often. Default: as it says.")
    ] = None,
    suite: Annotated[
        Literal["tests", "injection"], typer.Option(help="The prompt's cases, or attacks on it.")
    ] = "tests",
    junit: Annotated[
        Path | None, typer.Option(help="Write the report as JUnit XML to this file.")
    ] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Run a prompt's test cases on models. Exit status 1 when one fails."""
    folder = Path(prompt)
    with opened() as product, _progress() as tell:
        if folder.is_dir() and (folder / "prompt.prompty").is_file():
            if version:
                raise typer.BadParameter("a folder has one", param_hint="--version")
            view = _folder(product, folder, model or [], repeat, suite, tell)
        else:
            view = _stored(product, as_login, prompt, version, model, repeat, suite, tell)
    if junit is not None:
        _write_junit(junit, view)
    if as_json:
        _print_json(view)
    else:
        _print_table(view)
    if not view.good:
        raise Refused(_sentence(view))


def _stored(
    product: "Product",
    login: str | None,
    prompt: str,
    versions: list[str] | None,
    models: list[str] | None,
    repeat: int | None,
    suite: Literal["tests", "injection"],
    tell: Callable[["Progress"], None],
) -> "RunView":
    """A run of a prompt in the database, which keeps it."""
    from chatbot.backends.cancel import CancelToken

    person, cancel = acting(product, login), CancelToken()
    columns = product.testing.columns(person, prompt, versions or (), models or ())

    async def scene() -> str:
        # Else a server would take us for gone, and the run for one that a crash left.
        seen = asyncio.create_task(product.replicas.keep())
        try:
            with _on_ctrl_c(cancel.cancel):
                return await product.testing.run(
                    person, prompt, columns, repeat=repeat, suite=suite, tell=tell, cancel=cancel
                )
        finally:
            seen.cancel()

    return product.testing.view(person, asyncio.run(scene()))


def _folder(
    product: "Product",
    folder: Path,
    models: list[str],
    repeat: int | None,
    suite: Literal["tests", "injection"],
    tell: Callable[["Progress"], None],
) -> "RunView":
    """A run of a folder's prompt, which nothing keeps."""
    from chatbot.backends.cancel import CancelToken

    cancel = CancelToken()

    async def scene() -> "RunView":
        with _on_ctrl_c(cancel.cancel):
            return await product.folders.run(
                folder, models, repeat=repeat, suite=suite, tell=tell, cancel=cancel
            )

    return asyncio.run(scene())


@contextmanager
def _on_ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C stops the run and keeps what it has, where the system can say so to a loop."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, stop)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)


@contextmanager
def _progress() -> Iterator[Callable[["Progress"], None]]:
    """A bar on a terminal, lines elsewhere."""
    with bar("Answers") as move:
        yield _line() if move is None else lambda at: move(at.answers, at.of, "Answers")


def _line() -> Callable[["Progress"], None]:
    told = 0

    def tell(at: "Progress") -> None:
        nonlocal told
        step = at.answers * LINES // at.of
        if step > told:
            told = step
            note(f"{at.answers} of {at.of} answers, {at.passed} of {at.total} cells passed.")

    return tell


def _print_table(view: "RunView") -> None:
    by_case: dict[int, list[CellView]] = {}
    for cell in view.cells:
        by_case.setdefault(cell.result.case_no, []).append(cell)
    heads = ("case", "", *(plain(column.name) for column in view.columns))
    rows = [
        (
            cells[0].result.name,
            "critical" if cells[0].result.critical else "",
            *(_cell(cells, column.version, column.model) for column in view.columns),
        )
        for _, cells in sorted(by_case.items())
    ]
    rows.append(("passed", "", *(f"{one.passes} / {one.repeats}" for one in view.columns)))
    write_rows(heads, rows, empty="Nothing was run.")
    if view.suite == "injection":
        for column in view.columns:
            resisted, answered = view.rates(column)
            note(f"{column.name}: attacks resisted {resisted}; look-alikes answered {answered}.")
    for cell in view.cells:
        if cell.result.status != "passed":
            note(f"{SIGNS[cell.result.status]} {cell.result.name}: {_why(cell)}")


def _cell(cells: list["CellView"], version: str, model: str) -> str:
    found = [one for one in cells if (one.result.version, one.result.model) == (version, model)]
    if not found:
        return "not run"
    [cell] = found
    result = cell.result
    text = f"{SIGNS[result.status]} {result.passes}/{result.repeats}"
    if cell.was is None or cell.was == (result.passes, result.repeats):
        return text
    return f"{text} was {cell.was[0]}/{cell.was[1]}"


def _why(cell: "CellView") -> str:
    """The first thing that was not fulfilled."""
    from chatbot.testing.views import first_fault

    return first_fault(cell.result)


def _sentence(view: "RunView") -> str:
    if view.status != "complete":
        return "The run was stopped before its end."
    count = len(view.cells)
    return f"{view.failed} of {count} results did not pass."


def _print_json(view: "RunView") -> None:
    from chatbot.testing.views import as_plain

    write_json(as_plain(view))


def _write_junit(file: Path, view: "RunView") -> None:
    from chatbot.testing.views import as_junit

    try:
        file.write_text(as_junit(view), encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None


def add_to(group: typer.Typer) -> None:
    """Make it a command of the group `prompts`."""
    group.command("test")(run_tests)
