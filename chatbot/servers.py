"""What the doctor finds of servers that answer for models: which answer, how fast, and why not.

Each is asked for its models and for one token of an empty greeting; nothing of anybody's leaves.
A provider without an address of its own (OpenAI itself, and others) is not asked.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatbot import maintenance
from chatbot.errors import ChatbotError
from chatbot.machine import Finding
from chatbot.settings import HostedModel, Settings

if TYPE_CHECKING:
    from chatbot.backends.probing import Probe

LIMIT = 12.0
"""Seconds for all of them together, within the doctor's patience."""


def look(settings: Settings) -> Iterable[Finding]:
    """One finding a server and model, and one more where the contexts differ."""
    asked = [record for record in (*settings.hosted, *connected(settings)) if record.base_url]
    if not asked:
        return
    for record, found in zip(asked, asyncio.run(_probed(asked)), strict=True):
        yield from findings(record, found)


def connected(settings: Settings) -> tuple[HostedModel, ...]:
    """The connected models; none where the database cannot be read, which another look tells."""
    try:
        return maintenance.connected(settings)
    except ChatbotError:
        return ()


def findings(record: HostedModel, found: "Probe | None") -> Iterable[Finding]:
    """What a probe means. `found` None: nothing came within the limit."""
    if found is None or found.first_s is None:
        wrong = found.wrong if found is not None else None
        said = str(wrong) if wrong is not None else f"It did not answer within {LIMIT:.0f} s."
        advice = "Chats that chose it fail until it answers; `chatbot models connect` changes it."
        yield Finding("servers", "warn", f"{record.label}: {said}", advice)
        return
    listed = "" if found.models is not None else " It does not list its models."
    told = f"{record.label} answers: the first token took {found.first_s:.2f} s.{listed}"
    yield Finding("servers", "ok", told)
    context = found.context(record.model)
    if context is not None and context < record.context:
        yield Finding(
            "servers",
            "warn",
            f"{record.label}: its context is {context} tokens, and {record.context} are sent.",
            f"Set its context to {context}.",
        )


async def _probed(records: list[HostedModel]) -> list["Probe | None"]:
    from chatbot.backends.probing import probe

    async def one(record: HostedModel) -> "Probe | None":
        try:
            return await asyncio.wait_for(probe(record, record.model), LIMIT)
        except TimeoutError:
            return None

    return list(await asyncio.gather(*map(one, records)))
