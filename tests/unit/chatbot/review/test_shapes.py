"""Exported files: what may be learned from, pairs, tables that no spreadsheet computes."""

import csv
import io
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatbot.errors import Refused
from chatbot.review.examples import Example, turns
from chatbot.review.shapes import COLUMNS, ready, write
from store.review_records import ReviewItem
from store.review_subjects import Said

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ITEM = ReviewItem(
    id=1,
    public_id="one",
    kind="answer",
    message_id=1,
    reply_id=None,
    conversation_id=1,
    ticket_id=None,
    state="done",
    rating=-1,
    flagged=False,
    flag_note="",
    flagged_by=None,
    reasons=["Tone"],
    distance=None,
    model="m@1",
    prompt="support",
    version="",
    number=3,
    mood="angry",
    topic="",
    title="",
    read_by="",
    verdict=None,
    tags=["tone", "invented"],
    opinions=1,
    split=False,
    second=False,
    taken_by=None,
    taken_until=None,
    created_at=NOON,
    changed_at=NOON,
)
ASKED = [{"role": "user", "content": "Where?"}]


def made(verdict=None, *, kind="answer", **texts):
    given = {"answer": "There.", "sent": "", "correction": "", "notes": "", "use": True}
    item = replace(ITEM, verdict=verdict, kind=kind)
    return Example(item=item, customer="7F2Q", said=ASKED, **(given | texts))


def lines(shape, *examples):
    out = io.BytesIO()
    count = write(examples, shape, out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(found) == count
    return found


@pytest.mark.parametrize(
    ("example", "learned"),
    [
        (made(), ""),
        (made(-1), ""),
        (made(0), ""),
        (made(1), "There."),
        (made(-1, correction="Here."), "Here."),
        (made(1, correction="Here.", use=False), ""),
        (made(sent="Here, Ana."), "Here, Ana."),
        (made(-1, sent="Here, Ana."), ""),
        (made(-1, sent="Here, Ana.", correction="Here."), "Here."),
    ],
)
def test_only_what_somebody_approved_is_learned(example, learned):
    assert example.approved == learned
    assert bool(lines("openai", example)) == bool(learned)


def test_the_shapes_of_others():
    one = made(-1, correction="Here.")
    answer = {"role": "assistant", "content": "Here."}
    assert lines("openai", one) == [{"messages": [*ASKED, answer]}]
    told = [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "Here."}]
    assert lines("sharegpt", one) == [{"conversations": told}]
    worse = {"role": "assistant", "content": "There."}
    assert lines("preference", one, made(1)) == [
        {"prompt": ASKED, "chosen": [answer], "rejected": [worse]}
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(begin):
    out = io.BytesIO()
    evil = f'{begin}HYPERLINK("https://evil.test")'
    assert write([made(answer=evil, notes=evil)], "csv", out) == 1
    text = out.getvalue().decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert head == list(COLUMNS)
    told = dict(zip(head, row, strict=True))
    assert told["answer"] == told["notes"] == f"'{evil}"
    assert (told["rating"], told["tags"], told["number"]) == ("-1", "tone, invented", "3")


def test_parquet_keeps_types():
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    assert write([made(1), made()], "parquet", out) == 2
    [first, second] = parquet.read_table(io.BytesIO(out.getvalue())).to_pylist()
    assert list(first) == list(COLUMNS)
    assert (first["verdict"], second["verdict"], first["flagged"]) == (1, None, False)


def test_an_empty_table_has_its_head():
    out = io.BytesIO()
    assert write([], "csv", out) == 0
    assert out.getvalue().decode("utf-8-sig").startswith("id,at,kind")


def test_parquet_without_its_library_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Refused, match=r"chatbot\[parquet\]"):
        ready("parquet")


def said(role, text):
    return Said("id", role, NOON, text)


def test_a_conversation_takes_turns():
    thread = [
        said("assistant", "Welcome"),
        said("customer", "Hello"),
        said("customer", "Where?"),
        said("assistant", "Who?"),
        said("agent", "I look."),
        said("customer", "Ana"),
    ]
    assert [(each["role"], each["content"]) for each in turns(thread)] == [
        ("user", "Hello\n\nWhere?"),
        ("assistant", "Who?\n\nI look."),
        ("user", "Ana"),
    ]
    assert turns(thread[:1]) == turns([]) == []
    assert turns(thread[:4])[-1]["role"] == "user"
