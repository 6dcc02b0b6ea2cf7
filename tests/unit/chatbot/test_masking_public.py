"""Personal values in public labelled data: how many are hidden, and the recognizers' own cases."""

import json

import pytest

from chatbot.masking import mask
from chatbot.values import find, names
from chatbot.values.blocks import blocks
from chatbot.values.loose import LOOSE
from chatbot.values.national import FORMS, identities
from chatbot.values.plain import plain

REQUIRED = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "IP_ADDRESS": "ip",
}
NATIONAL = {
    "US_SSN": {"us.ssn", "us.ssn bare"},
    "US_ITIN": {"us.itin"},
    "CA_SIN": {"ca.sin"},
    "UK_NHS": {"gb.nhs"},
    "UK_NINO": {"gb.nino"},
    "DE_TAX_ID": {"de.tax"},
    "DE_SOCIAL_SECURITY": {"de.pension"},
    "ES_NIE": {"es.nie"},
    "ES_NIF": {"es.dni"},
    "FI_PERSONAL_IDENTITY_CODE": {"fi.hetu"},
    "IN_AADHAAR": {"in.aadhaar"},
    "IN_PAN": {"in.pan"},
    "IT_FISCAL_CODE": {"it.codicefiscale"},
    "KR_FRN": {"kr.frn"},
    "KR_RRN": {"kr.rrn"},
    "PL_PESEL": {"pl.pesel"},
    "SE_PERSONNUMMER": {"se.personnummer", "se.personnummer bare"},
    "TH_TNIN": {"th.pin"},
    "TR_NATIONAL_ID": {"tr.kimlik"},
    "ZA_ID_NUMBER": {"za.id"},
}
SPACE_BEFORE = "Here is my National Insurance Number YZ 61 48 68 B"
"""Labelled with the space before it, which we leave to the sentence."""


def records(path):
    with path.open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def texts(public_data):
    return records(public_data / "pii_presidio" / "generated_large.jsonl")


def test_required_types_are_found_with_every_rule_of_masking(texts):
    hits, found, labelled = (dict.fromkeys(REQUIRED.values(), 0) for _ in range(3))
    for record in texts:
        text = record["text"]
        truth = {(REQUIRED[e[0]], e[1], e[2]) for e in record["entities"] or [] if e[0] in REQUIRED}
        values = find(text, known=names([text]), own=[identities, blocks])
        got = {(v.kind, v.start, v.end) for v in values if v.kind in hits}
        for counts, spans in ((hits, truth & got), (found, got), (labelled, truth)):
            for kind, *_ in spans:
                counts[kind] += 1
    for kind in hits:
        assert hits[kind] >= 0.97 * labelled[kind] > 0
        assert hits[kind] >= 0.95 * found[kind]


def test_nothing_of_the_required_types_leaves(texts):
    for record in texts[::3]:
        labelled = [e for e in record["entities"] or [] if e[0] in {*REQUIRED, "US_SSN"}]
        if labelled:
            sent = mask([{"role": "user", "content": record["text"]}]).messages[-1]["content"]
            assert not [text for *_, text in labelled if text in LOOSE.sub("", sent)]


def test_names_and_addresses_are_hidden_as_far_as_told(texts):
    hidden = {"PERSON": 0, "ADDRESS": 0}
    labelled = dict(hidden)
    for record in texts:
        spans = [e for e in record["entities"] or [] if e[0] in hidden]
        if spans:
            sent = mask([{"role": "user", "content": record["text"]}]).messages[-1]["content"]
            for label, *_, text in spans:
                labelled[label] += 1
                hidden[label] += text not in sent
    assert hidden["PERSON"] >= 0.72 * labelled["PERSON"]
    assert hidden["ADDRESS"] >= 0.60 * labelled["ADDRESS"]


def test_recognizer_cases_of_national_numbers_hold(public_data):
    checked = set()
    for case in records(public_data / "pii_presidio_recognizer_cases" / "all.jsonl"):
        labels = set(case["entities"] or ()) & NATIONAL.keys()
        if not labels or case["text"] == SPACE_BEFORE:
            continue
        [label] = labels
        got = {(f.start, f.end) for f in identities(plain(case["text"]), NATIONAL[label])}
        assert len(got) == case["expected_len"], case["text"]
        if case["expected_len"]:
            assert sorted(map(list, got)) == case["positions"], case["text"]
        checked.add(label)
    assert checked == NATIONAL.keys()


def test_every_tested_form_exists():
    assert set().union(*NATIONAL.values()) <= FORMS.keys()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("my SSN is 078051121", "078051121"),
        ("078051121.", "078051121"),
        ("we sold 078051121 of them", ""),
        ("NINO ab 12 34 56 c", "ab 12 34 56 c"),
        ("NIR 2 55 08 14 168 025 38", "2 55 08 14 168 025 38"),
        ("CPF 390.533.447-05", "390.533.447-05"),
        ("card 4111 1111 1111 1111", ""),
        ("in 2025 we sold 1,200,000", ""),
        ("٠٧٨-٠٥-١١٢١", "٠٧٨-٠٥-١١٢١"),
    ],
)
def test_plain_numbers_need_a_word(text, hidden):
    spans = {(found.start, found.end) for found in identities(plain(text))}
    assert [text[start:end] for start, end in spans] == ([hidden] if hidden else [])


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Send it to 12 Mill Street, apt 5, London, please", "12 Mill Street, apt 5, London"),
        (
            "at 07 262 Pavlou Drandaki\nLAHTI\n 40402\nThanks",
            "07 262 Pavlou Drandaki\nLAHTI\n 40402",
        ),
        ("my P.O. Box 175 is full", "P.O. Box 175"),
        ("bei Västerviksgatan 2 bitte", "Västerviksgatan 2"),
        ("on 3 May 2025 at 9", ""),
        ("an iPhone 12 Pro Max 256", ""),
        ("a flat 20 % fee, unit 5 of 12", ""),
        ("2 Arlo Lamps 40 W", ""),
        ("12 Mill Street\nThanks,\nBo", "12 Mill Street"),
    ],
)
def test_address_blocks_are_whole(text, hidden):
    assert [text[found.start : found.end] for found in blocks(text)] == ([hidden] if hidden else [])
