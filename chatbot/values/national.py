"""Finds national identity, tax and insurance numbers of people: by form and checksum.

python-stdnum knows most countries' checksums and dates. A form that many plain numbers have
("nine digits") counts only beside a word that announces it, or where it is all there is.
A rule for callers that ask for it (`own` of `find`), and no part of every search: what is one
of these is another type's number as well.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import NamedTuple

from stdnum import luhn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar
from stdnum.iso7064 import mod_11_10
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.th import pin
from stdnum.tr import tckimlik
from stdnum.us import itin, ssn

from chatbot.values.plain import compact
from chatbot.values.scan import at_digits
from chatbot.values.types import Found

Check = Callable[[str], bool]


class Form(NamedTuple):
    """A number of one country: how it is written, what it must pass, and whether that is enough."""

    pattern: re.Pattern[str]
    check: Check
    sure: bool = True
    wordy: bool = False
    """Whether it may begin with a letter."""


_BEFORE, _AFTER = r"(?<![\w+@#])(?<![\w][.,/-])", r"(?![\w@])(?![.,/-][\w])"
_CUE = re.compile(
    r"(?:\b(?:ssn|social|sin|nas|tfn|tax\w*|steuer\w*|idnr|nhs|aadhaar|national\w*|identity|identi\w*"
    r"|personal\w*|insurance|bsn|burgerservice\w*|nif|id|svnr|sozialv\w*|rentenv\w*|medicare|pnr|pin)\b"
    r"|kimlik|ประชาชน|주민)[^\n]{0,24}$",
    re.IGNORECASE,
)
_CUE_WINDOW = 48
_ALONE = " \n\t.,;:!?\"'()"
_CARD_FIRST = "23456"


def identities(text: str, forms: Collection[str] | None = None) -> Iterator[Found]:
    """Yield national numbers; `forms` are names in `FORMS`, all by default."""
    alone = text.strip(_ALONE)
    for name, form in FORMS.items():
        if forms is not None and name not in forms:
            continue
        matches = form.pattern.finditer(text) if form.wordy else at_digits(form.pattern, text)
        for match in matches:
            if form.check(match[0]) and (
                form.sure or match[0] == alone or _is_announced(text, match.start())
            ):
                yield Found(*match.span(), "identity", compact(match[0]))


def _is_announced(text: str, start: int) -> bool:
    return _CUE.search(text, max(0, start - _CUE_WINDOW), start) is not None


def _digits(check: Check) -> Check:
    """A check that looks at digits alone, however they are grouped."""
    return lambda written: check(re.sub(r"[^0-9]", "", written))


def _is_day(digits: str) -> bool:
    """Whether YYMMDD is a day of this or the last century."""
    for century in (1900, 2000):
        try:
            date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
        except ValueError:
            continue
        return True
    return False


def _is_south_african(digits: str) -> bool:
    return _is_day(digits) and luhn.is_valid(digits) and not _is_card(digits)


def _is_korean(digits: str) -> bool:
    return _is_day(digits) and not _is_card(digits)


def _is_card(digits: str) -> bool:
    return digits[0] in _CARD_FIRST and luhn.is_valid(digits)


def _is_german_tax(digits: str) -> bool:
    return len(set(digits)) > 1 and mod_11_10.is_valid(digits)


def _is_german_pension(written: str) -> bool:
    """Digits three to eight are a birthday, day first; days of people who share it count on."""
    day, month = int(written[2:4]), int(written[4:6])
    return 1 <= day % 50 <= 31 and 1 <= month <= 12


def _is_spanish(written: str) -> bool:
    return dni.is_valid(compact(written).rjust(9, "0"))


def _is_finnish(written: str) -> bool:
    return hetu.is_valid(written, allow_temporary=True)


def _anything(_: str) -> bool:
    return True


def _form(pattern: str, check: Check, *, sure: bool = True, wordy: bool = False) -> Form:
    return Form(re.compile(f"{_BEFORE}(?:{pattern}){_AFTER}", re.IGNORECASE), check, sure, wordy)


_THREES = r"[0-9]{3}(?P<gap>[ -]?)[0-9]{3}(?P=gap)[0-9]{3}"
_ELEVEN = r"[0-9]{11}"

FORMS = {
    "us.ssn": _form(
        r"[0-9]{3}(?P<gap>[-. ])[0-9]{2}(?P=gap)[0-9]{4}|[0-9]{3}-[0-9]{6}|[0-9]{5}-[0-9]{4}",
        _digits(ssn.is_valid),
    ),
    "us.ssn bare": _form("[0-9]{9}", ssn.is_valid, sure=False),
    "us.itin": _form(r"9[0-9]{2}([- ]?)[0-9]{2}\1[0-9]{4}", _digits(itin.is_valid), sure=False),
    "ca.sin": _form(_THREES, _digits(sin.is_valid), sure=False),
    "gb.nino": _form(
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2}"
        r" ?[A-D]",
        _anything,
        wordy=True,
    ),
    "gb.nhs": _form(r"[0-9]{3}([ -]?)[0-9]{3}\1[0-9]{4}", _digits(nhs.is_valid), sure=False),
    "ie.pps": _form("[0-9]{7}[A-W][A-IW]?", pps.is_valid),
    "de.tax": _form(
        r"[1-9][0-9]( ?)[0-9]{3}\1[0-9]{3}\1[0-9]{3}", _digits(_is_german_tax), sure=False
    ),
    "de.pension": _form(
        "[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}", lambda w: _is_german_pension(compact(w))
    ),
    "ch.ahv": _form(r"756([. ]?)[0-9]{4}\1[0-9]{4}\1[0-9]{2}", _digits(ahv.is_valid)),
    "fr.nir": _form(
        "[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
        lambda written: nir.is_valid(compact(written)),
    ),
    "be.nn": _form(
        rf"[0-9]{{2}}[.][0-9]{{2}}[.][0-9]{{2}}-[0-9]{{3}}[.][0-9]{{2}}|{_ELEVEN}",
        _digits(nn.is_valid),
    ),
    "nl.bsn": _form("[0-9]{9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}", _digits(bsn.is_valid), sure=False),
    "es.dni": _form("[0-9]{7,8}-?[A-Z]", _is_spanish),
    "es.nie": _form("[XYZ]-?[0-9]{7}-?[A-Z]", nie.is_valid, wordy=True),
    "pt.nif": _form(r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _digits(nif.is_valid), sure=False),
    "it.codicefiscale": _form(
        "[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
        _anything,
        wordy=True,
    ),
    "pl.pesel": _form(_ELEVEN, pesel.is_valid),
    "cz.rc": _form("[0-9]{6}/[0-9]{3,4}", rc.is_valid),
    "ro.cnp": _form("[1-9][0-9]{12}", lambda w: cnp.is_valid(w) and not _is_card(w)),
    "se.personnummer": _form(
        "[0-9]{6}[-+][0-9]{4}|(?:18|19|20)[0-9]{6}-?[0-9]{4}", personnummer.is_valid
    ),
    "se.personnummer bare": _form("[0-9]{10}", personnummer.is_valid, sure=False),
    "dk.cpr": _form("[0-9]{6}-[0-9]{4}", cpr.is_valid),
    "no.fodselsnummer": _form("[0-9]{6} ?[0-9]{5}", fodselsnummer.is_valid),
    "fi.hetu": _form("[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]", _is_finnish),
    "in.aadhaar": _form(
        r"[2-9][0-9]{3}([ :-]?)[0-9]{4}\1[0-9]{4}", _digits(aadhaar.is_valid), sure=False
    ),
    "in.pan": _form("[A-Z]{5}[0-9]{4}[A-Z]", _anything, wordy=True),
    "kr.rrn": _form("[0-9]{6}-?[1-4][0-9]{6}", _digits(_is_korean)),
    "kr.frn": _form("[0-9]{6}-?[5-8][0-9]{6}", _digits(_is_korean)),
    "th.pin": _form(
        "[1-8](?:[14][0-9]|2[0-7]|3[0-9]|5[0-8]|6[0-7]|7[0-7]|8[0-6]|9[0-6])[0-9]{10}",
        pin.is_valid,
        sure=False,
    ),
    "tr.kimlik": _form("[1-9][0-9]{10}", tckimlik.is_valid),
    "cn.ric": _form("[1-9][0-9]{16}[0-9X]", ric.is_valid),
    "za.id": _form("[0-9]{13}", _is_south_african),
    "br.cpf": _form(
        rf"[0-9]{{3}}[.][0-9]{{3}}[.][0-9]{{3}}-[0-9]{{2}}|{_ELEVEN}", _digits(cpf.is_valid)
    ),
    "cl.rut": _form("[0-9]{1,2}[.][0-9]{3}[.][0-9]{3}-[0-9K]", rut.is_valid),
    "mx.curp": _form("[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", curp.is_valid, wordy=True),
}
"""Every form by its country and name."""
