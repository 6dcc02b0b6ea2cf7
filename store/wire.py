"""Short messages between the processes of one PostgreSQL database: LISTEN and NOTIFY.

They carry ids, and are lost where nobody listens. SQLite has no such thing.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.engine import Database
from store.errors import Unavailable

CHANNEL = "chatbot"

Told = tuple[int, int, str]
"""Who tells (a replica), a person (id), and a conversation of theirs (public id)."""


class Ear:
    """A connection that hears what others tell."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def hear(self, wait_s: float) -> list[Told]:
        """What was told, waiting so long for the first. Raises `Unavailable`: it hears no more."""
        try:
            heard = [_read(one.payload) for one in self._driver.notifies(timeout=wait_s)]
        except self._driver.Error as error:
            raise Unavailable("lost", type(error).__name__) from None
        return [one for one in heard if one is not None]


@contextmanager
def listening(database: Database) -> Iterator[Ear]:
    """An open ear, over a connection of its own. Raises `Unavailable`."""
    with database.connection() as connection:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        yield Ear(connection.connection.dbapi_connection)


def tell(session: Session, replica: int, changed: Sequence[tuple[int, str]]) -> None:
    """Tell the other processes what changed, once this transaction is committed."""
    for user_id, conversation in changed:
        text = json.dumps([replica, user_id, conversation])
        session.execute(select(func.pg_notify(CHANNEL, text)))


def _read(payload: str) -> Told | None:
    """None for what another program, or another version of this one, has told."""
    try:
        replica, user_id, conversation = json.loads(payload)
        return int(replica), int(user_id), str(conversation)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
