"""Finds codes that name one thing: orders, parcels, accounts, bookings, invoices, tickets, rooms.

A word beside a code decides its kind ("invoice no. 85632"); some codes are known by their
form. Codes are written in ASCII letters and any digits; nothing is looked up.
"""

import re
from collections.abc import Iterator

from chatbot.values.plain import compact
from chatbot.values.types import Found
from chatbot.values.units import AFTER

_CUES = {
    "order": "order purchase bestellung bestellnummer bestellnr auftrag auftragsnummer auftragsnr "
    "commande pedido ordine bestelling encomenda",
    "tracking": "tracking parcel shipment consignment waybill package sendung sendungsnummer paket "
    "paketnummer trackingnummer colis suivi envío seguimiento",
    "account": "account customer client member membership policy policies contract meter loyalty "
    "passport license licence ssn security insurance learner student patient tax registration "
    "konto kontonummer kundennummer kundennr vertragsnummer compte cuenta cliente contrat contrato",
    "booking": "booking reservation confirmation pnr itinerary buchung buchungsnummer réservation "
    "reserva prenotazione",
    "invoice": "invoice bill receipt rechnung rechnungsnummer facture factura fattura factuur",
    "ticket": "ticket case claim incident request complaint reference ref vorgang vorgangsnummer "
    "dossier expediente",
    "code": "code coupon voucher promo discount pin otp serial sku model imei part article item "
    "error artikelnummer seriennummer",
    "place": "room seat gate platform flight train locker bay terminal zimmer gleis flug chambre "
    "habitación",
}
_KINDS = {word: kind for kind, words in _CUES.items() for word in words.split()}
_FORMS = {
    "tracking": r"[A-Z]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[A-Z]{2}"
    r"|1Z(?=[A-Z]{0,8}[0-9])[0-9A-Z]{6,16}"
    r"|JJ?D[0-9]{8,20}|TBA[0-9]{9,14}",
    "order": r"(?:ORDER|ORD|OR|PO|SO)-?[0-9]{4,20}",
    "invoice": r"INV(?:OICE)?[-/]?[0-9]{2,8}(?:[-/][0-9]{1,8}){0,2}",
    "ticket": r"(?:TICKET|CASE|INC|REQ|SR|TKT)-?[0-9]{4,20}",
    "booking": r"(?:BKG|RES)-?[0-9]{4,20}",
    "account": r"(?:ACCT|ACC|CUST)-?[0-9]{4,20}",
    "place": r"(?:ICE|IC|EC|TGV|RE|RB|RJ|IR) [0-9]{2,4}",
}

