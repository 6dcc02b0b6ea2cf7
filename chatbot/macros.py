"""Macros: texts that agents insert, with typed variables that are filled in first.

A variable is `[[name:type]]`: text (also when no type is given), date, number, or choice(a|b). What
is known of the ticket (customer, agent, company, order) is filled in; what is not stays `[[name]]`,
which blocks sending. Knows nothing of tickets or pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chatbot.archive import Archive
from chatbot.audit import Audit
from store.records import Person

Kind = Literal["text", "date", "number", "choice"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a macro; `choices` where it is a choice."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro. `name` is what is typed after `/`."""

    name: str
    title: str
    text: str
    variables: tuple[Variable, ...]
    changed_at: datetime
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a ticket, for the variables of that name; empty ones are not."""

    customer: str = ""
    agent: str = ""
    company: str = ""
    order: str = ""


class Macros:
    """The workspace's macros. For agents and administrators. Blocking: call it from threads."""

    def __init__(self, archive: Archive, audit: Audit) -> None:
        self._archive = archive
        self._audit = audit

    def list(self, person: Person, text: str = "") -> list[Macro]:
        """Macros by name; only those whose name or title has `text`. Raises NotAllowed."""
        raise NotImplementedError

    def save(self, person: Person, name: str, title: str, text: str) -> Macro:
        """Make a macro, or another wording of it. Raises NotAllowed, Refused."""
        raise NotImplementedError

    def remove(self, person: Person, name: str) -> None:
        """Remove it. Raises NotAllowed, NotFound."""
        raise NotImplementedError

    def known_of(self, *, customer: str, agent: str, company: str, thread: str) -> Known:
        """What is known of a ticket; the order number is the last one in its thread's text."""
        raise NotImplementedError


def variables(text: str) -> tuple[Variable, ...]:
    """The variables of a text, each once, in order. Raises Refused for a wrong one."""
    raise NotImplementedError


def fill(text: str, values: Mapping[str, str], known: Known) -> str:
    """The text with its variables filled in; those without a value stay `[[name]]`.

    Raises Refused for a value that is not of its type.
    """
    raise NotImplementedError
