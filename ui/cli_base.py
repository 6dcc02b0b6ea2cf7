"""What every command module shares: how a group behaves, the --json option, the opened product."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatbot import settings as configuration

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.views import Person

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
def opened(**overrides: Any) -> Iterator["Product"]:
    """The product, ready, and closed at the end. Raises ChatbotError."""
    from chatbot import bootstrap

    product = bootstrap.build(configuration.load(**overrides))
    try:
        yield product
    finally:
        product.close()
