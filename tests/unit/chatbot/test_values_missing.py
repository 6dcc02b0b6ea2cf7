"""The check of a draft: a value that stands in no source is named, another spelling is not."""

import pytest

from chatbot.values import missing

SOURCES = [
    "Returns: 30 days, or two weeks for shoes. A fee of € 1.200,00 or 15 % applies, 5-10 USD more.",
    "Open 9 am to 6 pm on Friday, 3 May 2025. Closed 24 to 26 December. Call +49 30 1234567.",
    "Order 00048213 of invoice INV-20231, card ending in 4821. See https://www.velo.com/returns.",
    "The moment is 2024-02-01T08:15:00Z, the day 03/04/2026; write to Help@Velo.com.",
]


@pytest.mark.parametrize(
    "draft",
    [
        "You have 30 days, a 30-day window.",
        "Shoes: 2 weeks, a 2-week window.",
        "We charge 1,200 EUR, that is €1200, or 15 percent.",
        "Between $5 and $10 more.",
        "Come at 9:00, leave before 18:00; we are open 9-6 pm.",
        "On 3 May, in May 2025, in 2025, on 2025-05-03, by Friday.",
        "From 24 December, closed 24-26 December.",
        "Call 030 1234567 or +49 30 1234567.",
        "Your order #00048213 and invoice INV20231.",
        "The card ending 4821",
        "See velo.com or https://velo.com/returns/.",
        "Write to help@velo.com before 8:15 on 1 February 2024.",
        "On 3 April 2026, or 4 March 2026.",
        "1. Log in [1]\n2. Click [2]",
        "Nothing exact at all.",
        "",
    ],
)
def test_supported_values_pass(draft):
    assert missing(draft, SOURCES) == ()


@pytest.mark.parametrize(
    ("draft", "named"),
    [
        ("You have 31 days.", ["31"]),
        ("You have 30 weeks.", ["30"]),
        ("You have 30 business days.", ["30"]),
        ("We charge $1,200.", ["$1,200"]),
        ("We charge 16 %.", ["16"]),
        ("Open 9 am to 7 pm.", ["9 am to 7 pm"]),
        ("At 8 pm.", ["8 pm"]),
        ("On 3 May 2026, by Thursday.", ["3 May 2026", "Thursday"]),
        ("Call +44 30 1234567, 030 7654321.", ["+44 30 1234567", "030 7654321"]),
        ("Order 48213", ["48213"]),
        ("See velo.com/refunds, mail a@velo.com", ["velo.com/refunds", "a@velo.com"]),
        ("It is ⟨amount 7⟩.", ["⟨amount 7⟩"]),
        ("Pay €5 and €5.", ["€5", "€5"]),
    ],
)
def test_invented_values_are_named(draft, named):
    assert [value.text for value in missing(draft, SOURCES)] == named


def test_value_carries_its_place():
    draft = "It costs 7 EUR today"
    (value,) = missing(draft, [])
    assert draft[value.start : value.end] == "7 EUR"
    assert value.type == "amount"


def test_national_source_supports_its_country():
    assert missing("+49 30 1234567", ["call 030 1234567"]) == ()


def test_known_names_are_checked_too():
    known = {"Anna Weber": "name", "Velo": "company"}
    named = missing("Dear Anna Weber, Velo thanks you", ["from: ANNA WEBER"], known=known)
    assert [value.text for value in named] == ["Velo"]


def test_words_of_numbers_leave_addresses_alone():
    assert missing("one@velo.com, 1 box", ["one@velo.com sends one box"]) == ()
