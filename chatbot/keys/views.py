"""What doors see of keys: plain values. A key itself is left out of its `repr`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from store.records import Person

State = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a key may ask. A limit of 0 is none."""

    requests_minute: int = 60
    tokens_minute: int = 0
    requests_month: int = 0
    tokens_month: int = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls with a key. `key` is its public id, `person` the person as whom it acts.

    `models`: the names it may use, all where there are none. `stores`: whether what it asks is
    kept as a conversation.
    """

    key: str
    key_id: int
    name: str
    person: Person
    models: tuple[str, ...]
    stores: bool
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key asked in the last minute, today and this month (UTC): requests and tokens."""

    minute_requests: int = 0
    minute_tokens: int = 0
    today_requests: int = 0
    today_tokens: int = 0
    month_requests: int = 0
    month_tokens: int = 0


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as administrators see it. `ends`: its last characters."""

    public_id: str
    name: str
    ends: str
    state: State
    roles: tuple[str, ...]
    models: tuple[str, ...]
    limits: Limits
    stores: bool
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made. `token` is the key itself, which nobody can show again."""

    token: str = field(repr=False)
    key: KeyView


@dataclass(frozen=True, slots=True)
class Left:
    """What a key may still ask in this minute; `reset` is in seconds. None: there is no limit."""

    requests_limit: int | None
    requests_left: int | None
    tokens_limit: int | None
    tokens_left: int | None
    reset: float
