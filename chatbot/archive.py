"""Where conversations are kept: the database, or memory alone for temporary ones.

Both have the same tables and answer the same queries. This module decides which of the two holds an
id and tells the store's errors as ours. It knows nothing of turns, models or pages.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.errors import (
    ChatbotError,
    Conflict,
    NotFound,
    SchemaMismatch,
    StoreUnavailable,
    UnstorableText,
)
from store import accounts, conversations
from store import errors as store_errors
from store.engine import Database, Session
from store.records import Person

UNAVAILABLE = {
    "locked": "The database is busy with something else. Nothing was lost; try again in a moment.",
    "full": "The disk is full, so nothing can be saved. Free some space, then try again.",
    "lost": "The connection to the database broke. Nothing was lost; try again in a moment.",
}


class Place:
    """One database, with the store's errors told as chatbot's."""

    def __init__(self, database: Database, *, lasting: bool) -> None:
        self.database = database
        self.lasting = lasting

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction, committed at the end. Raises the errors of `told`."""
        with told(), self.database.transaction() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that never commits. Raises the errors of `told`."""
        with told(), self.database.reading() as session:
            yield session


class Archive:
    """The two places. The temporary one lives in this process alone and ends with it."""

    def __init__(self, main: Database) -> None:
        self.main = Place(main, lasting=True)
        self._temporary: Place | None = None
        self._opening = threading.Lock()

    @property
    def temporary(self) -> Place:
        """The place in memory, made when it is first asked for: most processes never need it."""
        with self._opening:
            if self._temporary is None:
                self._temporary = Place(Database.in_memory(), lasting=False)
            return self._temporary

    @property
    def has_temporary(self) -> bool:
        """Whether anything can be there: whether the place in memory was ever asked for."""
        return self._temporary is not None

    def of(self, public_id: str | None) -> Place:
        """The place that holds this conversation or message; the main one when neither does."""
        if public_id is None or not self.has_temporary:
            return self.main
        with self.temporary.reading() as session:
            return self.temporary if conversations.holds(session, public_id) else self.main

    def know(self, person: Person) -> None:
        """Let a person own temporary conversations. To be called before one begins."""
        with self.temporary.writing() as session:
            accounts.adopt(session, person)

    def places(self) -> tuple[Place, ...]:
        """Those there are, the lasting one first."""
        return (self.main, self.temporary) if self.has_temporary else (self.main,)


@contextmanager
def told() -> Iterator[None]:
    """Tell the store's errors as ours.

    Raises:
        NotFound, Conflict, UnstorableText, StoreUnavailable, SchemaMismatch: for the store's of
            that name.
        ChatbotError: for any other of the store's.
    """
    try:
        yield
    except store_errors.NotFound as error:
        raise NotFound from error
    except store_errors.Conflict as error:
        raise Conflict(str(error)) from error
    except store_errors.UnstorableText as error:
        raise UnstorableText from error
    except store_errors.Unavailable as error:
        raise StoreUnavailable(UNAVAILABLE.get(error.reason)) from error
    except store_errors.SchemaMismatch as error:
        raise SchemaMismatch(str(error)) from error
    except store_errors.StoreError as error:
        raise ChatbotError(str(error)) from error
