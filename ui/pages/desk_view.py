"""What the Desk shows, as JSON: made from the services' values. Asks nothing."""

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.analysis.views import Card, Entity, Item, Quote
from chatbot.desk import Other, Queue, Row, StoredDraft, ThreadMessage, Ticket
from chatbot.knowledge import Article, Hit
from chatbot.macros import Macro

Json = dict[str, Any]

SENDS = ("chat", "e-mail")
"""Channels in which a reply reaches the customer from here; others leave by the clipboard."""
DEMO = "demo:"
"""How the source of a demo's ticket begins: its replies go nowhere and are called sent."""
KNOWN = ("customer", "agent", "company", "order")
"""Variables of macros that the ticket fills in where it can, so that nobody is asked for them."""
DELIVERY = {
    "queued": "mail waits",
    "sending": "mail is being sent",
    "sent": "mail sent",
    "failed": "mail failed",
    "unsure": "mail perhaps sent",
}
UNSETTLED = ("failed", "unsure")
"""Where a person decides: send the mail again, or say that it arrived."""
NO_SERVER = (
    "It stays here: the settings name no server for outgoing mail (mailbox.smtp_host). "
    "Ask whoever looks after this server."
)


# The queue ---------------------------------------------------------------------------------------


def queue(found: Queue) -> Json:
    """A page of the queue with the counts of its lists."""
    counts = found.counts
    return {
        "counts": {"mine": counts.mine, "new": counts.new, "all": counts.all},
        "rows": [row(one) for one in found.rows],
        "more": found.more is not None,
    }


def row(found: Row) -> Json:
    """A ticket in the queue."""
    return {
        "id": found.id,
        "number": found.number,
        "customer": found.customer,
        "subject": found.subject,
        "channel": found.channel,
        "language": found.language,
        "mood": found.mood,
        "state": found.state,
        "waiting_s": found.waiting_s,
        "late": found.late,
        "assignee": found.assignee,
        "draft": found.draft,
        "unread": found.unread,
    }


def stamp(found: Row) -> str:
    """Differs when a ticket changed in a way that its page shows."""
    changed = found.updated_at.isoformat()
    return f"{changed} {found.state} {found.assignee_id or ''} {found.customer}"


# A ticket ----------------------------------------------------------------------------------------


def ticket(found: Ticket, *, mails: bool) -> Json:
    """A ticket as opened, with its unsent text and the draft that waits.

    `mails`: whether replies by mail leave from here.
    """
    one = found.row
    return {
        "id": one.id,
        "number": one.number,
        "subject": one.subject,
        "customer": one.customer,
        "channel": one.channel,
        "language": one.language,
        "state": one.state,
        "reason": found.reason,
        "sends": one.channel in SENDS or found.source.startswith(DEMO),
        "assignee": {"id": one.assignee_id, "name": one.assignee} if one.assignee_id else None,
        "messages": [message(each, mails=mails) for each in found.thread],
        "has_earlier": found.has_earlier,
        "work": {
            "text": found.work.text,
            "version": found.work.version,
            "draft": found.work.draft,
            "facts": list(found.work.facts),
            "confirmed": list(found.work.confirmed),
            "changed_at": found.work.changed_at.isoformat() if found.work.changed_at else None,
        },
        "draft": draft(found.draft) if found.draft and found.draft.current else None,
        "others": others(found.others),
        "merged_into": found.merged_into,
        "stamp": stamp(one),
    }


def message(found: ThreadMessage, *, mails: bool) -> Json:
    """A message of a thread. `settle`: the reply (id) whose mail waits for a decision, or ""."""
    said = found.said
    problem = NO_SERVER if found.delivery == "queued" and not mails else found.problem
    return {
        "id": found.id,
        "role": said.role,
        "name": said.name,
        "text": said.text,
        "when": said.at.isoformat() if said.at else None,
        "delivery": DELIVERY.get(found.delivery, ""),
        "problem": problem,
        "settle": found.reply if found.delivery in UNSETTLED else "",
    }


def others(found: Iterable[Other]) -> list[Json]:
    """Colleagues who have the ticket open."""
    return [{"id": one.id, "name": one.name, "typing": one.typing} for one in found]


def card(found: Card) -> Json:
    """A thread at a glance; every item with the place of the words it comes from."""
    mood_from = quote(found.mood_from) if found.mood_from else None
    return {
        "wants": [item(one) for one in found.wants],
        "done": [item(one) for one in found.done],
        "open": [item(one) for one in found.open],
        "facts": [item(one) for one in found.facts],
        "intent": found.intent.label if found.intent else "",
        "mood": found.mood.word if found.mood else "",
        "mood_before": found.mood_before.word if found.mood_before else "",
        "mood_from": mood_from,
    }


def item(found: Item) -> Json:
    """A line of the card."""
    return {"text": found.text, "kind": found.kind, "quote": quote(found.quote)}


def quote(found: Quote) -> Json:
    """A place in the thread."""
    return {"message": found.message, "start": found.start, "end": found.end}


def entities(found: Sequence[Entity]) -> list[list[Any]]:
    """What a message names: `[start, end, kind]`, in order and without overlaps."""
    return [[one.start, one.end, one.kind] for one in sorted(found, key=lambda one: one.start)]


# A reply -----------------------------------------------------------------------------------------


def draft(found: StoredDraft) -> Json:
    """A draft with its sources and how it was made."""
    return {
        "id": found.id,
        "text": found.text,
        "sources": [source(one) for one in found.sources],
        "missing": list(found.missing),
        "unsupported": list(found.unsupported),
        "language": found.language,
        "model": found.model,
        "prompt": found.prompt,
        "version": found.version,
        "number": found.number,
        "total_s": found.total_s,
        "notes": list(found.notes),
    }


def source(found: Any) -> Json:
    """A passage that is cited by its number."""
    return {
        "n": found.n,
        "passage": found.passage,
        "article": found.article,
        "title": found.title,
        "heading": found.heading,
        "text": found.text,
        "internal": found.internal,
    }


def marks(found: Iterable[Any]) -> list[Json]:
    """Places in the reply that need a look, with the reason."""
    return [
        {"start": one.start, "end": one.end, "text": one.text, "kind": one.kind, "why": one.why}
        for one in found
    ]


def hit(found: Hit) -> Json:
    """A passage that was found, to be added as a source."""
    return {
        "passage": found.passage,
        "article": found.article,
        "title": found.title,
        "heading": found.heading,
        "text": found.text,
        "internal": found.internal,
    }


def article(found: Article) -> Json:
    """An article by its passages."""
    return {
        "id": found.row.id,
        "title": found.row.title,
        "internal": found.row.visibility == "internal",
        "pieces": [
            {"number": one.number, "heading": one.heading, "text": one.text} for one in found.pieces
        ],
    }


def macro(found: Macro) -> Json:
    """A macro with the variables that are asked for."""
    return {
        "name": found.name,
        "title": found.title,
        "text": found.text,
        "variables": [
            {"name": one.name, "kind": one.kind, "choices": list(one.choices)}
            for one in found.variables
            if one.name not in KNOWN
        ],
    }
