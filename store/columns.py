"""Column types: the same value comes back from SQLite and PostgreSQL.

Every text column uses `ExactText` or `Name`, so the text rule holds without anyone calling it.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from store.errors import UnstorableText
from store.text import storable, storable_json

BigId = BigInteger().with_variant(Integer(), "sqlite")


class ExactText(TypeDecorator[str]):
    """Text of any length that obeys the text rule."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Refuse what cannot be kept exactly."""
        return None if value is None else storable(value)


class Name(TypeDecorator[str]):
    """Text that is indexed, so its length has a limit; the same on both databases."""

    impl = String
    cache_ok = True

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Refuse what is too long or cannot be kept exactly."""
        if value is not None and len(value) > self.limit:
            raise UnstorableText(f"is longer than {self.limit} characters")
        return None if value is None else storable(value)


class PublicId(TypeDecorator[str]):
    """A UUID that is a `str` outside. What is no UUID becomes NULL, which equals nothing."""

    impl = Uuid
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> UUID | None:
        """Read any spelling of a UUID."""
        try:
            return None if value is None else UUID(value)
        except ValueError:
            return None

    def process_result_value(self, value: UUID | None, _dialect: Dialect) -> str | None:
        """Spell it with hyphens, in lower case."""
        return None if value is None else str(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC; a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite stores it without a zone, so that texts sort as times do."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainJson(TypeDecorator[object]):
    """Plain JSON whose strings obey the text rule. `JSON`, not `JSONB`: key order is kept."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: object, _dialect: Dialect) -> object:
        """Refuse strings and numbers that cannot be kept exactly."""
        return storable_json(value)


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
