"""The finder: every kind by its example, canonical forms, what is refused, what holds nothing."""

import re

import pytest

from chatbot.values import KINDS, TYPES, find


def test_names_are_found_composed_or_not():
    text = "Dear Jose\u0301 and José"
    found = find(text, known={"José": "name"})
    assert [value.text for value in found] == ["Jose\u0301", "José"]
    assert len({value.canonical for value in found}) == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in {"name", "company", "address"}]
)
def test_example_of_every_kind(kind):
    marked = KINDS[kind].example.partition(", typed")[0]
    text = re.sub(r"[\[\]]", "", marked)
    expected = re.findall(r"\[(.*?)\]", marked)
    assert [value.text for value in find(text) if value.kind == kind] == expected


def test_every_kind_has_a_type():
    assert {kind.type for kind in KINDS.values()} == {*TYPES, ""}
    assert len(set(TYPES)) == len(TYPES) == 16


SAME = """
€1,200 | 1.200,00 EUR | € 1200 | 1 200 euros | EUR 1'200
$5 million | 5 million dollars | USD 5,000,000
15 % | 15% | 15 percent | １５％
+44 20 7946 0018 | +442079460018 | 0044 20 7946 0018
(415) 555-0132 | 415-555-0132
3 May 2025 | May 3, 2025 | 2025-05-03 | 3.5.2025 | 03. Mai 2025 | 2025年5月3日
2:30 pm | 14:30 | 14h30 | 14.30 Uhr
9 am to 6 pm | 9-6 pm | 09:00–18:00
30 days | 30-day | 30 Tage
3 business days | 3 working days | 3 Werktage
5 kg | 5kg | 5 kilos
order 48213 | order #48213
DE89 3704 0044 0532 0130 00 | de89370400440532013000
https://www.velo.com/ | velo.com
Anna@Velo.com | anna@velo.com
1,200 items | 1200 items | 1.200 items
"""


@pytest.mark.parametrize("line", SAME.strip().splitlines())
def test_spellings_share_a_canonical_form(line):
    forms = [[value.canonical for value in find(text)] for text in line.split(" | ")]
    assert len(forms[0]) == 1
    assert all(form == forms[0] for form in forms)


DIFFERENT = """
€5 | $5
30 days | 30 weeks
3 business days | 3 days
5 kg | 5 GB
2:30 pm | 2:30 am
1,200 | 1,201
0.5 kg | 5 kg
+44 301234567 | +49 301234567
3 May 2025 | 3 May 2026
15 % | 15
"""


@pytest.mark.parametrize("line", DIFFERENT.strip().splitlines())
def test_other_values_differ(line):
    one, other = ([value.canonical for value in find(text)] for text in line.split(" | "))
    assert len(one) == len(other) == 1
    assert one != other


def test_ambiguous_date_keeps_both_readings():
    (value,) = find("03/04/2025")
    assert value.canonical.split("|") == ["2025-03-04", "2025-04-03"]


def test_more_digits_than_any_number_are_kept():
    (value,) = find("9" * 60 + ",5 kg")
    assert value.canonical == "9" * 60 + ".5 kg"


def test_only_names_types_and_kinds():
    text = "call 030 1234567, pay €5, from 10.0.0.1, ⟨url 3⟩"
    assert [value.kind for value in find(text, only={"amount", "ip"})] == ["amount", "ip", "tag"]
    with pytest.raises(ValueError, match="fone"):
        find(text, only={"fone"})


def test_unknown_kind_of_name_is_refused():
    with pytest.raises(ValueError, match="'person'"):
        find("Anna", known={"Anna": "person"})


@pytest.mark.parametrize("text", ["", " ", "\0", "no value", "\ud800", "🙂", "\u202e", "﷽" * 5])
def test_nothing_to_find(text):
    assert find(text) == ()
