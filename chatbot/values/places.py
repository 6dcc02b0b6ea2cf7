"""Finds street lines and postcodes, where their form or the words beside them make it sure.

Towns and countries are words; nothing is looked up in a gazetteer.
"""

import re
from collections.abc import Iterator
from itertools import chain

from chatbot.values.plain import compact
from chatbot.values.scan import at_digits
from chatbot.values.types import Found

_WORD = r"[^\W\d_a-z][\w'.-]{0,24}"
_EDGE = r"(?<![\w.,/-])"
_ENGLISH = re.compile(
    rf"{_EDGE}[0-9]{{1,5}}[A-Za-z]?(?:[-/][0-9]{{1,4}})? (?:{_WORD} ){{1,4}}?"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl"
    r"|Square|Sq|Terrace|Close|Crescent|Parkway|Pkwy|Highway|Hwy|Row|Mews|Quay|Gardens)(?!\w)"
)
_FRENCH = re.compile(
    rf"{_EDGE}[0-9]{{1,4}}(?: bis| ter)?,? "
    r"(?:rue|avenue|boulevard|place|chemin|allée|quai|impasse) "
    rf"(?:d[eu]s? |de la |de l'|d'|la |le |les )?{_WORD}(?: {_WORD}){{0,3}}"
)
_ROMANCE = re.compile(
    r"(?<!\w)(?:Calle|Avenida|Plaza|Via|Viale|Piazza|Rua)(?: (?:de|del|della|la|da|do))?"
    rf"(?: {_WORD}){{1,4}},? [0-9]{{1,4}}(?![\w%])"
)
_GERMANIC = re.compile(
    r"(?:straße|strasse|str\.|weg|platz|gasse|allee|laan|straat|gracht) "
    r"[0-9]{1,4}(?: ?[a-z](?!\w))?(?![\w%])"
)
_NAME_BEFORE = re.compile(r"(?<![\w-])[^\W\d_][\w-]{1,24}$")
_LONGEST_NAME = 26

_BRITISH = re.compile(
    r"(?<!\w)(?:GIR ?0AA|(?:[A-PR-UWYZ][0-9][0-9A-HJKPSTUW]?"
    r"|[A-PR-UWYZ][A-HK-Y][0-9][0-9ABEHMNPRVWXY]?) ?[0-9][ABD-HJLNP-UW-Z]{2})(?!\w)"
)
_CANADIAN = re.compile(r"(?<!\w)[ABCEGHJ-NPRSTVXY][0-9][A-Z] [0-9][A-Z][0-9](?!\w)")
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ"
    "|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_AMERICAN = re.compile(rf"(?<!\w)(?:{_STATES}),? (?P<code>[0-9]{{5}}(?:-[0-9]{{4}})?)(?![\w-])")
_ANNOUNCED = re.compile(
    r"(?<!\w)(?:zip(?: ?code)?|post(?:al)? ?code|PLZ|Postleitzahl|code postal|código postal|CAP)"
    r"(?: is|[:,])?[ \u00a0]{1,2}"
    r"(?P<code>[0-9]{4}(?: ?[A-Z]{2}(?!\w)|[0-9](?:-[0-9]{4})?)?)(?![\w-])",
    re.IGNORECASE,
)


def streets(text: str) -> Iterator[Found]:
    """Yield street lines with a house number: "12 Mill Street", "Hauptstraße 5"."""
    for match in chain(
        at_digits(_ENGLISH, text), at_digits(_FRENCH, text), _ROMANCE.finditer(text)
    ):
        yield Found(*match.span(), "street", compact(match[0]))
    for match in _GERMANIC.finditer(text):
        name = _NAME_BEFORE.search(text, max(0, match.start() - _LONGEST_NAME), match.start())
        if name:
            yield Found(name.start(), match.end(), "street", compact(name[0] + match[0]))


def postcodes(text: str) -> Iterator[Found]:
    """Yield British and Canadian postcodes by form, others beside the word or the state."""
    for match in chain(_BRITISH.finditer(text), _CANADIAN.finditer(text)):
        yield Found(*match.span(), "postcode", compact(match[0]))
    for match in chain(_AMERICAN.finditer(text), _ANNOUNCED.finditer(text)):
        yield Found(*match.span("code"), "postcode", compact(match["code"]))
