"""The workspace's secret of the review, and what it makes: pseudonyms, and seals of views.

A pseudonym is the same for the same customer in every item, and nobody without the secret can tell
whose it is, or try names until one fits. The secret lies in the database, so that every process
has the same; it leaves with a backup.
"""

import hashlib
import hmac
import secrets
import threading

from chatbot.archive import Archive
from chatbot.errors import Conflict
from store import options
from store.records import Person

_OPTION = "review_key"
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (crockford.com/base32.html): no letters that are taken for others."""
_LONG = 4
"""Signs of a pseudonym: a million of them. Two of 1,200 customers share one at even odds."""


class Key:
    """Makes pseudonyms and seals. May be shared by threads."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._secret: bytes | None = None

    def ready(self, person: Person) -> None:
        """Make the secret where there is none yet. Raises StoreUnavailable."""
        with self._lock:
            if self._secret is None:
                self._secret = self._stored() or self._made(person)

    def pseudonym(self, customer: str) -> str:
        """What a customer is called here, such as "7F2Q"; "" where nobody is known."""
        if not customer:
            return ""
        number = int.from_bytes(self._mac("customer", customer)[:8], "big")
        signs = (_SIGNS[number >> 5 * place & 31] for place in range(_LONG))
        return "".join(signs)

    def seal(self, tag: str, value: str) -> str:
        """A short proof of what a tag stands for, which does not tell it."""
        return self._mac(tag, value).hex()[:8]

    def _mac(self, kind: str, text: str) -> bytes:
        if self._secret is None:
            raise RuntimeError("the key of the review was not made ready")
        return hmac.new(self._secret, f"{kind}\n{text}".encode(), hashlib.sha256).digest()

    def _stored(self) -> bytes | None:
        with self._archive.main.reading() as session:
            found = options.get(session, _OPTION)
        return None if found is None else bytes.fromhex(found.value["secret"])

    def _made(self, person: Person) -> bytes:
        made = {"secret": secrets.token_hex(32)}
        try:
            with self._archive.main.writing() as session:
                options.put(session, _OPTION, made, 0, person.id)
        except Conflict:
            pass  # another process was quicker; its secret is used
        return self._stored() or b""
