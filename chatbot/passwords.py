"""Passwords: which ones are good enough, and their argon2id hashes. Knows no person and no row.

A hash takes 64 MiB and a moment by intention, so at most `AT_ONCE` are made or compared at a time
in one process; who comes meanwhile waits. A name that nobody has is compared too, with a hash of
nothing, so that the time of an answer does not tell whether somebody has it.
"""

import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from chatbot.errors import Refused

SHORTEST, LONGEST = 10, 1000
"""Characters of a password."""
AT_ONCE = 2

HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$ziT2ESR0c5zWVoHq2Eut6Q"
    "$VYXoVpFkUDeapehkhAH7A21LOoJb0FkdlmnVGwYpx+Q"
)
"""A hash of the same cost that no accepted password has."""

_TRIED_FIRST = """
1234567890 12345678910 123456789a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 9876543210 0987654321
abcdefghij abcdefghijk administrator adminadmin adminadmin1 asdfghjkl1 asdfghjkl; assword123
baseball123 changeme123 changemenow charlie123 chatbot123 chatbotchatbot dragon1234 football123
iloveyou12 iloveyou123 letmein123 letmeinnow liverpool1 michael123 monkey1234 p@ssw0rd12
p@ssw0rd123 p@ssword123 passw0rd12 passw0rd123 password01 password10 password11 password12
password123 password1234 password12345 password123! password1! password99 passwordpassword
princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwer123456 qwerty1234 qwerty12345 qwerty123456
qwertyqwerty qwertyuiop qwertyuiop1 qwertz1234 qwertzuiop secret1234 sunshine123 superman123
test123456 testtest123 trustno1234 welcome123 welcome1234 zaq12wsxcde3
"""
COMMON = frozenset(_TRIED_FIRST.split())
"""Passwords of ten characters and more that everybody tries first."""

_slots = threading.BoundedSemaphore(AT_ONCE)


def check(password: str, login: str) -> None:
    """Raises Refused, with what is wrong, unless the password may be used for this login.

    Looked at as it is hashed: wide letters and letters with loose accents are letters.
    """
    if len(password) > LONGEST:
        raise Refused(f"The password is too long: at most {LONGEST:,} characters.")
    if _bytes(password) is None:
        raise Refused("The password holds a broken character. Type another one.")
    password = unicodedata.normalize("NFKC", password)
    if len(password) < SHORTEST:
        raise Refused(f"The password is too short: {SHORTEST} characters or more.")
    small = password.casefold()
    if login and small.strip("0123456789!.") == login.casefold():
        raise Refused("The password is the name you log in with. Choose another one.")
    if small in COMMON or len(set(small)) < 5:
        raise Refused("The password is one of those that everybody tries. Choose another one.")


def hashed(password: str) -> str:
    """The hash to keep, with its salt and its cost. Call it from a thread: it takes a moment."""
    with _slots:
        return HASHER.hash(_bytes(password) or b"")


def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password of the hash; None: of nobody, which takes as long.

    Call it from a thread.
    """
    given = _bytes(password) if len(password) <= LONGEST else None
    with _slots:
        try:
            same = HASHER.verify(password_hash or NOBODY, given or b"")
        except (VerificationError, InvalidHashError):
            return False
    return same and password_hash is not None and bool(given)


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made at another cost than new ones are."""
    return HASHER.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes | None:
    """One spelling of the same characters; None for what is no text."""
    try:
        return unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError:
        return None
