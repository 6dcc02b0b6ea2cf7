"""What an administrator sets on the Administration page, and everybody's process then obeys.

Each group of options is a pydantic model and one row of the database. A change names the version
that it was made from: of two people who change the same, the second is told. Readers may see a
value that is a few seconds old. Knows nothing of what the options do.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chatbot.archive import Archive
from chatbot.audit import Audit, require_admin
from chatbot.errors import Refused
from chatbot.masking import DEFAULT, GROUPS, PATTERN_LIMIT, Rules, pattern
from store import options
from store.audit import KEPT_DAYS
from store.records import Person

log = logging.getLogger(__name__)

FRESH = 3.0
"""Seconds that a value which was read is used without looking again."""

Days = Annotated[int | None, Field(ge=1, le=36_500)]
"""Days that something is kept; None keeps it until somebody deletes it."""


Kept = Annotated[str, Field(min_length=1, max_length=100)]


class _Group(BaseModel):
    """A group of options: unknown ones are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Retention(_Group):
    """How many days after its last use something is removed for good, by class.

    A pinned conversation is kept for as long as it is pinned, unless `pinned_days` says otherwise;
    it is never removed before an unpinned one of its class would be.
    """

    chat_days: Days = None
    desk_days: Days = None
    api_days: Days = None
    pinned_days: Days = None
    trace_days: Days = None
    audit_days: Annotated[int | None, Field(ge=KEPT_DAYS, le=36_500)] = None


class Limits(_Group):
    """What one person may ask. 0 turns a limit off. `running_turns` counts those that wait too."""

    turns_per_minute: int = Field(30, ge=0, le=10_000)
    turns_per_day: int = Field(2_000, ge=0, le=1_000_000)
    running_turns: int = Field(8, ge=0, le=1_000)


class Pattern(_Group):
    """A kind of value of the workspace's own, such as its customer numbers.

    # is a digit, @ a letter, a + behind either repeats it: "KD-######".
    """

    name: str = Field(pattern=r"^[a-z][a-z ]{0,29}$")
    pattern: str = Field(min_length=1, max_length=PATTERN_LIMIT)

    @field_validator("pattern")
    @classmethod
    def _is_one(cls, value: str) -> str:
        pattern(value)
        return value


class Masking(_Group):
    """What hosted models do not get to see: every group but those that are switched off.

    `keep` are names that are no secret, such as those of products.
    """

    on: bool = True
    off: tuple[str, ...] = tuple(name for name, group in GROUPS.items() if not group.on)
    patterns: Annotated[tuple[Pattern, ...], Field(max_length=50)] = ()
    keep: Annotated[tuple[Kept, ...], Field(max_length=500)] = ()

    @field_validator("off")
    @classmethod
    def _are_groups(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - GROUPS.keys())
        if unknown:
            raise ValueError(f"no such group: {', '.join(unknown)}")
        return value

    def rules(self, *keep: str) -> Rules:
        """What is masked, but for these names as well."""
        return Rules(
            on=self.on,
            groups=frozenset(GROUPS.keys() - set(self.off)),
            patterns=tuple(one.pattern for one in self.patterns),
            keep=frozenset(filter(None, (*self.keep, *keep))),
        )

    def always(self, *keep: str) -> Rules:
        """What is masked before people: also where it is off, and never less than by default."""
        rules = self.rules(*keep)
        return replace(rules, on=True, groups=rules.groups | DEFAULT.groups)

    @model_validator(mode="after")
    def _different(self) -> Self:
        names = [each.name for each in self.patterns]
        if len(set(names)) < len(names):
            raise ValueError("two patterns have the same name")
        return self


G = TypeVar("G", bound=_Group)


@dataclass(frozen=True, slots=True)
class Set(Generic[G]):
    """A group as it is stored. `version` 0: never set, these are the defaults."""

    value: G
    version: int
    changed_at: datetime | None = None
    changed_by: str | None = None


class Options:
    """Reads and sets groups of options. Safe to share between threads."""

    def __init__(self, archive: Archive, audit: Audit) -> None:
        self._archive = archive
        self._audit = audit
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Set[Any]]] = {}

    def get(self, group: type[G], unset: G | None = None) -> G:
        """The value in force, at most `FRESH` seconds old; `unset` where nobody ever set it.

        Raises StoreUnavailable.
        """
        name, moment = _name(group), time.monotonic()
        with self._lock:
            read_at, known = self._known.get(name, (0.0, None))
        if known is None or moment - read_at >= FRESH:
            known = self.stored(group)
            with self._lock:
                self._known[name] = (moment, known)
        found: Set[G] = known
        return unset if unset is not None and found.version == 0 else found.value

    def stored(self, group: type[G]) -> Set[G]:
        """The value as it is stored now, with the version to name in a change.

        Raises StoreUnavailable.
        """
        with self._archive.main.reading() as session:
            found = options.get(session, _name(group))
        if found is None:
            return Set(group(), 0)
        try:
            value = group.model_validate(found.value)
        except ValidationError:
            # Written by another version: its defaults keep everything and hide everything.
            log.warning("the stored %s cannot be read; the defaults are used", _name(group))
            value = group()
        return Set(value, found.version, found.changed_at, found.changed_by)

    def set(self, by: Person, value: _Group, version: int) -> int:
        """Set a group that was read at `version`; return its new version.

        Raises:
            NotAllowed: `by` is no administrator.
            Conflict: somebody changed it since; nothing was set.
            StoreUnavailable: nothing was set.
        """
        name, plain = _name(type(value)), value.model_dump(mode="json")
        with self._archive.main.writing() as session:
            require_admin(session, by)
            old = options.get(session, name)
            new = options.put(session, name, plain, version, by.id)
            before = old.value if old else type(value)().model_dump(mode="json")
            changed = [key for key in plain if plain[key] != before.get(key)]
            self._audit.note_in(
                session, by, "options_changed", "option", name, changed=", ".join(changed)
            )
        with self._lock:
            self._known.pop(name, None)
        return new


def read(group: type[G], given: object) -> G:
    """A group from what a person filled in.

    Raises Refused, with a sentence that names the option.
    """
    try:
        return group.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "options"
        reason = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        raise Refused(f"{where}: {reason}.") from None


def _name(group: type[_Group]) -> str:
    return group.__name__.lower()
