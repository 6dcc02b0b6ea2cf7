"""`chatbot draft FILE|-`: a reply to one customer, or to a file of them. Parse, call, print."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import EmptyText, Refused
from ui import cli_batch
from ui.cli_base import As, Json, acting, opened
from ui.cli_output import note, working, write, write_json

if TYPE_CHECKING:
    from chatbot.backends.cancel import CancelToken
    from chatbot.drafting import Draft
    from ui.drafting import Asked

LARGEST = 8 * 2**20
"""Bytes of a thread."""


def draft(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="A customer's message, or a thread in JSON.")
    ] = "",
    *,
    tone: Annotated[str | None, typer.Option(help="How the reply sounds, such as formal.")] = None,
    instruction: Annotated[str | None, typer.Option(help="What else it should do.")] = None,
    model: Annotated[str | None, typer.Option(help="Model that writes.")] = None,
    batch: cli_batch.Batch = None,
    out: cli_batch.Out = None,
    on: cli_batch.On = "local",
    at_once: cli_batch.AtOnce = 8,
    processes: cli_batch.Processes = 2,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Draft a reply with its sources; nothing is sent. Sources and doubts go to stderr.

    With --batch: a draft for each row of a file, each row as JSON with a thread.
    """
    given = {"tone": tone, "instruction": instruction, "model": model}
    wishes = {name: value for name, value in given.items() if value is not None}
    if (batch is None) == (not file):
        raise typer.BadParameter("name a FILE, or - for standard input, or a --batch of them")
    if batch is not None:
        rows = cli_batch.given(batch, out, on, at_once, processes)
        cli_batch.draft(rows, wishes, as_login, as_json=as_json)
        return
    cli_batch.refuse_alone(out)
    asked = _with(_asked(_read(file)), wishes)
    with opened() as product:
        from ui import drafting

        person = acting(product, as_login)
        with working("Drafting"):
            ended = asyncio.run(_drafted(product, person, asked))
        drafting.keep(product, person, asked)
    if as_json:
        write_json(drafting.as_json(ended))
    else:
        _show(ended)
    if ended.status == "stopped":
        raise KeyboardInterrupt


async def _drafted(product: object, person: object, asked: "Asked") -> "Draft":
    from chatbot.backends.cancel import CancelToken
    from ui import drafting

    cancel = CancelToken()
    with _stopped_by_ctrl_c(cancel):
        return await drafting.drafted(product, person, asked, cancel)  # type: ignore[arg-type]


@contextmanager
def _stopped_by_ctrl_c(cancel: "CancelToken") -> Iterator[None]:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, cancel.cancel)
    except (NotImplementedError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _read(file: str) -> str:
    """The text of a file or of stdin. Raises Refused: too large, or no UTF-8."""
    if file == "-":
        raw = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with Path(file).open("rb") as opened_file:
            raw = opened_file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise Refused(f"The text has more than {LARGEST // 2**20} MiB. Give the newest messages.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The text is not UTF-8. Save it as UTF-8, then try again.") from None
    if not text.strip():
        raise EmptyText
    return text


def _asked(text: str) -> "Asked":
    """A thread where the text is a JSON object; else one message of a customer."""
    from ui import drafting

    is_thread = text.lstrip().startswith("{") and '"thread"' in text
    return drafting.read(text) if is_thread else drafting.of_message(text)


def _with(asked: "Asked", more: dict[str, str]) -> "Asked":
    from ui import drafting

    whole = asked.model_dump(mode="json", exclude_none=True) | more
    return drafting.check(whole) if more else asked


def _show(ended: "Draft") -> None:
    from ui import drafting

    write(ended.text)
    for line in drafting.beside(ended):
        note(line)
