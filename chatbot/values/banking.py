"""Finds IBANs and card numbers, whole (by checksum) or as their last four digits (by words).

python-stdnum knows the countries' forms and the checksums. A number whose checksum fails is
no card and no IBAN: it is left to the rules for plain codes and numbers.
"""

import re
from collections.abc import Iterator

from stdnum import iban, luhn

from chatbot.values.plain import compact
from chatbot.values.scan import at_digits
from chatbot.values.types import Found

_IBAN = re.compile(r"(?<!\w)(?=([A-Z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}))", re.IGNORECASE)
_HEAD = len("DE89")
_TAIL_DIGITS = len("131489")
_FIRST_LETTER = 10
_CARD = re.compile(r"(?<![\w.,+-])(?=([0-9]{4}(?:[ \u00a0-]?[0-9]{2}){4,7}[0-9]?))")
_CARD_LENGTHS = range(13, 20)
_CARD_FIRST = "23456"
_CARD_CUE = re.compile(r"card\b[^.!?\n]{0,20}$", re.IGNORECASE)
_CUE_WINDOW = 30
_ENDS = re.compile(r"(?<=\w)(?!\w)")
_LAST4 = re.compile(
    r"(?:\b(?:end(?:s|ed|ing)?|endet|endend|finit|terminant|terminad[ao])"
    r"(?:[ \u00a0](?:in|on|with|auf|par|en|num|by))?"
    r"|\blast[ \u00a0](?:four|4)(?:[ \u00a0](?:digits|numbers))?(?:[ \u00a0](?:are|is|were))?"
    r"|(?<!\w)(?:[*xX]{3,16}|•{2,16})[ \u00a0-]?)"
    r"[ \u00a0:*•]{0,3}(?P<digits>[0-9]{4})(?!\w)(?![.,-][0-9])",
    re.IGNORECASE,
)


def ibans(text: str) -> Iterator[Found]:
    """Yield IBANs of every registered country, in groups or in one."""
    done = 0
    for match in _IBAN.finditer(text):
        start = match.start()
        if start < done:
            continue
        for length in reversed(_summing_up(match[1].upper())):
            end = start + length
            if not text[end : end + 1].isalnum() and iban.is_valid(compact(text[start:end])):
                done = end
                yield Found(start, end, "iban", compact(text[start:end]))
                break


def cards(text: str) -> Iterator[Found]:
    """Yield card numbers: 13 to 19 digits of a known scheme that pass Luhn's check."""
    done = 0
    for match in at_digits(_CARD, text):
        start = match.start()
        if start < done:
            continue
        for edge in reversed(list(_ENDS.finditer(text, start, start + len(match[1])))):
            number = compact(text[start : edge.start()])
            if len(number) in _CARD_LENGTHS and _is_card(number, text, start):
                done = edge.start()
                yield Found(start, done, "card", number)
                break


def last4(text: str) -> Iterator[Found]:
    """Yield the four digits by which people name a card or an account."""
    for match in _LAST4.finditer(text):
        yield Found(match.start("digits"), match.end("digits"), "last4", match["digits"])


def _summing_up(candidate: str) -> list[int]:
    """Return the lengths at which a group ends and the checksum fits: one walk for all.

    ISO 7064 says that letters count from ten, that country and check digits move to the
    end, and that the whole leaves 1 when divided by 97.
    """
    tail = int("".join(str(int(char, 36)) for char in candidate[:_HEAD]))
    lengths, rest = [], 0
    for place in range(_HEAD, len(candidate)):
        if candidate[place].isalnum():
            digit = int(candidate[place], 36)
            rest = (rest * (10 if digit < _FIRST_LETTER else 100) + digit) % 97
            ends = not candidate[place + 1 : place + 2].isalnum()
            if ends and (rest * 10**_TAIL_DIGITS + tail) % 97 == 1:
                lengths.append(place + 1)
    return lengths


def _is_card(number: str, text: str, start: int) -> bool:
    if not luhn.is_valid(number) or len(set(number)) == 1:
        return False
    return number[0] in _CARD_FIRST or bool(
        _CARD_CUE.search(text, max(0, start - _CUE_WINDOW), start)
    )
