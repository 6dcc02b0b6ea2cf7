"""Variables of macros: typed, filled in, left where nobody knows, never opened by a value."""

import pytest

from chatbot.errors import Refused
from chatbot.macros import Known, Macros, Variable, fill, variables

KNOWN = Known(customer="Ana", agent="Lea", order="48213")


def test_variables_are_found_once_in_order():
    text = "[[customer]] [[day:date]] [[size: choice(S| M |L)]] [[n:number]] [[day]] [[x:text]]"
    assert variables(text) == (
        Variable("customer", "text"),
        Variable("day", "date"),
        Variable("size", "choice", ("S", "M", "L")),
        Variable("n", "number"),
        Variable("x", "text"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "[[A B]]",
        "[[1st]]",
        "[[day:moment]]",
        "[[size:choice()]]",
        "[[size:choice(a||b)]]",
        "[[n:number]] [[n:date]]",
        "".join(f"[[v{n}]]" for n in range(50)),
    ],
)
def test_wrong_variables_are_refused(text):
    with pytest.raises(Refused):
        variables(text)


def test_what_is_known_is_filled_in_and_the_rest_stays():
    text = "Dear [[customer]], order [[order]] comes on [[pickup_date:date]]. [[company]]"
    assert fill(text, {}, KNOWN) == "Dear Ana, order 48213 comes on [[pickup_date]]. [[company]]"
    filled = fill(text, {"pickup_date": "2025-05-03", "customer": "Bea"}, KNOWN)
    assert filled == "Dear Bea, order 48213 comes on 3 May 2025. [[company]]"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "tomorrow"),
        ("number", "many"),
        ("choice(a|b)", "c"),
        ("text", "x" * 501),
    ],
)
def test_values_of_another_type_are_refused(kind, value):
    with pytest.raises(Refused):
        fill(f"[[v:{kind}]]", {"v": value}, Known())


def test_a_value_opens_no_variable():
    assert fill("[[a]] [[b]]", {"a": "[[b]]", "b": "{{ 7 * 7 }}"}, Known()) == "[[b]] {{ 7 * 7 }}"


def test_text_without_variables_stays_as_it_is():
    text = "[1] [[ ]] [[]] [[a\nb]] {{ x }}"
    assert fill(text.replace("[[ ]] ", ""), {}, KNOWN) == text.replace("[[ ]] ", "")


def test_the_last_order_of_a_thread_is_known():
    macros = Macros(None, None)
    known = macros.known_of(
        customer="Ana", agent="Lea", company="Velo", thread="order #48213, then order #48377."
    )
    assert known == Known("Ana", "Lea", "Velo", "48377")
