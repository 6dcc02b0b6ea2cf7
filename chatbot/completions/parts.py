"""What the room stands on."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.archive import Archive
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder
from chatbot.completions.targets import MayUse
from chatbot.releases import Releases
from chatbot.sourcing import Sourcing


@dataclass(frozen=True, slots=True)
class Parts:
    """`fallback`: labels tried where a prompt's model does not begin. `no_encoder` says why there
    is none. `writer`: the number of this replica. `message_limit`: characters of what is asked.
    """

    archive: Archive
    registry: Registry
    releases: Releases
    sourcing: Sourcing
    encoder: OpenEncoder
    no_encoder: Callable[[], str]
    may_use: MayUse
    writer: Callable[[], int]
    fallback: tuple[str, ...]
    workspace: str
    message_limit: int
