"""What the room of webhooks takes and returns: plain frozen values. Never rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["waiting", "taken", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address. `status`: of the last answer, None where there was none.

    `error`: a sentence, empty where nothing went wrong. `due_at`: when it is tried (again).
    """

    id: str
    event: str
    kind: str
    state: State
    attempts: int
    status: int | None
    error: str
    created_at: datetime
    due_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is told of events. `taken`, `failed`: of the last 30 days."""

    id: str
    url: str
    events: tuple[str, ...]
    active: bool
    made_by: str
    created_at: datetime
    waiting: int
    taken: int
    failed: int
    last: Delivery | None


@dataclass(frozen=True, slots=True)
class NewHook:
    """A hook with the secret that its receiver checks signatures by: it is told this once."""

    secret: str
    hook: Hook
