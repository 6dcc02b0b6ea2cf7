"""Models for tests of what a prompt holds: one that remembers, one that obeys every text it reads.

`obeying` does what no model should: wherever "TURNED:" stands in its messages, in a customer's text
or a passage, it says what is behind that, turned back. So its answer stands in no source, as an
obeyed order's does, and what is left between such a model and a customer is ours.
"""

import codecs
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from pydantic import PrivateAttr

from chatbot.backends.base import Ask, Delta
from chatbot.backends.scripted import ScriptedModel

ORDER = re.compile(r"TURNED: ([^\n]+)")


def turned(text: str) -> str:
    """Letters and digits moved by half their number; done twice, the text again."""
    return codecs.encode(text, "rot13").translate(str.maketrans("0123456789", "5678901234"))


def order(said: str) -> str:
    """An order to say something."""
    return f"TURNED: {turned(said)}"


class Remembering(ScriptedModel):
    """The scripted model, which keeps the messages of every call. `says` answers in its place."""

    label: str = "remembering@1"
    says: Callable[[str], str] | None = None
    _asked: list[list[dict[str, str]]] = PrivateAttr(default_factory=list)

    @property
    def asked(self) -> list[list[dict[str, str]]]:
        """The messages of each call, in order."""
        return self._asked

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Keep the messages, then answer."""
        self._asked.append(ask.messages)
        if self.says is not None:
            said = self.says("\n".join(one["content"] for one in ask.messages))
            ask = replace(ask, messages=[{"role": "user", "content": f"!say {said}"}])
        async for delta in super().deltas(ask):
            yield delta


def obeying() -> Remembering:
    """A model that says whatever any text tells it to say."""

    def says(read: str) -> str:
        return " ".join(turned(said) for said in ORDER.findall(read)) or "Hm."

    return Remembering(label="obeying@1", says=says)
