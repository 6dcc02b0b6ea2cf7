"""Rows → what the desk shows. Knows no queries."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chatbot.analysis.views import Said
from chatbot.desk.views import (
    Other,
    Reply,
    Row,
    Source,
    StoredDraft,
    ThreadMessage,
    Work,
)
from chatbot.knowledge.views import Article, Piece
from store.mail import OutgoingMail
from store.records import Person
from store.ticket_records import (
    Presence,
    Ticket,
    TicketDraft,
    TicketMessage,
    TicketText,
)
from store.ticket_records import Reply as ReplyRow

NO_WORK = Work("", 0, None, (), (), None, None, None)


def row(ticket: Ticket, moment: datetime, late_hours: float) -> Row:
    """A ticket as it stands in the queue at a moment."""
    waits = None
    if ticket.waiting_since is not None:
        waits = max(0.0, (moment - ticket.waiting_since).total_seconds())
    drafting = ticket.drafting_until is not None and ticket.drafting_until > moment
    return Row(
        id=ticket.public_id,
        number=ticket.id,
        customer=ticket.customer,
        subject=ticket.subject,
        channel=ticket.channel,
        language=ticket.language,
        mood=ticket.mood,
        intent=ticket.intent,
        state=ticket.state,
        waiting_s=waits,
        late=waits is not None and waits > late_hours * 3600,
        assignee=ticket.assignee,
        assignee_id=ticket.assignee_public_id,
        draft="drafting" if drafting else ticket.draft,
        unread=ticket.unread,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
    )


def said(message: TicketMessage) -> Said:
    """A message as analysis and drafting read it."""
    return Said(message.role, message.content, message.name, message.at)


def thread(
    messages: Sequence[TicketMessage],
    mails: Mapping[int, OutgoingMail],
    replies: Mapping[int | None, str],
) -> tuple[ThreadMessage, ...]:
    """Messages with how their mails fare. `replies`: public ids of the last ones."""
    found = []
    for message in messages:
        mail = mails.get(message.reply_id) if message.reply_id is not None else None
        delivery, problem = _delivery(mail)
        found.append(
            ThreadMessage(
                id=message.public_id,
                said=said(message),
                delivery=delivery,
                problem=problem,
                reply=replies.get(message.reply_id, ""),
            )
        )
    return tuple(found)


def draft(found: TicketDraft, last: str | None) -> StoredDraft:
    """A stored draft. `last`: what the customer said last, by public id."""
    return StoredDraft(
        id=found.public_id,
        text=found.text,
        sources=sources(found),
        missing=tuple(found.missing),
        unsupported=tuple(found.unsupported),
        language=found.language,
        model=found.model,
        prompt=found.prompt,
        version=found.version,
        number=found.number,
        tone=found.tone,
        instruction=found.instruction,
        variant=found.variant,
        notes=tuple(found.notes),
        first_s=found.first_s,
        total_s=found.total_s,
        created_at=found.created_at,
        current=found.answers is not None and found.answers == last,
    )


def sources(found: TicketDraft) -> tuple[Source, ...]:
    """The passages of a stored draft."""
    return tuple(Source(**each) for each in found.sources)


def source(article: Article, piece: Piece) -> Source:
    """A passage that was found beside a draft, without a number yet."""
    return Source(
        n=0,
        passage=piece.passage,
        article=article.row.id,
        title=article.row.title,
        heading=piece.heading,
        text=piece.text,
        internal=article.row.visibility == "internal",
        score=0.0,
        language=article.row.language,
    )


def work(found: TicketText | None) -> Work:
    """The unsent text."""
    if found is None:
        return NO_WORK
    return Work(
        text=found.text,
        version=found.version,
        draft=found.draft,
        facts=tuple(found.facts),
        confirmed=tuple(found.confirmed),
        writer=found.writer,
        writer_id=found.writer_public_id,
        changed_at=found.changed_at,
    )


def reply(
    found: ReplyRow, drafts: Mapping[int, TicketDraft], mails: Mapping[int, OutgoingMail]
) -> Reply:
    """A reply with the draft it came from."""
    begun = drafts.get(found.draft_id) if found.draft_id is not None else None
    delivery, problem = _delivery(mails.get(found.id))
    return Reply(
        id=found.public_id,
        ticket=found.ticket,
        text=found.text,
        draft=begun.public_id if begun else None,
        draft_text=begun.text if begun else None,
        distance=found.distance,
        seconds=found.seconds,
        sources=sources(begun) if begun else (),
        model=begun.model if begun else "",
        prompt=begun.prompt if begun else "",
        version=begun.version if begun else "",
        how="clipboard" if found.how == "clipboard" else "reply",
        state=found.state,
        reason=found.reason,
        author=found.author,
        created_at=found.created_at,
        until=found.due_at,
        sent_at=found.sent_at,
        delivery=delivery,
        problem=problem,
    )


def others(present: Sequence[Presence], person: Person) -> tuple[Other, ...]:
    """Everybody else who has the ticket open."""
    return tuple(
        Other(each.public_id, each.name, each.typing)
        for each in present
        if each.user_id != person.id
    )


def _delivery(mail: OutgoingMail | None) -> tuple[str, str]:
    return ("", "") if mail is None else (mail.state, mail.error or "")
