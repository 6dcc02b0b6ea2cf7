"""What waits at a moment, in a few numbers: read when somebody scrapes the server's metrics."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import hours, review_queue
from store.models import Alert, AlertEvent, OutgoingMail, Ticket, WebhookDelivery
from store.review_records import Filters


def gauges(session: Session, now: datetime) -> dict[str, float]:
    """Numbers by name; all by an index. `figures_age_seconds` is missing before the first time."""
    waiting = select(func.count()).where(Ticket.active, Ticket.waiting_since.is_not(None))
    told = select(func.count()).where(WebhookDelivery.done_at.is_(None))
    mailed = select(func.count()).where(OutgoingMail.state.in_(("queued", "sending")))
    firing = (
        select(func.count())
        .select_from(AlertEvent)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(AlertEvent.ended_at.is_(None), Alert.active)
    )
    found = {
        "tickets_waiting": session.scalar(waiting),
        "review_open": review_queue.count(session, Filters(), ("open",)),
        "webhooks_waiting": session.scalar(told),
        "mails_waiting": session.scalar(mailed),
        "alerts_firing": session.scalar(firing),
    }
    numbers = {name: float(value or 0) for name, value in found.items()}
    read_at = hours.read_to(session).get("rows")
    if read_at is not None:
        numbers["figures_age_seconds"] = max(0.0, (now - read_at).total_seconds())
    return numbers
