"""The short fixed list of what counts as a value: types (one tag each) and the kinds within them.

The one table that finder, tags, tokenizer and documents share; knows nothing of how a value
is recognised.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

TYPES = (
    "amount",
    "date",
    "time",
    "span",
    "phone",
    "email",
    "url",
    "order",
    "tracking",
    "account",
    "code",
    "name",
    "company",
    "address",
    "number",
    "percent",
)
"""Every type, in the order in which a small model's tokenizer reserves their tags."""


class Kind(NamedTuple):
    """One kind of value: the type whose tag it takes, and an example (`[…]` marks the value)."""

    type: str
    example: str


KINDS = MappingProxyType(
    {
        "amount": Kind("amount", "[€ 1.200,00] was charged"),
        "day": Kind("date", "on [3 May 2025]"),
        "moment": Kind("date", "at [2025-05-03T14:30:00Z]"),
        "month": Kind("date", "in [May 2025]"),
        "year": Kind("date", "since [2019]"),
        "weekday": Kind("date", "by [Friday]"),
        "time": Kind("time", "at [2:30 pm]"),
        "hours": Kind("span", "open [9 am to 6 pm]"),
        "days": Kind("span", "closed [3 to 5 May]"),
        "always": Kind("span", "we are here [24/7]"),
        "phone": Kind("phone", "call [+44 20 7946 0018]"),
        "email": Kind("email", "write to [help@velo.example]"),
        "url": Kind("url", "see [velo.com/returns]"),
        "order": Kind("order", "order #[48213]"),
        "tracking": Kind("tracking", "parcel [RR123456785DE]"),
        "account": Kind("account", "account number [8841207]"),
        "iban": Kind("account", "to [DE89 3704 0044 0532 0130 00]"),
        "card": Kind("account", "card [4111 1111 1111 1111]"),
        "last4": Kind("account", "the card ending in [4821]"),
        "identity": Kind(
            "account", "a national number (national.py, where the caller asks for it)"
        ),
        "booking": Kind("code", "booking [KQX7LM]"),
        "invoice": Kind("code", "invoice [INV-20231]"),
        "ticket": Kind("code", "case [T-48213]"),
        "place": Kind("code", "room [412], gate [B12], flight [LH454]"),
        "version": Kind("code", "version [2.3.1]"),
        "ip": Kind("code", "from [192.168.1.1]"),
        "mac": Kind("code", "device [00:1A:2B:3C:4D:5E]"),
        "code": Kind("code", "error [E-204], model [XR500], [3707955617]"),
        "own": Kind("code", "what a rule of the caller's finds"),
        "name": Kind("name", "Dear [Anna Weber] (where the name is known)"),
        "company": Kind("company", "[Velo Store] (where the name is known)"),
        "street": Kind("address", "at [12 Mill Street]"),
        "postcode": Kind("address", "London [SW1A 1AA], ZIP [90210]"),
        "address": Kind("address", "any address that is known"),
        "number": Kind("number", "[1,200] guests"),
        "ordinal": Kind("number", "the [3rd] floor"),
        "duration": Kind("number", "within [30] days"),
        "quantity": Kind("number", "up to [23] kg"),
        "percent": Kind("percent", "[15] % off"),
        "tag": Kind("", "[⟨phone 1⟩], typed by a person: takes the tag of the type it names"),
    }
)
"""Every kind. A unit that is a word of the sentence (days, kg, percent) stays outside the value;
its canonical form knows it. A currency belongs to the amount."""


@dataclass(frozen=True, slots=True)
class Value:
    """An exact thing in a text.

    `text` is `source[start:end]`, offsets in characters; `canonical` is equal for the same
    value in another spelling ("€1,200" and "1.200,00 EUR" are both "1200 EUR").
    """

    type: str
    kind: str
    text: str
    start: int
    end: int
    canonical: str


class Found(NamedTuple):
    """What a rule hands to the finder: where, which kind, the same in all spellings."""

    start: int
    end: int
    kind: str
    canonical: str