_SPACE = r"[ \u00a0]"
_EDGE = r"(?<![A-Za-z0-9_])"
_END = r"(?![A-Za-z0-9_])"
_MARKER = (
    rf"(?:(?:{_SPACE}|-)?(?:numbers?|no|nr|num|id|code|ref|reference|nummer|numéro|número|n[°º]|№)"
    rf"(?![^\W\d_])\.?){{0,2}}+"
)
_LINK = (
    rf"{_SPACE}{{0,2}}(?P<link>(?:[:=]|-(?={_SPACE})"
    r"|(?:is|was|are|(?:would|will|should)[ ]be|ist|lautet|est|es|è)(?!\w))?"
    rf"{_SPACE}{{0,2}}[#(\"'`*]{{0,3}})"
)
_CODE = (
    r"(?:[A-Za-z]{1,6}[-/]){0,2}[A-Za-z]{0,6}[0-9][A-Za-z0-9_]*+"
    rf"(?:[-/.](?=[A-Za-z_]{{0,12}}[0-9])[A-Za-z0-9_]++|-(?-i:[A-Z]{{1,4}}){_END}){{0,8}}"
)
_CUED = re.compile(
    rf"(?<![^\W_])(?P<cue>[^\W\d_]{{2,20}}+)(?P<marker>{_MARKER}){_LINK}"
    rf"(?P<code>(?P<groups>[0-9]{{3,4}}(?:{_SPACE}[0-9]{{3,4}}){{1,4}}{_END})"
    rf"|(?P<prefix>(?-i:[A-Z]{{2,3}}){_SPACE})?{_CODE})",
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(
    rf"{_EDGE}(?<![.,-])(?P<code>{_CODE})(?={_SPACE}(?:is|was|as){_SPACE}(?:my|the|our|your|an?)"
    rf"{_SPACE}(?P<cue>[^\W\d_]{{2,20}}))",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?<![\w-])[A-Z]{5,15}(?![\w-])")
_LETTERS_CUE = re.compile(
    rf"(?<!\w)(?P<cue>(?i:booking|reservation|confirmation|promo|voucher|coupon|discount)"
    rf"{_SPACE}(?i:code|reference|number|ref)|PNR)(?:{_SPACE}(?i:is)|:)?{_SPACE}[\"'`*]{{0,2}}$"
)
_CUE_WINDOW = 32
_SHAPED = re.compile(
    _EDGE + "(?:" + "|".join(f"(?P<{kind}>{form})" for kind, form in _FORMS.items()) + ")" + _END
)
_VERSION = re.compile(
    rf"(?<!\w)(?:(?:version|release|firmware|build|ver)\.?{_SPACE}?(?P<code>[0-9]+(?:\.[0-9]+){{0,5}})"
    rf"|v\.?(?P<short>[0-9]+(?:\.[0-9]+){{1,5}})){_END}",
    re.IGNORECASE,
)
_OPENING = " \u00a0(\"'`*"
_FRACTION = re.compile(r"[0-9]+[.,][0-9]{1,2}")
_MANY_THINGS = re.compile(rf"{_SPACE}[a-z]{{2,20}}s(?!\w)")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_SURE_DIGITS = 5
_LEAST_DIGITS = 3
_LEAST_MIXED = 4
_LONGEST_PLACE = 6


def cued(text: str) -> Iterator[Found]:
    """Yield codes beside the word that says what they name."""
    done = 0
    while match := _CUED.search(text, done):
        kind = _kind_of(match["cue"])
        # A word that decides nothing may stand before one that does: "cancel order48213".
        done = match.end() if kind else match.end("cue")
        if kind:
            explicit = bool(match["marker"].strip() or match["link"].strip(_OPENING))
            start, end = _code_span(match, kind, explicit=explicit)
            if _is_code(text, start, end, kind, explicit=explicit):
                yield Found(start, end, kind, compact(text[start:end]))


def named_after(text: str) -> Iterator[Found]:
    """Yield codes whose word follows: "48213 is my order number"."""
    for match in _NAMED_AFTER.finditer(text):
        kind = _kind_of(match["cue"])
        if kind and _is_code(text, *match.span("code"), kind, explicit=True):
            yield Found(*match.span("code"), kind, compact(match["code"]))


def letters(text: str) -> Iterator[Found]:
    """Yield codes without any digit, which only their word gives away: "booking code KQXLMZ"."""
    for match in _CAPITALS.finditer(text):
        start = match.start()
        cue = _LETTERS_CUE.search(text, max(0, start - _CUE_WINDOW), start)
        if cue and (cue["cue"] == "PNR" or not cue["cue"].isupper()):
            yield Found(*match.span(), _kind_of(cue["cue"].split()[0]), match[0])


def shaped(text: str) -> Iterator[Found]:
    """Yield codes whose form says what they name, and versions."""
    for match in _SHAPED.finditer(text):
        yield Found(*match.span(), str(match.lastgroup), compact(match[0]))
    for match in _VERSION.finditer(text):
        group = "code" if match["code"] else "short"
        yield Found(*match.span(group), "version", match[group])


def _code_span(match: re.Match[str], kind: str, *, explicit: bool) -> tuple[int, int]:
    """Return where the code stands: digits in groups need a word that announces a number."""
    start, end = match.span("code")
    if match["groups"] and not explicit:
        end = start + len(re.split(_SPACE, match["code"], maxsplit=1)[0])
    if match["prefix"] and kind != "place":
        start = match.end("prefix")
    return start, end


def _kind_of(cue: str) -> str:
    word = cue.lower()
    return _KINDS.get(word) or _KINDS.get(word.removesuffix("s"), "")


def _is_code(text: str, start: int, end: int, kind: str, *, explicit: bool) -> bool:
    code = compact(text[start:end])
    if _is_measured(text, start, end) or _FRACTION.fullmatch(text, start, end):
        return False
    if kind == "place":
        return len(code) <= _LONGEST_PLACE and (len(code) > 1 or not text[end : end + 1].isspace())
    if not code.isdecimal():
        return len(code) >= _LEAST_MIXED
    if explicit or len(code) >= _SURE_DIGITS:
        return len(code) >= _LEAST_DIGITS
    counts = _MANY_THINGS.match(text, end) or _YEAR.fullmatch(code)
    return len(code) == _SURE_DIGITS - 1 and not counts


def _is_measured(text: str, start: int, end: int) -> bool:
    """Whether the code is a number with its unit after all: "order 500 ml", "case 30-day"."""
    digits = re.compile("[0-9]+").match(text, start)
    if digits is None:
        return False
    unit = AFTER.match(text, digits.end())
    return unit is not None and unit.end() >= end
