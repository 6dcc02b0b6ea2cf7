"""Finds dates: moments, days, months, years, weekdays, and days from one to another.

Every form is checked against the calendar's own limits. A date that reads in two ways
("03/04/2025") keeps both readings in its canonical form, joined by "|". One
rule a form: the finder runs them in the order of `DATES`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from chatbot.values.names_of_time import AMBIGUOUS_MONTHS, MONTHS, WEEKDAYS
from chatbot.values.scan import at_digits, at_words
from chatbot.values.types import Found

_SPACE = r"[ \u00a0]"
_MONTH_NAME = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")(?!\w)"
_NAME = rf"(?P<name>{_MONTH_NAME})\.?"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?![0-9])"
_YEAR = r"(?:1[89]|20|21)[0-9]{2}"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|\.)?"
_OF = rf"(?:{_SPACE}(?:of|de|del){_SPACE}(?:the{_SPACE})?|{_SPACE}d'|{_SPACE}{{0,2}}|-)"
_TO = rf"(?:{_SPACE}?-{_SPACE}?|{_SPACE}(?:to|until|till|through|bis|au|al|a|tot){_SPACE})"
_BEFORE = r"(?<![\w+])(?<!\w[./-])"
_AFTER = r"(?!\w)(?![./:-][0-9])"


def _spoken(names: Iterable[str]) -> frozenset[str]:
    """Return the names as people write them: small, with a capital, or in capitals."""
    return frozenset(way(name) for name in names for way in (str.lower, str.capitalize, str.upper))


def _form(body: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{body}){_AFTER}", re.IGNORECASE)


_MOMENT = _form(
    rf"(?P<year>{_YEAR})-(?P<month>[01][0-9])-(?P<day>[0-3][0-9])"
    r"(?:[T ](?P<time>[0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)"
    r"(?: ?Z| UTC|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DAYS_OF_MONTH = _form(
    rf"(?P<first>{_DAY}){_ORDINAL}{_TO}(?P<last>{_DAY}){_ORDINAL}{_OF}{_NAME}"
    rf"(?:,?{_SPACE}(?P<year>{_YEAR}))?"
)
_MONTH_OF_DAYS = _form(
    rf"{_NAME}{_SPACE}?(?P<first>{_DAY}){_ORDINAL}{_TO}(?P<last>{_DAY}){_ORDINAL}"
    rf"(?!{_OF}{_MONTH_NAME})(?:,?{_SPACE}(?P<year>{_YEAR}))?"
)
_DAY_MONTH = _form(
    rf"(?P<day>{_DAY}){_ORDINAL}{_OF}{_NAME}"
    rf"(?:,?{_SPACE}(?:del?{_SPACE})?(?P<year>{_YEAR})|-(?P<short>{_YEAR}|[0-9]{{2}}))?"
)
_MONTH_DAY = _form(
    rf"{_NAME}(?:{_SPACE}|-)?(?P<day>{_DAY})(?:st|nd|rd|th)?(?!%)(?:,?{_SPACE}(?P<year>{_YEAR}))?"
)
_MONTH_YEAR = _form(rf"{_NAME}(?:,?{_SPACE}|-|{_SPACE}de{_SPACE})(?P<year>{_YEAR})")
_FIGURES = _form(
    r"(?P<one>[0-9]{1,2})(?P<mark>[./-])(?P<two>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})"
)
_YEAR_FIRST = _form(
    rf"(?P<year>{_YEAR})(?P<mark>[./])(?P<month>[0-9]{{1,2}})(?P=mark)(?P<day>[0-9]{{1,2}})"
)
_MONTH_IN_FIGURES = _form(rf"(?P<month>0?[1-9]|1[0-2])/(?P<year>{_YEAR})")
_WITHOUT_YEAR = _form(r"(?P<one>[0-9]{1,2})(?:/(?P<two>[0-9]{1,2})|\.(?P<dotted>[0-9]{1,2})\.)")
_CJK = re.compile(
    r"(?:(?P<year>[0-9]{4}) ?年 ?)?(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?日"
)
_WEEKDAYS = {f"{name}s": day for name, day in WEEKDAYS.items()} | WEEKDAYS
_MONTH_WORDS = _spoken(MONTHS)
_WEEKDAY_WORDS = _spoken(_WEEKDAYS)
_WORD = re.compile(r"(?<!\w)(?P<name>[^\W\d_]+)(?!\w)")
_YEAR_AFTER_WORD = re.compile(
    rf"(?:(?<!\w)(?:in|since|until|during|year|seit|Jahr|depuis|desde|sinds|anno)|©){_SPACE}{{1,2}}"
    rf"(?P<year>{_YEAR})(?![\w%])(?![.,/:-][0-9])(?!{_SPACE}?[%€$£])",
    re.IGNORECASE,
)
_DAY_CUE = re.compile(
    r"(?:\b(?:on|by|until|till|before|after|since|from|due|dated?|born|is|am|vom|bis|ab|zum|seit|le|"
    rf"du|au|el|del|op)|\b(?:date|datum):?){_SPACE}{{1,2}}$",
    re.IGNORECASE,
)
_SURE_CUE = re.compile(rf"\b(?:on|by|until|before|since|due){_SPACE}{{1,2}}$", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"(?<!\w){_MONTH_NAME}{_SPACE}$", re.IGNORECASE)
_MONTH_CUE = re.compile(
    r"\b(?:in|by|since|until|till|to|from|of|before|after|outside|during|through|between|each"
    r"|every|next|last|this|early|late|mid|im|seit|bis|en|desde)"
    rf"(?:{_SPACE}|-){{1,2}}$",
    re.IGNORECASE,
)
_VERSION_CUE = re.compile(
    rf"(?:version|release|firmware|iOS|Android|\bv\.?){_SPACE}?$", re.IGNORECASE
)
_CUE_WINDOW = 12
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CENTURY_TURN = 70
_SHORT_NAME = 4


def _moments(text: str) -> Iterator[Found]:
    for match in at_digits(_MOMENT, text):
        day = _day(match["year"], match["month"], match["day"])
        if day:
            time = match["time"]
            kind, canonical = ("moment", f"{day}T{time}") if time else ("day", day)
            yield Found(*match.span(), kind, canonical)


def _days(text: str) -> Iterator[Found]:
    for match in chain(
        at_digits(_DAYS_OF_MONTH, text), at_words(_MONTH_OF_DAYS, text, _MONTH_WORDS)
    ):
        month = _month(text, match)
        first, last = (_day(match["year"], month, match[end]) for end in ("first", "last"))
        if first and last and not _follows(_MONTH_BEFORE, text, match):
            yield Found(match.start(), _end(match), "days", f"{first}/{last}")


def _named_days(text: str) -> Iterator[Found]:
    for match in at_digits(_DAY_MONTH, text):
        day = _day(match["year"] or match["short"], _month(text, match), match["day"])
        if day:
            yield Found(match.start(), _end(match), "day", day)


def _days_after_names(text: str) -> Iterator[Found]:
    for match in at_words(_MONTH_DAY, text, _MONTH_WORDS):
        day = _day(match["year"], _month(text, match), match["day"])
        if day:
            yield Found(*match.span(), "day", day)


def _months_of_years(text: str) -> Iterator[Found]:
    for match in at_words(_MONTH_YEAR, text, _MONTH_WORDS):
        month = MONTHS[match["name"].lower()]
        yield Found(*match.span(), "month", f"{match['year']}-{month:02}")
    for match in at_digits(_MONTH_IN_FIGURES, text):
        yield Found(*match.span(), "month", f"{match['year']}-{int(match['month']):02}")


def _figures(text: str) -> Iterator[Found]:
    for match in at_digits(_FIGURES, text):
        if not _is_version(text, match):
            day = _readings(match["year"], match["one"], match["two"], dotted=match["mark"] == ".")
            if day:
                yield Found(*match.span(), "day", day)


def _years_first(text: str) -> Iterator[Found]:
    for match in chain(at_digits(_YEAR_FIRST, text), at_digits(_CJK, text)):
        day = _day(match["year"], match["month"], match["day"])
        if day:
            yield Found(*match.span(), "day", day)


def _days_without_year(text: str) -> Iterator[Found]:
    for match in at_digits(_WITHOUT_YEAR, text):
        if _follows(_DAY_CUE, text, match):
            dotted = match["dotted"] is not None
            day = _readings(None, match["one"], match["dotted"] or match["two"], dotted=dotted)
            if day:
                yield Found(*match.span(), "day", day)


def _names_alone(text: str) -> Iterator[Found]:
    for match in at_words(_WORD, text, _WEEKDAY_WORDS):
        name = match["name"].lower()
        end = match.end() - (name not in WEEKDAYS)  # the plural's s stays in the sentence
        yield Found(match.start(), end, "weekday", _WEEKDAYS[name])
    for match in at_words(_WORD, text, _MONTH_WORDS):
        if _stands_as_month(text, match):
            yield Found(*match.span(), "month", f"--{MONTHS[match['name'].lower()]:02}")


def _years(text: str) -> Iterator[Found]:
    for match in _YEAR_AFTER_WORD.finditer(text):
        yield Found(*match.span("year"), "year", match["year"])


MOMENTS = _moments
"""The rule for days and moments in ISO 8601."""

DATES = (
    _days,
    _named_days,
    _days_after_names,
    _months_of_years,
    _figures,
    _years_first,
    _days_without_year,
    _years,
)
"""The rules for other forms with figures, the most particular first."""

NAMES = _names_alone
"""The rule for months and weekdays by name alone, which needs no figure."""


def _end(match: re.Match[str]) -> int:
    """Return where the date ends: a full stop behind it is the sentence's."""
    return match.end() - match[0].endswith(".")


