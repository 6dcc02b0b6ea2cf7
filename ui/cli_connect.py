"""`chatbot models connect|disconnect`: models behind an API. Parse, call, print.

A key is asked for on the terminal or read from standard input; never an argument, which other
programs of the machine can see.
"""

import asyncio
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import Refused
from ui.cli_base import Json, opened
from ui.cli_output import is_terminal, note, working, write, write_json

if TYPE_CHECKING:
    from chatbot.backends.probing import Probe
    from chatbot.connecting import Form


class Kind(StrEnum):
    """The kinds of server, named here so that `--help` needs no database library."""

    vllm = "vllm"
    sglang = "sglang"
    ray = "ray"
    llama_server = "llama-server"
    other = "other"


def connect(
    name: Annotated[str, typer.Argument(help="Its name here.")],
    address: Annotated[str, typer.Argument(help="Such as http://127.0.0.1:8000/v1.")],
    *,
    model: Annotated[
        str, typer.Option(help="Its name on the server; may be left out where it lists one.")
    ] = "",
    kind: Annotated[Kind, typer.Option(help="What runs there.")] = Kind.other,
    key: Annotated[
        bool, typer.Option("--key", help="Ask for the server's key, or read it from stdin.")
    ] = False,
    context: Annotated[
        int, typer.Option(min=0, help="Tokens of its context; 0: what the server says.")
    ] = 0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of the longest answer.")] = 1024,
    mask: Annotated[
        bool, typer.Option("--mask/--no-mask", help="Personal values leave as tags.")
    ] = True,
    test: Annotated[
        bool,
        typer.Option("--test/--no-test", help="Ask it for its models and for one token first."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Connect a model behind an OpenAI-compatible API, or change one; a running server sees it."""
    from chatbot import connecting

    form = connecting.read(
        name=name,
        address=address,
        model=model,
        kind=kind.value,
        key=_key() if key else "",
        context=context,
        max_tokens=max_tokens,
        mask=mask,
    )
    with opened() as product:
        person = product.person()
        if test or not (model and context):
            with working(f"Asking {address}"):
                found = asyncio.run(product.connecting.probe(person, form))
            if test:
                _refuse(found)
            form = connecting.completed(form, found)
            _tell(form, found)
        made = asyncio.run(product.connecting.connect(person, form))
    if as_json:
        write_json(asdict(made) | {"label": made.label})
    else:
        write(f"Connected: {made.label}")


def disconnect(
    name: Annotated[str, typer.Argument(help="Its name here.")], *, as_json: Json = False
) -> None:
    """Take a connected model off the list. Its server is not touched."""
    with opened() as product:
        product.connecting.disconnect(product.person(), name)
    if as_json:
        write_json({"disconnected": name})
    else:
        write(f"Disconnected: {name}")


def _refuse(found: "Probe") -> None:
    """Refuse a model that does not answer. Raises Refused."""
    if found.wrong is not None:
        raise Refused(f"{str(found.wrong).rstrip('.')}. With --no-test it is connected anyway.")


def _tell(form: "Form", found: "Probe") -> None:
    if found.first_s is not None:
        note(f"{form.model} answers; the first token took {found.first_s:.2f} s.")
    if found.models is None:
        note(f"The server does not list its models: {found.unlisted}")
    note(f"Context: {form.context} tokens.")
    if form.key and form.is_open:
        note("Its address begins with http://: the key and what people write travel unprotected.")


def _key() -> str:
    if is_terminal(sys.stdin):
        return str(typer.prompt("Key", hide_input=True, err=True))
    key = sys.stdin.readline().strip()
    if not key:
        raise Refused("No key came on standard input. Give it there, or leave out --key.")
    return key
