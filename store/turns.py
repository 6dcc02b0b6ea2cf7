"""How many turns a person began lately, and which of their answers are being written.

Neither costs more when more is stored. Turns are counted in one row for each person, since messages
are found by conversation and not by person, and since what was deleted was asked all the same.
Answers that are being written have an index of their own, which holds those of this moment alone.
How many are allowed is decided above.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, literal, literal_column, select
from sqlalchemy.orm import Session

from store.columns import UtcTime
from store.models import Conversation, Message
from store.models import TurnCount as Row
from store.records import TurnCount
from store.rows import columns_of, upserting

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

_STREAMING: Any = literal_column(
    "'streaming'"
)  # in the SQL itself: a partial index fits no parameter


def count(session: Session, user_id: int, at: datetime) -> TurnCount:
    """Count one more turn of this person; what is counted now, this one included.

    A minute and a day begin with the first turn after the last one is over. Others that count for
    the same person wait for our commit; a transaction that is rolled back counted nothing.
    """
    first = {
        "user_id": user_id,
        "minute_from": at,
        "minute_turns": 1,
        "day_from": at,
        "day_turns": 1,
    }
    more = _one_more(Row.minute_from, Row.minute_turns, MINUTE, at)
    more |= _one_more(Row.day_from, Row.day_turns, DAY, at)
    statement = upserting(session, Row, first, ["user_id"], more)
    return TurnCount(*session.execute(statement.returning(*columns_of(Row, TurnCount))).one())


def streaming(session: Session, user_id: int) -> list[str]:
    """The answers (public ids) to this person that are being written or wait for their turn."""
    return list(session.scalars(streaming_query(user_id)))


def streaming_query(user_id: int) -> Any:
    """The query of `streaming`."""
    # A subquery, not a join: a planner might begin a join with all conversations of the person.
    owner = select(Conversation.user_id).where(Conversation.id == Message.conversation_id)
    return select(Message.public_id).where(
        Message.status == _STREAMING, owner.scalar_subquery() == user_id
    )


def _one_more(since: Any, turns: Any, long: timedelta, at: datetime) -> dict[str, Any]:
    # Clocks of two servers differ a little; one that was put back by more begins anew.
    same = and_(since > at - long, since < at + long)
    return {
        since.key: case((same, since), else_=literal(at, UtcTime())),
        turns.key: case((same, turns + 1), else_=1),
    }