def _month(text: str, match: re.Match[str]) -> int:
    """Return the month's number, or 0 where its name is a word of the sentence ("you may")."""
    name = match["name"]
    sure = name[0].isupper() or match["year"] or _follows(_SURE_CUE, text, match)
    doubtful = {"may"} if match.start("name") > match.start() else AMBIGUOUS_MONTHS
    return 0 if name.lower() in doubtful and not sure else MONTHS[name.lower()]


def _stands_as_month(text: str, match: re.Match[str]) -> bool:
    name, capital = match["name"], match["name"][0].isupper()
    cued = _follows(_MONTH_CUE, text, match)
    if name.lower() in AMBIGUOUS_MONTHS or len(name) < _SHORT_NAME:
        return capital and cued
    return capital or cued


def _follows(cue: re.Pattern[str], text: str, match: re.Match[str]) -> bool:
    start = match.start()
    return cue.search(text, max(0, start - _CUE_WINDOW), start) is not None


def _is_version(text: str, match: re.Match[str]) -> bool:
    """A short "12.5.20" is a date only where it looks or is announced like one."""
    if _follows(_VERSION_CUE, text, match):
        return True
    short = match["mark"] != "/" and len(match["year"]) == len("20")
    padded = len(match["one"]) == len(match["two"]) == len("05")
    return short and not padded and not _follows(_DAY_CUE, text, match)


def _readings(year: str | None, one: str, two: str, *, dotted: bool) -> str:
    """Return day-month and month-day, whichever the calendar allows, joined by "|"."""
    readings = {_day(year, two, one), "" if dotted else _day(year, one, two)}
    return "|".join(sorted(readings - {""}))


def _day(year: str | None, month: str | int, day: str) -> str:
    """Return the ISO form, "--05-03" without a year, or nothing when there is no such day."""
    month, number = int(month), int(day)
    if not 1 <= month <= len(_LAST_DAYS) or not 1 <= number <= _LAST_DAYS[month - 1]:
        return ""
    if year is None:
        return f"--{month:02}-{number:02}"
    full = int(year)
    if len(year) == len("20"):
        full += 2000 if full < _CENTURY_TURN else 1900
    return f"{full:04}-{month:02}-{number:02}"
