"""Made-up values in place of mask tags, so that a model learns to copy and not to remember.

    "order ⟨order 1⟩ …", "yes, ⟨order 1⟩ …"  ─▶  "order OR-48213 …", "yes, OR-48213 …"

A tag names a type and not what it stood for, so the words before it choose the shape where a type
has several (an IBAN, a card, its last four digits). Knows nothing of datasets or models. Shapes:
ISO 13616 (IBAN), ISO/IEC 7812-1 annex B (cards), RFC 5737 (addresses of no machine).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

from chatbot.learning.starter.slots import GENERATORS
from chatbot.values import TAG

Draw = Callable[[Random], str]

TRIES = 50
"""Draws of one value until it stands nowhere yet."""
BEFORE = 40
"""Characters before a tag whose words choose its shape."""


def fill(texts: Sequence[str], rng: Random) -> list[str]:
    """The texts with a made-up value for each tag, the same tag the same value in all of them.

    Different tags get different values, and none that stands in a text already.
    """
    values: dict[str, str] = {}
    for text in texts:
        for match in TAG.finditer(text):
            if match[0] not in values:
                before = text[max(0, match.start() - BEFORE) : match.start()]
                taken = (*texts, *values.values())
                values[match[0]] = _value(match["type"], before, rng, taken)
    return [TAG.sub(lambda match: values[match[0]], text) for text in texts]


def _value(kind: str, before: str, rng: Random, taken: Sequence[str]) -> str:
    """A value of a type that stands in none of the texts; of small types it may, in the end."""
    draw = _shape(kind, before)
    value = draw(rng)
    for _ in range(TRIES):
        if not any(value in text for text in taken):
            break
        value = draw(rng)
    return value


def _shape(kind: str, before: str) -> Draw:
    for cue, draw in _CUED.get(kind, ()):
        if cue.search(before):
            return draw
    return _DRAWN[kind]


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _iban(rng: Random) -> str:
    """A German one whose check digits are right (remainder of 97 after moving four signs)."""
    account = _digits(rng, 18)
    check = 98 - int(f"{account}131400") % 97  # D, E are 13, 14; the check digits count as 00
    return _in_fours(f"DE{check:02}{account}")


def _card(rng: Random) -> str:
    """A number whose last digit makes the sum of Luhn's formula a multiple of ten."""
    body = "4" + _digits(rng, 14)
    doubled = (int(sign) * (2 - at % 2) for at, sign in enumerate(body))
    total = sum(each - 9 if each > 9 else each for each in doubled)
    return _in_fours(f"{body}{-total % 10}")


def _machine(rng: Random) -> str:
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"


def _hardware(rng: Random) -> str:
    return ":".join(f"{part:02X}" for part in (2, *(rng.randrange(256) for _ in range(5))))


def _cue(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words})[^.?!⟩]*\Z", re.IGNORECASE)


_CUED: Mapping[str, Sequence[tuple[re.Pattern[str], Draw]]] = {
    "account": (
        (_cue("iban"), _iban),
        (_cue(r"ending|ends|last (?:four|4)|endet|terminad"), GENERATORS["card_last4"]),
        (_cue("card|karte|tarjeta"), _card),
    ),
    "address": ((_cue(r"zip|post ?code|postal|plz|postleitzahl"), GENERATORS["postcode"]),),
    "code": (
        (_cue("invoice|rechnung|factura"), GENERATORS["invoice_number"]),
        (_cue("booking|reservation|buchung|reserva"), GENERATORS["booking_code"]),
        (_cue("ticket|case|vorgang|caso"), GENERATORS["ticket_number"]),
        (_cue(r"\bip\b"), _machine),
        (_cue(r"\bmac\b"), _hardware),
    ),
    "name": ((_cue(r"first name|vorname|nombre"), GENERATORS["first_name"]),),
}
"""Shapes of types that have several, by the words before a tag; the first that fits."""

_DRAWN: Mapping[str, Draw] = {
    "amount": GENERATORS["amount"],
    "date": GENERATORS["date"],
    "time": GENERATORS["time"],
    "span": GENERATORS["hours"],
    "phone": GENERATORS["phone"],
    "email": GENERATORS["email"],
    "url": GENERATORS["url"],
    "order": GENERATORS["order_number"],
    "tracking": GENERATORS["tracking_number"],
    "account": GENERATORS["account_number"],
    "code": GENERATORS["code"],
    "name": GENERATORS["full_name"],
    "company": GENERATORS["company"],
    "address": GENERATORS["address"],
    "number": GENERATORS["count"],
    "percent": lambda rng: f"{rng.randint(2, 95)} %",
}
"""A shape for each type of tag (chatbot.values.TYPES)."""
