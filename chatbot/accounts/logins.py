"""How logins, names, e-mail addresses and roles are spelled. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from chatbot.errors import Refused
from store.accounts import ROLES
from store.forgetting import NOBODY

LONGEST_LOGIN, LONGEST_NAME, LONGEST_EMAIL = 100, 60, 254
"""Characters."""

NOT_PEOPLE = ("built-in", NOBODY)
"""Names that stand for nobody where texts name their authors."""

LOGIN = re.compile(r"\w[\w.@+-]+")
EMAIL = re.compile(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+\.[^\s@<>()\",;:]+")


def spelled(typed: str) -> str:
    """A login or an e-mail address as it is kept: case and spelling of letters do not count."""
    return unicodedata.normalize("NFKC", typed.strip()).casefold()


def sought(typed: str) -> str:
    """The same, or nothing for what nobody can have. For looking somebody up."""
    found = spelled(typed) if len(typed) <= LONGEST_EMAIL else ""
    return found if found.isprintable() and len(found) <= LONGEST_EMAIL else ""


def login_of(typed: str) -> str:
    """A login to keep. Raises Refused."""
    login = spelled(typed)
    if len(login) > LONGEST_LOGIN or not LOGIN.fullmatch(login):
        raise Refused(
            f"A login has 2 to {LONGEST_LOGIN} letters, digits or the signs . _ - @ +, "
            "and begins with a letter or a digit."
        )
    return login


def name_of(typed: str) -> str:
    """A name to keep, on one line. Raises Refused."""
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(f"A name has 1 to {LONGEST_NAME} printable characters.")
    if name in NOT_PEOPLE:
        raise Refused("This name stands for something else here. Choose another one.")
    return name


def one_line(given: str) -> str:
    """What another server calls a person, as a name to keep; it may be empty."""
    line = "".join(sign if sign.isprintable() else " " for sign in given)
    name = " ".join(line.split())[:LONGEST_NAME].strip()
    return "" if name in NOT_PEOPLE else name


def email_of(typed: str | None) -> str | None:
    """An e-mail address to keep, or None where none is given. Raises Refused."""
    email = spelled(typed or "")
    if not email:
        return None
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email) or not email.isprintable():
        raise Refused("This is no e-mail address. Write it as name@example.org, or leave it out.")
    return email


def roles_of(given: Sequence[str]) -> tuple[str, ...]:
    """Roles in their order. Raises Refused for none and for unknown ones."""
    unknown = sorted(set(given) - set(ROLES))
    if unknown or not given:
        raise Refused(f"A person has one or more of the roles: {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in given)
