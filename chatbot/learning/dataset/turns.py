"""A turn on its way into a dataset: as it was found, not yet masked, compared or numbered."""

import hashlib
from dataclasses import dataclass, field

from chatbot.learning.dataset.views import Bad, Origin

Message = dict[str, str]


@dataclass(slots=True)
class Turn:
    """What `Example` becomes of. `people`: names in it that no rule would find.

    `message_id` or `reply_id`: the row that it leaves with. `present`: rendered by the version
    that serves now, since what was sent is not known any more; `changed`: not rendered to what was
    sent. `whole`: the answer came to its end. `draft`: what a model proposed for a reply. `file`,
    `line`: of an import.
    """

    source: Origin
    talk: str
    messages: list[Message]
    reply: str
    rejected: str | None = None
    prompt: str = ""
    version: str = ""
    label: str = ""
    message_id: int | None = None
    reply_id: int | None = None
    people: tuple[str, ...] = ()
    present: bool = False
    changed: bool = False
    whole: bool = True
    draft: str = ""
    file: str = ""
    line: int = 0

    def bad(self, reason: str) -> Bad:
        """It as something that could not be used."""
        return Bad(self.line, self.file, reason)

    @property
    def asked(self) -> str:
        """What was said before the reply, without the system's text."""
        return "\n".join(one["content"] for one in self.messages if one["role"] != "system")


@dataclass(slots=True)
class Left:
    """A turn of the workspace that is not learned from, and why in a few words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a prompt renders it now."""

    messages: list[Message] = field(default_factory=list)
    prompt: str = ""
    version: str = ""


def hashed(kind: str, *what: object) -> str:
    """A name for a conversation that says nothing of it."""
    text = "/".join([kind, *map(str, what)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
