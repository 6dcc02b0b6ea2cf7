"""Finds phone numbers: by their prefix, by their shape, by the words beside them, or as valid.

phonenumbers knows every country's plan. Shape and words are judged beside it, because a
number that is written as a phone number is one even where it rings nowhere.
"""

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from chatbot.values.types import Found

REGIONS = ("GB", "DE", "FR", "IT", "NL", "AT", "CH", "IE", "AU", "IN", "ES", "US")
"""Where a number without a country's prefix may belong, tried in this order."""

_SPACE = r"[ \u00a0]"
_CANDIDATE = re.compile(
    r"(?<![0-9+@#])(?<![0-9][.,/-])(?<![A-Z_])(?<![A-Z]-)"
    r"(?P<body>(?:\+ ?|\(\+?)?[0-9](?:[ \u00a0()./-]{0,3}[0-9]){5,17})"
    rf"(?P<extension>{_SPACE}?(?:x|ext\.?|extension){_SPACE}?[0-9]{{1,6}})?(?![0-9])"
)
_GROUP = re.compile(r"[0-9]+")
_AMERICAN = re.compile(
    r"(?:(?:\+ ?|00)?1[ .-]|[1-9][0-9]{0,2}-)?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}"
    r"|(?:1 - )?[0-9]{3} - [0-9]{3} - [0-9]{4}"
)
_SHAPES = (
    re.compile(r"(?:0 ?)?\(0?[0-9]{1,4}\) ?[0-9]{2,5}(?:[ -]?[0-9]{2,5}){0,3}"),
    re.compile(rf"0[1-9][0-9]{{0,4}}(?:(?:{_SPACE}|[/.-]|{_SPACE}?-{_SPACE}?)[0-9]{{2,8}}){{1,5}}"),
)
_BEFORE = re.compile(
    r"(?:\b(?:phones?|tel(?:ephone|efon\w{0,8}|éfono|efono)?|mobile|cell(?:phone)?|handy|fax|call(?:ing|ed)?"
    r"|ring|dial|text|sms|whatsapp|hotline|helpline|reach|answering|contact|móvil|portable|appel\w{0,4}"
    r"|llam\w{0,6}|anruf\w{0,4}|rufnummer)\b[^0-9\n]{0,20}"
    r"|\b(?:my|your|his|her|our|their|the|contact|this)(?: [a-z]{2})? number(?: is| was|:)? ?)$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"[ \u00a0,-]{0,3}\(?(?:office|fax|mobile|home|work|cell|phone|tel)\b", re.IGNORECASE
)
_THOUSANDS = re.compile(r"[0-9]{1,3} [0-9]{3}")
_WINDOW = 32
_LENGTHS = range(8, 16)
_NATIONAL_LENGTHS = range(8, 13)
_CUED_LENGTHS = range(6, 16)
_SINGLE_DIGITS = 2
_NO_DIGITS = re.compile("[^0-9]+")


def phones(text: str, regions: Sequence[str] = REGIONS) -> Iterator[Found]:
    """Yield phone numbers, with their extension where one is given."""
    done = 0
    while match := _CANDIDATE.search(text, done):
        start, end = _phone(text, match, regions)
        if start < 0:
            done = match.end()
            continue
        extension = match["extension"] if end == match.end("body") else None
        done = match.end() if extension else end
        yield Found(start, done, "phone", canonical(text[start:end], extension or ""))


def _phone(text: str, match: re.Match[str], regions: Sequence[str]) -> tuple[int, int]:
    """Return where in the candidate a phone number stands; (-1, -1) when none does.

    A candidate may hold other numbers beside it: the longest run of its groups that is a
    phone number wins, the first ones first.
    """
    groups = [group.span() for group in _GROUP.finditer(text, *match.span("body"))]
    if sum(end - start == 1 for start, end in groups) > _SINGLE_DIGITS:
        return -1, -1
    announced = _BEFORE.search(text, max(0, match.start() - _WINDOW), match.start()) is not None
    for first, (start, _) in enumerate(groups):
        begin = match.start() if first == 0 else start - (text[start - 1] == "(")
        for _, end in reversed(groups[first:]):
            digits = sum(stop - here for here, stop in groups[first:] if stop <= end)
            if digits in _CUED_LENGTHS and not _runs_on(text, end, match):
                opening = begin + (text[begin] == "(" and ")" not in text[begin:end])
                if _is_phone(text, opening, end, regions, announced=announced and first == 0):
                    return opening, end
    return -1, -1


def _runs_on(text: str, end: int, match: re.Match[str]) -> bool:
    """Whether a letter follows at once, as in "40th", that begins no extension."""
    return text[end : end + 1].isalnum() and not (match["extension"] and end == match.end("body"))


def _is_phone(text: str, start: int, end: int, regions: Sequence[str], *, announced: bool) -> bool:
    written = text[start:end]
    digits = _NO_DIGITS.sub("", written)
    if start and text[start - 1].isalpha():
        return _AMERICAN.fullmatch(written) is not None
    if "+" in written:
        return len(digits) in _LENGTHS and (written[1:] != digits or _is_possible(digits))
    if digits.startswith("00") and _is_possible(digits[2:]):
        return True
    if len(digits) in _NATIONAL_LENGTHS and _looks_national(written, digits, regions):
        return True
    return announced or _is_explained(text, start, end)


def _looks_national(written: str, digits: str, regions: Sequence[str]) -> bool:
    if _AMERICAN.fullmatch(written) or any(shape.fullmatch(written) for shape in _SHAPES):
        return True
    return written == digits and digits[0] == "0" and _is_valid(digits, regions)


def _is_explained(text: str, start: int, end: int) -> bool:
    """Whether the word behind the number says that it is one: "96 228011 office"."""
    return bool(_BEHIND.match(text, end)) and not _THOUSANDS.fullmatch(text, start, end)


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(digits: str) -> bool:
    """Whether these may be the digits of an international number, country first."""
    if len(digits) not in _LENGTHS or digits[0] == "0":
        return False
    parsed = _parsed(f"+{digits}", None)
    return parsed is not None and phonenumbers.is_possible_number(parsed)


def _is_valid(digits: str, regions: Sequence[str]) -> bool:
    parses = (_parsed(digits, region) for region in regions)
    return any(parsed is not None and phonenumbers.is_valid_number(parsed) for parsed in parses)


def canonical(written: str, extension: str = "") -> str:
    """Return "+49 301234567" where the country is given, else the digits without their zeros."""
    digits = _NO_DIGITS.sub("", written)
    tail = "x" + _NO_DIGITS.sub("", extension) if extension else ""
    prefix = digits if "+" in written else digits[2:] if digits.startswith("00") else ""
    parsed = _parsed("+" + prefix, None) if prefix else None
    if parsed is None:
        return digits.lstrip("0") + tail
    return f"+{parsed.country_code} {parsed.national_number}{tail}"
