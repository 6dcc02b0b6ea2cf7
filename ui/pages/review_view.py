"""What the Review page shows, as JSON: made from the service's values. Asks nothing.

A token of a difference is `[kind, text, change]`; a mask `[start, end, kind]`, in characters.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.review import Agreement, Choices, Comment, Item, Line, Opinion, Queue, Row, Span
from chatbot.tracing import TraceView

Json = dict[str, Any]


def queue(found: Queue) -> Json:
    """A page of the queue with its counts."""
    return {
        "rows": [row(one) for one in found.rows],
        "open": found.open,
        "done": found.done,
        "found": found.found,
        "more": found.more,
    }


def row(found: Row) -> Json:
    """A line of the queue."""
    return {
        "id": found.id,
        "title": found.title,
        "customer": found.customer,
        "kind": found.kind,
        "at": found.at.isoformat(),
        "chip": found.chip,
        "state": found.state,
        "rating": found.rating,
        "flagged": found.flagged,
        "distance": found.distance,
        "mood": found.mood,
        "topic": found.topic,
        "model": found.model,
        "prompt": found.prompt,
        "number": found.number,
        "tags": list(found.tags),
        "verdict": found.verdict,
        "second": found.second,
        "split": found.split,
        "taken": found.taken,
    }


def choices(found: Choices) -> Json:
    """What there is to filter by."""
    return {
        "models": list(found.models),
        "prompts": list(found.prompts),
        "numbers": list(found.numbers),
        "tags": list(found.tags),
        "moods": list(found.moods),
        "topics": list(found.topics),
    }


def item(found: Item, context: int) -> Json:
    """One item with all that a reviewer sees. `context`: tokens of its model, 0 if not known."""
    return {
        "row": row(found.row),
        "thread": [line(one) for one in found.thread],
        "has_earlier": found.has_earlier,
        "answer": found.answer,
        "answer_masks": masks(found.answer_masks),
        "sent": found.sent,
        "sent_masks": masks(found.sent_masks),
        "better": found.better,
        "changes": tokens(found.changes),
        "reasons": list(found.reasons),
        "flag_note": found.flag_note,
        "trace": trace(found.trace, context) if found.trace else None,
        "masked": found.masked,
        "own": opinion(found.own) if found.own else None,
        "opinions": [opinion(one) for one in found.opinions],
        "others": found.others,
        "comments": [comment(one) for one in found.comments],
        "taken": found.taken,
        "taken_until": found.taken_until.isoformat() if found.taken_until else None,
        "seen": found.seen,
        "recorded": found.recorded,
    }


def line(found: Line) -> Json:
    """A message of the thread."""
    return {
        "id": found.id,
        "role": found.role,
        "at": found.at.isoformat(),
        "text": found.text,
        "masks": masks(found.masks),
        "judged": found.judged,
        "rating": found.rating,
    }


def masks(found: Iterable[Span]) -> list[list[Any]]:
    """Where tags stand."""
    return [[one.start, one.end, one.kind] for one in found]


def tokens(found: Iterable[Any]) -> list[list[Any]]:
    """The way from one text to another."""
    return [[one.kind, one.text, one.change] for one in found]


def opinion(found: Opinion) -> Json:
    """A verdict."""
    return {
        "id": found.id,
        "reviewer": found.reviewer,
        "own": found.own,
        "rating": found.rating,
        "text": found.text,
        "tags": list(found.tags),
        "note": found.note,
        "use": found.use,
        "at": found.at.isoformat(),
        "changes": tokens(found.changes),
        "distance": found.distance,
    }


def comment(found: Comment) -> Json:
    """What somebody said of an item."""
    return {
        "id": found.id,
        "author": found.author,
        "own": found.own,
        "at": found.at.isoformat(),
        "text": found.text,
    }


def trace(found: TraceView, context: int) -> Json:
    """How an answer was made."""
    return {
        "turn": found.turn,
        "messages": [{"role": one["role"], "content": one["content"]} for one in found.messages],
        "exact": found.exact,
        "model": found.model,
        "prompt": found.prompt,
        "number": found.version,
        "sha": found.sha,
        "parameters": found.parameters,
        "asked": found.prompt_tokens,
        "context": context,
        "tokens": found.reply_tokens,
        "first": found.first_s,
        "total": found.total_s,
        "error": found.error,
        "notes": list(found.notes),
        "passages": [passage(one) for one in found.passages],
    }


def passage(found: Json) -> Json:
    """A passage that the model got; `used` is how the answer used it."""
    return {
        "n": found.get("n"),
        "title": found.get("title", ""),
        "heading": found.get("heading", ""),
        "text": found.get("text", ""),
        "internal": bool(found.get("internal")),
        "used": found.get("used", ""),
    }


def agreement(found: Agreement) -> Json:
    """How far reviewers agree."""
    return {
        "pairs": found.pairs,
        "share": found.share,
        "kappa": found.kappa,
        "days": found.days,
    }


def versions(found: Sequence[Any]) -> list[Json]:
    """Prompts to run a turn again with, their versions newest first."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "live": one.live,
            "versions": [{"sha": v.sha, "number": v.seq, "note": v.note} for v in one.versions],
        }
        for one in found
    ]
