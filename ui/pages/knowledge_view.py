"""Knowledge → what its page shows, as JSON. Pure: no services, no widgets. All text stays text."""

from collections.abc import Sequence
from typing import Any

from chatbot.documents import Cut
from chatbot.knowledge import Added, Article, Hit, Lack, Listing, Row, State
from chatbot.knowledge.why import matched
from chatbot.topics import Topic

Json = dict[str, Any]


def state(shown: State) -> Json:
    """How much there is, and how it is searched."""
    return {
        "articles": shown.articles,
        "passages": shown.passages,
        "waiting": shown.waiting,
        "by_meaning": shown.by_meaning,
        "why_not": shown.why_not,
    }


def listing(shown: Listing) -> Json:
    """A page of the list, with the counts of all."""
    counts = shown.counts
    return {
        "rows": [row(one) for one in shown.rows],
        "counts": {"all": counts.all, "public": counts.public, "internal": counts.internal},
        "passages": counts.passages,
        "tags": [[tag, times] for tag, times in counts.tags],
        "after": shown.after,
    }


def row(one: Row) -> Json:
    """An article as the list shows it."""
    return {
        "id": one.id,
        "title": one.title,
        "source": one.source,
        "visibility": one.visibility,
        "language": one.language,
        "tags": list(one.tags),
        "owner": one.owner,
        "valid_from": one.valid_from and one.valid_from.isoformat(),
        "valid_until": one.valid_until and one.valid_until.isoformat(),
        "passages": one.passages,
        "embedded": one.embedded,
        "cited": one.cited_30d,
        "version": one.version,
        "changed": one.changed_at.isoformat(),
    }


def article(shown: Article) -> Json:
    """An article with its passages and versions."""
    return row(shown.row) | {
        "text": shown.text,
        "pieces": [
            {
                "id": one.passage,
                "number": one.number,
                "heading": one.heading,
                "text": one.text,
                "tokens": one.tokens,
            }
            for one in shown.pieces
        ],
        "versions": [
            {
                "number": one.number,
                "title": one.title,
                "by": one.author,
                "at": one.created_at.isoformat(),
            }
            for one in shown.versions
        ],
        "cited_ever": shown.cited,
        "rated_down": shown.rated_down,
        "created": shown.created_at.isoformat(),
        "removed": shown.removed,
    }


def hits(question: str, found: Sequence[Hit], *, fitting: bool) -> Json:
    """What a question finds, with the reasons."""
    return {
        "fitting": fitting,
        "hits": [
            {
                "passage": one.passage,
                "article": one.article,
                "label": one.label,
                "text": one.text,
                "internal": one.internal,
                "score": round(one.score, 3),
                "words": round(one.words, 3),
                "meaning": round(one.meaning, 3),
                "text_rank": one.text_rank,
                "meaning_rank": one.meaning_rank,
                "matched": list(matched(question, one)),
            }
            for one in found
        ],
    }


def lacks(found: Sequence[Lack]) -> Json:
    """Questions that found nothing, the most frequent first."""
    return {
        "lacks": [
            {
                "id": one.id,
                "question": one.question,
                "times": one.times,
                "questions": list(one.questions),
                "channels": list(one.channels),
                "last": one.last.isoformat(),
            }
            for one in found
        ]
    }


def added(told: Added) -> Json:
    """What an import did."""
    return {
        "new": told.new,
        "changed": told.changed,
        "unchanged": told.unchanged,
        "refused": [[source, reason] for source, reason in told.refused],
        "articles": list(told.articles),
    }


def cuts(title: str, found: Sequence[Cut]) -> Json:
    """A text as it would be searched."""
    return {"title": title, "pieces": [{"heading": one.heading, "text": one.text} for one in found]}


def topics(found: Sequence[Topic]) -> Json:
    """What is written about, the largest first; weeks by their Mondays."""
    return {
        "topics": [
            {
                "name": one.name,
                "size": one.size,
                "weeks": [[day.isoformat(), count] for day, count in one.weeks],
                "examples": [
                    {"text": example.text, "where": example.where} for example in one.examples
                ],
            }
            for one in found
        ]
    }
