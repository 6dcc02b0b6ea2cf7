"""How quickly models answered lately. Reads the newest traces alone, whatever else is stored."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.models import Trace


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer. Times in seconds; None where they were not measured."""

    model: str
    first_token_s: float | None
    total_s: float | None
    reply_tokens: int | None


def newest(session: Session, limit: int) -> list[Timed]:
    """The newest answers that did not fail, of whatever model; `limit` traces are looked at."""
    recent = (
        select(Trace.model, Trace.first_token_s, Trace.total_s, Trace.reply_tokens, Trace.error)
        .order_by(Trace.created_at.desc())
        .limit(limit)
    )
    return [Timed(*row[:4]) for row in session.execute(recent) if row.error is None]
