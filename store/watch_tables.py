"""The tables of monitoring: figures of each hour, rules that alert, what they found.

Part of `store.models`, which names them all. Figures are made of traces and messages, hour by hour,
after the fact: a turn writes none of them. They hold counts alone, and no text. Made again from the
other tables at any time.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from store.base import NEVER_REUSED, Base, new_id
from store.columns import BigId, ExactText, Name, PlainJson, PublicId, UtcTime, now


class Hour(Base):
    """What became of one hour's answers of one kind. `release_id` 0: of no release.

    `figures`: counts by name, and histograms of times; see `chatbot.monitoring`.
    """

    __tablename__ = "hours"

    at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    channel: Mapped[str] = mapped_column(Name(20), primary_key=True)
    prompt: Mapped[str] = mapped_column(Name(200), primary_key=True)
    version: Mapped[str] = mapped_column(Name(64), primary_key=True)
    model: Mapped[str] = mapped_column(Name(200), primary_key=True)
    release_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    figures: Mapped[dict[str, Any]] = mapped_column(PlainJson)


class Day(Base):
    """The hours of one day (UTC) together, so that a month is read as quickly as a day."""

    __tablename__ = "days"

    at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    channel: Mapped[str] = mapped_column(Name(20), primary_key=True)
    prompt: Mapped[str] = mapped_column(Name(200), primary_key=True)
    version: Mapped[str] = mapped_column(Name(64), primary_key=True)
    model: Mapped[str] = mapped_column(Name(200), primary_key=True)
    release_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    figures: Mapped[dict[str, Any]] = mapped_column(PlainJson)


class StaleMoment(Base):
    """A moment of which something was removed since its hour was made, which triggers write, or of
    which a ticket came or was read late: those have the time at which their customer wrote.
    """

    __tablename__ = "stale_moments"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


class Reading(Base):
    """How far a reader of rows has come."""

    __tablename__ = "readings"

    name: Mapped[str] = mapped_column(Name(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


class Alert(Base):
    """A rule: `measure` over `minutes`, above or below a limit, or worse than the version before.

    `least`: answers below which nothing is said. `channel`, `prompt`: empty for all. `mail`: who
    gets an e-mail. `hook`: webhooks that listen to alerts are told.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("how IN ('above', 'below', 'drop', 'rise')", name="how"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    name: Mapped[str] = mapped_column(Name(100))
    measure: Mapped[str] = mapped_column(Name(40))
    how: Mapped[str] = mapped_column(Name(20))
    threshold: Mapped[float]
    minutes: Mapped[int]
    least: Mapped[int]
    channel: Mapped[str] = mapped_column(Name(20), default="")
    prompt: Mapped[str] = mapped_column(Name(200), default="")
    mail: Mapped[str] = mapped_column(Name(320), default="")
    hook: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    muted_until: Mapped[datetime | None] = mapped_column(UtcTime)
    made_by: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class AlertEvent(Base):
    """A time in which a rule was broken, by what `subject` names: a version, a model, or all.

    `line`: the line of a plot that shows it, "" for all answers. `told_at`: when those who are told
    by mail and webhooks were; None as long as the rule is muted.
    """

    __tablename__ = "alert_events"
    __table_args__ = (Index("ix_alert_events_alert_id", "alert_id", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(PublicId, unique=True, default=new_id)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(Name(300))
    line: Mapped[str] = mapped_column(Name(400), default="")
    value: Mapped[float]
    bound: Mapped[float]
    answers: Mapped[int]
    cause: Mapped[str] = mapped_column(ExactText, default="")
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
