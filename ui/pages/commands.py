"""How a page's scripts call the server: {"do": name, …} in, JSON out. Knows no particular page.

A command is a method marked with `@command`; its keyword arguments and their types are the form of
its input, and anything else is refused. Every call finds out first who calls, and whether they may.
An error comes back as {"error": sentence, "code": …}, so the page can keep the input and offer the
next step.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeVar

import gradio as gr
from pydantic import ConfigDict, ValidationError, validate_call

from chatbot.bootstrap import Product
from chatbot.errors import ChatbotError, Refused
from chatbot.views import Person
from ui.guard import admit, caller

Json = dict[str, Any]
Call = Callable[[Any, gr.Request], Awaitable[Json]]
_Method = TypeVar("_Method", bound=Callable[..., Any])

NOT_UNDERSTOOD = "The page sent something that the server does not understand. Reload the page."
BROKEN = "Something went wrong on the server. Try again."

log = logging.getLogger(__name__)


def command(method: _Method) -> _Method:
    """Mark a method `(self, person, *, …) -> dict` as callable from the page.

    One that needs to know which login asks is `(self, person, request, *, …)`.
    """
    method.__dict__["is_command"] = True
    method.__dict__["takes_request"] = "request" in inspect.signature(method).parameters
    return method


def commands_of(book: object) -> dict[str, Callable[..., Any]]:
    """The commands of an object by name, each checking the types of what it gets."""
    strict = ConfigDict(strict=True, arbitrary_types_allowed=True)
    return {
        name: validate_call(config=strict)(method)
        for name, method in inspect.getmembers(book, inspect.ismethod)
        if getattr(method, "is_command", False)
    }


def calling(product: Product, book: object, roles: Collection[str] = ()) -> Call:
    """The function that the page's scripts call for the commands of `book`.

    `roles`: those of which a person needs one; none means everybody.
    """
    commands = commands_of(book)

    async def call(data: Any, request: gr.Request) -> Json:
        try:
            person = await asyncio.to_thread(caller, product, request)
            admit(person, roles)
            return await _run(commands, person, data, request)
        except ChatbotError as error:
            return {"error": str(error), "code": error.code}
        except Exception as error:  # noqa: BLE001  a person gets a sentence, whatever broke
            # The exception's text may quote the conversation, so only its type is logged.
            log.error("a command broke: %s", type(error).__name__)  # noqa: TRY400
            return {"error": BROKEN, "code": "error"}

    # For the test that calls every command as everybody.
    call.__dict__.update(commands=commands, roles=tuple(roles))
    return call


async def _run(
    commands: Mapping[str, Callable[..., Any]], person: Person, data: Any, request: gr.Request
) -> Json:
    name = data.get("do") if isinstance(data, dict) else None
    run = commands.get(name) if isinstance(name, str) else None
    if run is None:
        raise Refused(NOT_UNDERSTOOD)
    given = {key: value for key, value in data.items() if key != "do"}
    who = (person, request) if getattr(run, "takes_request", False) else (person,)
    try:
        if inspect.iscoroutinefunction(run):
            result = await run(*who, **given)
        else:
            result = await asyncio.to_thread(functools.partial(run, *who, **given))
    except ValidationError:
        raise Refused(NOT_UNDERSTOOD) from None
    return result if isinstance(result, dict) else {}
