"""Macros: texts that agents insert, with typed variables that are filled in first.

A variable is `[[name:type]]`: text (also when no type is given), date, number, or choice(a|b). What
is known of the ticket (customer, agent, company, order) is filled in; what is not stays `[[name]]`,
which blocks sending. Values go in as they are: a value never opens a variable. Knows nothing of
tickets or pages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotAllowed, Refused, TextTooLong
from chatbot.values import find
from store import accounts, macros
from store.engine import Session
from store.records import Person
from store.ticket_records import Macro as Row

Kind = Literal["text", "date", "number", "choice"]

AGENTS = ("agent", "admin")
LONGEST_NAME = 40
LONGEST_TITLE = 200
LONGEST = 20_000
"""Characters of a macro's text."""
LONGEST_VALUE = 500
MOST_VARIABLES = 20

NOT_AN_AGENT = "Only agents and administrators use macros. Ask an administrator for the role."
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_VARIABLE = re.compile(r"\[\[([^\[\]\n]{1,300})\]\]")
_INSIDE = re.compile(r"(?P<name>[a-z][a-z0-9_ ]{0,39})(?::(?P<kind>.*))?")
_CHOICE = re.compile(r"choice\((?P<choices>[^()]+)\)")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)*")


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
        with self._archive.main.reading() as session:
            _require_agent(session, person)
            rows = macros.every(session)
        wanted = text.strip().casefold()
        return [_macro(each) for each in rows if wanted in f"{each.name} {each.title}".casefold()]

    def save(self, person: Person, name: str, title: str, text: str) -> Macro:
        """Make a macro, or another wording of it. Raises NotAllowed, Refused, UnstorableText."""
        name = name.strip().removeprefix("/").casefold()
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise Refused(
                f"A macro's name has at most {LONGEST_NAME} small letters, digits, - and _. "
                "Choose another one."
            )
        title = " ".join(title.split())[:LONGEST_TITLE] or name
        if not text.strip():
            raise Refused("The macro has no text. Write what it inserts.")
        if len(text) > LONGEST:
            raise TextTooLong(f"A macro has at most {LONGEST:,} characters. Shorten it.")
        variables(text)
        with self._archive.main.writing() as session:
            _require_agent(session, person)
            macros.save(session, name, title, text, person.id)
            self._audit.note_in(session, person, "macro_saved", "macro", name)
            rows = macros.every(session)
        return _macro(next(each for each in rows if each.name == name))

    def remove(self, person: Person, name: str) -> None:
        """Remove it. Raises NotAllowed, NotFound."""
        with self._archive.main.writing() as session:
            _require_agent(session, person)
            macros.remove(session, name)
            self._audit.note_in(session, person, "macro_removed", "macro", name)

    def known_of(self, *, customer: str, agent: str, company: str, thread: str) -> Known:
        """What is known of a ticket; the order number is the last one in its thread's text."""
        orders = [each.text for each in find(thread, only=("order",))]
        return Known(customer, agent, company, orders[-1] if orders else "")


def variables(text: str) -> tuple[Variable, ...]:
    """The variables of a text, each once, in order; one may say its type where it stands first.

    Raises Refused for a wrong one.
    """
    found: dict[str, Variable] = {}
    for each in _VARIABLE.finditer(text):
        variable, typed = _variable(each[1])
        if variable.name not in found:
            found[variable.name] = variable
        elif typed and found[variable.name] != variable:
            raise Refused(f"[[{variable.name}]] has two types. Give it one, where it stands first.")
    if len(found) > MOST_VARIABLES:
        raise Refused(f"A macro has at most {MOST_VARIABLES} variables. Split it in two.")
    return tuple(found.values())


def fill(text: str, values: Mapping[str, str], known: Known) -> str:
    """The text with its variables filled in; those without a value stay `[[name]]`.

    A value that was given wins over what is known. Raises Refused for a value that is not of its
    type.
    """
    kinds = {each.name: each for each in variables(text)}
    given = {name: " ".join(str(value).split()) for name, value in values.items()}

    def put(found: re.Match[str]) -> str:
        name = _variable(found[1])[0].name
        value = given.get(name) or getattr(known, name, "")
        return _checked(kinds[name], value) if value else f"[[{name}]]"

    return _VARIABLE.sub(put, text)


def _variable(inside: str) -> tuple[Variable, bool]:
    """A variable from what stands between the brackets, and whether its type was said."""
    found = _INSIDE.fullmatch(inside.strip())
    if found is None:
        raise Refused(
            f"[[{inside}]] is no variable: write a name of small letters, such as [[order]] or "
            "[[pickup_date:date]]."
        )
    name, kind = found["name"].strip().replace(" ", "_"), (found["kind"] or "").strip()
    if kind in ("", "text"):
        return Variable(name, "text"), bool(kind)
    if kind == "date":
        return Variable(name, "date"), True
    if kind == "number":
        return Variable(name, "number"), True
    if choice := _CHOICE.fullmatch(kind):
        choices = tuple(each.strip() for each in choice["choices"].split("|"))
        if all(choices):
            return Variable(name, "choice", choices), True
    raise Refused(f"[[{inside}]] has no such type: text, date, number or choice(one|another).")


def _checked(variable: Variable, value: str) -> str:
    """A value as it is put into the text. Raises Refused."""
    if len(value) > LONGEST_VALUE:
        raise Refused(f"{variable.name} has at most {LONGEST_VALUE} characters. Shorten it.")
    if variable.kind == "choice" and value not in variable.choices:
        raise Refused(f"{variable.name} is one of: {', '.join(variable.choices)}.")
    if variable.kind == "number" and not _NUMBER.fullmatch(value):
        raise Refused(f"{variable.name} is a number, such as 12 or 3.50.")
    if variable.kind == "date":
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise Refused(f"{variable.name} is a date, such as 2025-05-03.") from None
        return f"{day.day} {day:%B %Y}"
    return value


def _macro(row: Row) -> Macro:
    return Macro(row.name, row.title, row.text, variables(row.text), row.changed_at, row.changed_by)


def _require_agent(session: Session, by: Person) -> None:
    if not accounts.has_role(session, by.id, AGENTS):
        raise NotAllowed(NOT_AN_AGENT)
