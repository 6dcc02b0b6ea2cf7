"""What every reader shares: limits, texts that a database keeps, dates as exports write them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LARGEST = 50_000_000
"""Bytes of a CSV or JSON Lines file that is read."""
MOST_TEXT = 100_000
"""Characters of one message: the product's own limit."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Unreadable(Exception):
    """A file, row or mail cannot be read; its text is a sentence for people."""


def clean(text: str) -> str:
    """Without what no database keeps or no person sees: NUL, controls, halves of characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """All white space as single spaces."""
    return " ".join(text.split())


def moment(value: object) -> datetime:
    """A time as exports write it: ISO 8601, as in mails, or seconds since 1970. Raises Unreadable.

    Without a zone it is taken as UTC.
    """
    text = str(value).strip()
    for read in (_iso, _epoch, parsedate_to_datetime):
        try:
            at = read(text)
        except (ValueError, TypeError, IndexError, OverflowError, OSError):
            continue
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    raise Unreadable(f"The date {text[:40]!r} cannot be read; write it as 2026-03-31 14:05.")


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", text))


def _epoch(text: str) -> datetime:
    seconds = float(text)
    if not 0 < seconds < 1e13:
        raise ValueError(text)
    return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
