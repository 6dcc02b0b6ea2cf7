"""What every command module shares: how a group behaves, its options, the product, new files."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatbot import settings as configuration
from chatbot.errors import Refused

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.views import Person

TAKEN = "{file} is there already. Name another file."

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON, and nothing else.")]


def group(text: str) -> typer.Typer:
    """A group of commands with our manners: help when called bare, errors left to main()."""
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


As = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="Act in this person's name.")]


def acting(product: "Product", login: str | None) -> "Person":
    """Who is at the terminal, or in whose name they act. Raises NotFound."""
    by = product.person()
    return by if login is None else product.accounts.acting_as(by, login)


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection of garbage meanwhile: what loads stays, and would be looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def opened(**overrides: Any) -> Iterator["Product"]:
    """The product, ready, and closed at the end. Raises ChatbotError."""
    with uncollected():
        from chatbot import bootstrap

        product = bootstrap.build(configuration.load(**overrides))
    try:
        yield product
    finally:
        product.close()


def refuse_taken(file: Path | None) -> None:
    """Refuse a file that is there before anything long is begun. Raises Refused."""
    if file is not None and file.exists():
        raise Refused(TAKEN.format(file=file))


def write_new(file: Path, texts: Iterable[str]) -> None:
    """Write a new file. Raises Refused: it is there already, or the disk does not take it."""
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.writelines(texts)
    except FileExistsError:
        raise Refused(TAKEN.format(file=file)) from None
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from None
