"""Answers, drafts and replies of any time, as turns and the desk leave them: for what counts them.

The rows are written as they are, without the index of the search: tests need many.
"""

from datetime import UTC, datetime, timedelta

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.learning.evaluate.phrases import refuses
from chatbot.monitoring import Around, Monitoring
from store import conversations, messages, models, prompts, review, review_verdicts, traces
from store.columns import now
from tests.support.stored import person, saved_version

OLD, NEW = "a" * 64, "b" * 64
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def noon():
    """Yesterday at half past twelve: hours and days have room on both sides."""
    return datetime.now(UTC).replace(hour=12, minute=30, second=0, microsecond=0) - DAY


def monitoring_of(database, clock=noon, **around):
    """Monitoring of a database alone, as of `clock`: no model, no encoder."""
    archive = Archive(database)
    values = {
        "states": list,
        "hosted": tuple,
        "refuses": refuses,
        "mailbox": None,
        "workspace": "Halden Lamps",
    }
    return Monitoring(
        archive, Audit(archive), Analysis(lambda: None), Around(**values | around), clock
    )


class Past:
    """What happened in one database. Versions 1 (`OLD`) and 2 (`NEW`) of a prompt are there."""

    def __init__(self, database, prompt="support"):
        self.database = database
        self.prompt = prompt
        self.owner = person(database)
        self.now = noon()
        with database.transaction() as session:
            for sha in (OLD, NEW):
                saved_version(session, sha, prompt)
            self.release = prompts.publish(
                session,
                prompt=prompt,
                environment="production",
                weights={NEW: 80, OLD: 20},
                actor="Ada",
                reason="",
            ).id

    def ago(self, **length):
        return self.now - timedelta(**length)

    def answer(self, at, version=NEW, **of):
        """An answer with its trace; see `_answer` for what it may be like."""
        with self.database.transaction() as session:
            return self._answer(session, at, version, **of)

    def answers(self, number, at, version=NEW, **of):
        """As many answers, a second apart."""
        with self.database.transaction() as session:
            for second in range(number):
                self._answer(session, at - timedelta(seconds=second), version, **of)

    def _answer(
        self,
        session,
        at,
        version,
        *,
        model="m@1",
        channel="chat",
        status="complete",
        rating=None,
        error=None,
        lacked=False,
        text="Yes, until six.",
        first=0.2,
        total=1.0,
    ):
        reply = self._turn(session, at, version, channel, text, status, error)
        inputs = {"lacked": True} if lacked else {}
        session.add(
            models.Trace(
                message_id=reply.id, attempt=1, prompt=self.prompt, version=version,
                release_id=self.release, model=model, parameters={}, rendered_hash="",
                inputs=inputs, history_ids=[], passages=[], notes=[], first_token_s=first,
                total_s=total, prompt_tokens=300, reply_tokens=40, created_at=at,
            )
        )  # fmt: skip
        if rating is not None:
            self._rate(session, reply, rating)
        return reply

    def broken(self, at, error="The model cannot be loaded.", status="failed"):
        """An answer that broke before a model was asked."""
        with self.database.transaction() as session:
            return self._turn(session, at, NEW, "chat", "", status, error)

    def _turn(self, session, at, version, channel, text, status, error):
        talk = conversations.create(
            session, user_id=self.owner.id, title="A talk", channel=channel, prompt=self.prompt,
            release_id=self.release, version=version, model="m@1",
        )  # fmt: skip
        asked = models.Message(
            conversation_id=talk.id, sequence=1, used=1, role="user", status="complete",
            content="Is it open?",
        )  # fmt: skip
        session.add(asked)
        session.flush()
        reply = models.Message(
            conversation_id=talk.id, parent_id=asked.id, sequence=2, used=2, role="assistant",
            status=status, content=text, error=error, finished_at=at,
        )  # fmt: skip
        session.add(reply)
        session.flush()
        return reply

    def rate(self, reply, rating, reasons=()):
        with self.database.transaction() as session:
            self._rate(session, reply, rating, reasons)

    def _rate(self, session, reply, rating, reasons=()):
        traces.set_feedback(session, reply.id, self.owner.id, rating, reasons)
        review.note_rating(session, reply.id, rating, list(reasons))

    def judge(self, reply, rating):
        """A reviewer's verdict of an answer that was rated."""
        with self.database.transaction() as session:
            item = review.of_message(session, reply.public_id)
            review_verdicts.rate(session, [item.id], self.owner.id, rating)

    def ticket(self, at, *, mood="", topic=""):
        with self.database.transaction() as session:
            row = models.Ticket(
                source="test", channel="e-mail", subject="s", customer="c", address="",
                mood=mood, intent=topic, state="new", active=True, rank=0,
                created_at=at, updated_at=now(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def draft(self, at, *, version=NEW, sources=({"n": 1},), first=0.3):
        """A draft of a ticket of its own; the ids of ticket and draft."""
        ticket = self.ticket(at)
        with self.database.transaction() as session:
            row = models.TicketDraft(
                ticket_id=ticket, sources=list(sources), missing=[], unsupported=[], notes=[],
                language="en", model="m@1", prompt=self.prompt, version=version, tone="",
                instruction="", first_s=first, total_s=1.0, created_at=at, text="t",
                release_id=self.release,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return ticket, row.id

    def reply(self, at, drafted=None, distance=None):
        """A reply that was sent; `drafted`: what `draft` gave."""
        ticket, draft = drafted or (self.ticket(at), None)
        with self.database.transaction() as session:
            row = models.Reply(
                ticket_id=ticket, draft_id=draft, how="reply", state="sent", seconds=5,
                distance=distance, facts=[], confirmed=[], due_at=at, sent_at=at, text="t",
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def forget(self, reply):
        """Remove the conversation of an answer for good."""
        with self.database.transaction() as session:
            row = session.get(models.Message, reply.id)
            session.delete(session.get(models.Conversation, row.conversation_id))

    def withdraw(self, reply):
        with self.database.transaction() as session:
            messages.set_feedback(session, reply.id, self.owner.id, None)
