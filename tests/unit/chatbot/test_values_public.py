"""Real texts: public labelled data where it is at hand, and the shipped model's own corpus."""

import json
from pathlib import Path

import pytest

from chatbot.learning import starter
from chatbot.values import Tags, find

CORPUS = Path(starter.__file__).parent / "corpus"
KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "PH_MOBILE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "DOMAIN_NAME": "url",
    "URL": "url",
    "UK_POSTCODE": "postcode",
    "DATE_TIME": "day",
}
QUOTED = '"https://presidio.dataprivacystack.org/"'
"""Labelled with its quotation marks; we leave them to the sentence."""


def records(path):
    with path.open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "label", ["EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "IP_ADDRESS"]
)
def test_personal_values_are_recalled(public_data, label):
    kind, hits, found, labelled = KINDS[label], 0, 0, 0
    for record in records(public_data / "pii_presidio" / "generated_large.jsonl"):
        truth = {(start, end) for name, start, end, _ in record["entities"] or [] if name == label}
        got = {(v.start, v.end) for v in find(record["text"]) if v.kind == kind}
        hits, found, labelled = hits + len(truth & got), found + len(got), labelled + len(truth)
    assert hits >= 0.97 * labelled > 0
    assert hits >= 0.95 * found


def test_recognizer_cases_hold(public_data):
    cases = records(public_data / "pii_presidio_recognizer_cases" / "all.jsonl")
    checked = 0
    for case in cases:
        kinds = {KINDS[label] for label in case["entities"] or [] if label in KINDS}
        if len(kinds) != 1 or "PERSON" in case["entities"] or case["text"] == QUOTED:
            continue
        got = [
            [v.start, v.end] for v in find(case["text"]) if v.kind in kinds | {"moment", "month"}
        ]
        assert len(got) == case["expected_len"], case["text"]
        assert got == (case["positions"] or got), case["text"]
        checked += 1
    assert checked > 100


def test_identifiers_are_found_in_real_questions(public_data):
    wanted = {"order_id": "order", "invoice_id": "invoice"}
    asked, found, typed = 0, 0, 0
    for record in records(public_data / "bitext_support" / "all.jsonl"):
        entity = record.get("entity") or {}
        if entity.get("type") in wanted:
            number = entity["text_at"].strip("#, ")
            kinds = [v.kind for v in find(record["instruction"]) if v.text == number]
            asked, found = asked + 1, found + bool(kinds)
            typed += wanted[entity["type"]] in kinds
    assert asked > 250
    assert found == asked
    assert typed >= 0.95 * asked  # the rest misspell the word "order" or "invoice"


def test_naughty_strings_come_back(public_data):
    for record in records(public_data / "blns" / "all.jsonl"):
        tags = Tags()
        for text in record.values():
            assert tags.show(tags.hide(str(text))) == str(text)


def test_corpus_comes_back_without_a_digit():
    for path in sorted(CORPUS.glob("*.passages.jsonl"))[:4]:
        tags = Tags()
        for record in records(path):
            text = record["text"].replace("{{", "12 ").replace("}}", " €5")
            hidden = tags.hide(text)
            assert tags.show(hidden) == text
            assert {v.kind for v in find(hidden)} <= {"tag"}
