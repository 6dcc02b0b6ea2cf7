"""A model that knows the reply to every prompt it will get: what a perfect model would be.

Judges are tested with it: good replies must pass, the same replies to other prompts must not.
"""

from collections.abc import AsyncGenerator, Sequence

from pydantic import PrivateAttr

from chatbot.backends.base import Ask, ChatModel, Delta, Where
from chatbot.errors import BackendRefused
from chatbot.learning.evaluate.cases import Case


class KnownReplies(ChatModel):
    """Answers a case's messages with its reference, or with that of the case `shift` further."""

    label: str = "reference@1"
    context: int = 4096
    where: Where = "scripted"
    _replies: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, cases: Sequence[Case], shift: int = 0) -> "KnownReplies":
        model = cls()
        for number, case in enumerate(cases):
            other = cases[(number + shift) % len(cases)]
            model._replies[_key(case.messages)] = other.reference
        return model

    async def deltas(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        key = _key(ask.messages)
        if key not in self._replies:
            raise BackendRefused("Nobody wrote a reply to this.")
        yield Delta(self._replies[key], "stop", 1, 1)


def _key(messages) -> str:
    return "\n".join(f"{message['role']}: {message['content']}" for message in messages)
