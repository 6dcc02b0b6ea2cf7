"""What the tab Compare shows, as JSON: made from the service's values. Asks nothing."""

from typing import Any

from chatbot.comparing import Asked, Line, Prompt, Side, Standing, Voted
from chatbot.tally import Rate

Json = dict[str, Any]


def prompt(found: Prompt) -> Json:
    """A prompt to choose, with its versions, newest first."""
    return {
        "name": found.name,
        "title": found.title,
        "live": found.live,
        "versions": [
            {"sha": one.sha, "number": one.seq, "note": one.note} for one in found.versions
        ],
    }


def side(found: Side) -> Json:
    """What answers."""
    return {
        "label": found.label,
        "model": found.model,
        "prompt": found.prompt,
        "version": found.version,
        "number": found.number,
    }


def rate(found: Rate) -> list[Any]:
    """A share with its interval: `[share, low, high, hits, counted]`."""
    low, high = found.interval
    return [round(found.share, 4), round(low, 4), round(high, 4), found.hits, found.count]


def standing(found: Standing) -> Json:
    """A comparison and how it stands."""
    return {
        "id": found.id,
        "title": found.title,
        "left": side(found.left),
        "right": side(found.right),
        "blind": found.blind,
        "by": found.by,
        "at": found.at.isoformat(),
        "left_wins": rate(found.left_wins),
        "ties": found.ties,
        "both_bad": found.both_bad,
        "votes": found.votes,
    }


def line(found: Line) -> Json:
    """A side over all comparisons."""
    return {
        "side": side(found.side),
        "wins": rate(found.wins),
        "ties": found.ties,
        "both_bad": found.both_bad,
    }


def asked(found: Asked) -> Json:
    """A question that was just asked; its sides only where the comparison is not blind."""
    return {
        "id": found.id,
        "question": found.question,
        "sides": [side(one) for one in found.sides] if found.sides else None,
        "hosts": list(found.hosts),
    }


def voted(found: Voted) -> Json:
    """A question with its vote, its answers in the order they were shown."""
    answers = zip(found.sides, found.texts, found.seconds, strict=True)
    return {
        "id": found.id,
        "question": found.question,
        "answers": [
            {"side": side(one), "text": text, "seconds": seconds} for one, text, seconds in answers
        ],
        "choice": found.choice,
        "at": found.at.isoformat(),
    }
