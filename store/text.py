"""The text rule: what every database keeps exactly, and what is refused on all of them alike.

PostgreSQL cannot hold NUL, SQLite's functions stop at it, and a lone surrogate is no Unicode text.
Both are refused here, once, for every text column and every string inside a JSON column; every
other string comes back as it went in.
"""

import math

from store.errors import UnstorableText


def storable(text: str) -> str:
    """Return `text` unchanged, or raise `UnstorableText`."""
    if "\x00" in text:
        raise UnstorableText("contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableText("contains half of a surrogate pair") from None
    return text


def storable_json(value: object) -> object:
    """Return a plain JSON value unchanged; `UnstorableText` for a string or number in it."""
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise UnstorableText("contains a number that is not finite")
    elif isinstance(value, dict):
        for key, item in value.items():
            storable_json(key)
            storable_json(item)
    elif isinstance(value, list | tuple):
        for item in value:
            storable_json(item)
    return value
