"""What the dialog "Connect a model" can ask for. The service lets administrators alone through.

A key comes in and is never told again: a connected model says that it has one.
"""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from chatbot import connecting
from chatbot.bootstrap import Product
from chatbot.views import Person
from ui.pages.commands import command

if TYPE_CHECKING:
    from chatbot.backends.probing import Probe

Json = dict[str, Any]
Name = Annotated[str, Field(max_length=60)]
Line = Annotated[str, Field(max_length=500)]
Key = Annotated[str, Field(max_length=2000)]
Tokens = Annotated[int, Field(ge=0, le=100_000_000)]


class ModelsConnectCommands:
    """The commands of one product."""

    _product: Product

    @command
    def connected(self, person: Person) -> Json:
        """The connected models, without their keys."""
        found = self._product.connecting.all(person)
        kept = connecting.KEPT
        return {"connected": [_line(one) for one in found], "kept": kept}

    @command
    async def probe_server(
        self,
        person: Person,
        *,
        name: Name,
        address: Line,
        model: Line,
        kind: Name,
        key: Key,
        context: Tokens,
    ) -> Json:
        """Ask a server for its models, and for one token; nothing is stored."""
        form = connecting.read(
            name=name or "model", address=address, model=model, kind=kind, key=key, context=context
        )
        found = await self._product.connecting.probe(person, form)
        return _told(found) | {"open": bool(form.key) and form.is_open}

    @command
    async def connect(
        self,
        person: Person,
        *,
        name: Name,
        address: Line,
        model: Line,
        kind: Name,
        key: Key,
        context: Tokens,
        mask: bool,
    ) -> Json:
        """Connect a model, or change the one of this name."""
        form = connecting.read(
            name=name, address=address, model=model, kind=kind, key=key, context=context, mask=mask
        )
        return {"connected": _line(await self._product.connecting.connect(person, form))}

    @command
    async def disconnect(self, person: Person, *, name: Name) -> Json:
        """Take a connected model off the list."""
        await asyncio.to_thread(self._product.connecting.disconnect, person, name)
        return {}


def _line(one: connecting.ConnectedModel) -> Json:
    return asdict(one) | {"label": one.label, "changed_at": one.changed_at.isoformat()}


def _told(found: "Probe") -> Json:
    return {
        "model": found.model,
        "models": None if found.models is None else [asdict(one) for one in found.models],
        "unlisted": found.unlisted,
        "context": found.context(found.model),
        "first": found.first_s,
        "wrong": "" if found.wrong is None else str(found.wrong),
    }
