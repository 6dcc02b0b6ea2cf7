"""Calls of the API without HTTP: a key, a call, and all that came of it."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import Product
from chatbot.completions import Ask, Ended, Piece, Said
from chatbot.keys import Caller

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Came:
    """The pieces of a call and its figures."""

    pieces: list[Piece]
    ended: Ended

    def text(self, choice: int = 0) -> str:
        """One choice, whole."""
        return "".join(one.text for one in self.pieces if one.choice == choice)

    def finish(self, choice: int = 0) -> str | None:
        """How it ended."""
        return next(
            (one.finish for one in self.pieces if one.choice == choice and one.finish), None
        )


def caller(product: Product, name: str = "", **more: Any) -> Caller:
    """Who calls with a new key."""
    made = product.keys.add(product.person(), name=name or f"program {next(NUMBERS)}", **more)
    return product.keys.of_token(made.token)


def said(*texts: str) -> tuple[Said, ...]:
    """Messages of a user and an assistant in turn, the user's first."""
    roles = ("user", "assistant")
    return tuple(Said(roles[n % 2], text) for n, text in enumerate(texts))


async def call(
    product: Product, who: Caller, *texts: str, model: str = "scripted", **more: Any
) -> Came:
    """What a call came to. `texts` as `said` takes them."""
    return await asked(product, who, Ask(model, said(*texts), **more))


async def asked(product: Product, who: Caller, ask: Ask, cancel: CancelToken | None = None) -> Came:
    """The same of a call that is made already."""
    pieces: list[Piece] = []
    async for one in product.completions.run(who, ask, cancel or CancelToken()):
        if isinstance(one, Ended):
            return Came(pieces, one)
        pieces.append(one)
    raise AssertionError("a call must say how it ended")


def stored(product: Product, who: Caller, conversation: str | None) -> list[tuple[str, str, str]]:
    """Role, text and status of the branch that is shown of a conversation."""
    view = product.conversations.open(who.person, conversation or "")
    return [(message.role, message.text, message.status) for message in view.messages]
