"""Whether a count is within the limits of a key, and what is left of them. Pure."""

from datetime import datetime

from chatbot.accounts.tries import in_words
from chatbot.keys.errors import KeyLimit, Limit
from chatbot.keys.views import Left, Limits, Usage
from store.keys import MINUTE, Counted, day_of, month_after, month_of


def left(limits: Limits, counted: Counted, at: datetime) -> Left:
    """What is left of this minute after a request that is counted already. Raises KeyLimit."""
    minute = max((counted.minute_from + MINUTE - at).total_seconds(), 0.0)
    month = (month_after(at) - at).total_seconds()
    # Tokens are known when an answer ends, so the answer that passes the limit is the last one.
    each: tuple[tuple[int, int, Limit, float], ...] = (
        (limits.requests_month, counted.month_requests, "requests a month", month),
        (limits.tokens_month, counted.month_tokens + 1, "tokens a month", month),
        (limits.requests_minute, counted.minute_requests, "requests a minute", minute),
        (limits.tokens_minute, counted.minute_tokens + 1, "tokens a minute", minute),
    )
    for most, used, limit, seconds in each:
        if most and used > most:
            raise met(most, limit, seconds, at)
    requests, tokens = limits.requests_minute, limits.tokens_minute
    return Left(
        requests_limit=requests or None,
        requests_left=requests - counted.minute_requests if requests else None,
        tokens_limit=tokens or None,
        tokens_left=tokens - counted.minute_tokens if tokens else None,
        reset=minute,
    )


def usage(counted: Counted, at: datetime) -> Usage:
    """What was counted, without what was counted in a time that is over."""
    minute = counted.minute_from > at - MINUTE
    today = counted.day_from >= day_of(at)
    month = counted.month_from >= month_of(at)
    return Usage(
        minute_requests=counted.minute_requests * minute,
        minute_tokens=counted.minute_tokens * minute,
        today_requests=counted.day_requests * today,
        today_tokens=counted.day_tokens * today,
        month_requests=counted.month_requests * month,
        month_tokens=counted.month_tokens * month,
    )


def met(most: int, limit: Limit, seconds: float, at: datetime) -> KeyLimit:
    """What to raise where a limit is met, with the seconds until more may be asked."""
    wait = max(1, -int(-seconds // 1))
    month = limit.endswith("month")
    when = f"on {month_after(at):%-d %B}" if month else f"in {in_words(wait)}"
    what = limit.replace("s a ", " a ") if most == 1 else limit
    sentence = f"This key has used its {most:,} {what}. It can ask again {when}."
    return KeyLimit(sentence, most, limit, wait)
