"""Answers of days that are over, as turns left them: for what looks back."""

from datetime import timedelta

from sqlalchemy import update

from chatbot.monitoring.views import RuleForm
from store import traces
from store.columns import now
from store.models import Message
from store.models import Trace as TraceRow
from store.records import Trace
from tests.support.stored import started, turn

SLOW = RuleForm("Slow first word", "first_p95", "above", 0.8, minutes=60, least=2)


def version_of(product, prompt="support"):
    """The hash of the version that production serves most of a prompt."""
    return next(iter(product.releases.current(prompt).weights))


def answered(product, back, *, prompt="support", model="scripted@1", rating=0, error=None, **took):
    """An answer of some time ago (a timedelta), with its trace and its thumb. Returns the message.

    `took`: `first_token_s`, `total_s`, `prompt_tokens`, `reply_tokens`.
    """
    me, sha = product.person(), version_of(product, prompt)
    talk = started(product.database, me, prompt=prompt, version=sha, model=model)
    _, reply = turn(product.database, talk, "Is it open?", "Yes.")
    figures = {"first_token_s": 0.2, "total_s": 1.0, "prompt_tokens": 300, "reply_tokens": 40}
    made = Trace(
        message_id=reply.id,
        attempt=1,
        prompt=prompt,
        version=sha,
        release_id=None,
        model=model,
        parameters={},
        inputs={},
        rendered_hash="",
        history_ids=[],
        passages=[],
        error=error,
        notes=[],
        **(figures | took),
    )
    at = {"created_at": now() - back}
    ended = {"status": "failed", "error": error} if error else {}
    with product.database.transaction() as session:
        traces.add_trace(session, made)
        session.execute(update(Message).where(Message.id == reply.id).values(**at, **ended))
        session.execute(update(TraceRow).where(TraceRow.message_id == reply.id).values(**at))
    if rating:
        product.conversations.feedback(me, reply.public_id, rating=rating)
    return reply


def a_week(product):
    """Five answers of a week, of which three came just now, slow, and one broke; one before it.

    Figures are made of them, and the rule SLOW goes on.
    """
    answered(product, timedelta(days=9), rating=1)
    answered(product, timedelta(days=2), rating=1)
    answered(product, timedelta(days=2, seconds=1), rating=-1)
    answered(product, timedelta(seconds=3), rating=-1, first_token_s=1.4)
    answered(product, timedelta(seconds=2), first_token_s=1.5)
    answered(product, timedelta(seconds=1), error="The server stopped here.")
    product.monitoring.set_rule(product.person(), SLOW)
    product.monitoring.refresh(judge=True)
