"""Rows of a file: bad lines are named and left out, good ones are found again by their place."""

import json
from random import Random

import pytest

from chatbot.errors import Refused
from chatbot.learning.finetune.feed import Feed, Place
from chatbot.learning.finetune.parts import packed, padded
from chatbot.learning.finetune.rows import Rows
from tests.support.tuning import row, write_rows

BAD = {
    "not json": "not JSON",
    "[1, 2]": "not an object",
    json.dumps(row(0, messages=[])): "no messages",
    json.dumps(row(0, messages=[{"role": "user"}])): "no text",
    json.dumps(row(0, messages=[{"role": "robot", "content": "x"}])): "no role 'robot'",
    json.dumps(row(0, reply="  ")): "answer is empty",
    json.dumps(row(0, reply=None)): "answer is empty",
    '{"messages": ' + "[" * 3000 + "]" * 3000 + "}": "",
}


def test_each_bad_line_is_named_with_its_number(tmp_path):
    path = tmp_path / "train.jsonl"
    good = json.dumps(row(1), ensure_ascii=False)
    path.write_text("\n".join([good, *BAD, "", good]) + "\n", "utf-8")
    rows = Rows(path)
    assert len(rows) == 2
    assert rows.line(1) == len(BAD) + 3
    assert rows[1] == row(1)
    assert [bad.line for bad in rows.bad] == list(range(2, len(BAD) + 2))
    assert all(part in str(bad) for bad, part in zip(rows.bad, BAD.values(), strict=True))


def test_a_file_that_is_no_text_has_no_good_line(tmp_path):
    (tmp_path / "train.jsonl").write_bytes(bytes(range(256)) * 4)
    rows = Rows(tmp_path / "train.jsonl")
    assert not len(rows)
    assert rows.bad


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused):
        Rows(tmp_path / "train.jsonl")


def test_pairs_need_a_second_answer(tmp_path):
    write_rows(tmp_path / "train.jsonl", [row(0), row(1, rejected="Go away.")])
    rows = Rows(tmp_path / "train.jsonl", pairs=True)
    assert len(rows) == 1
    assert "worse answer" in rows.bad[0].reason


def test_rows_left_out_later_keep_the_others_in_their_places(tmp_path):
    write_rows(tmp_path / "train.jsonl", [row(n) for n in range(4)])
    rows = Rows(tmp_path / "train.jsonl")
    rows.leave_out({1: "too long"})
    assert [rows[n]["number"] for n in range(len(rows))] == [0, 2, 3]
    assert str(rows.bad[0]) == "train.jsonl, line 2: too long"


class Numbers:
    """Reads a row as a document of its own length that begins with its number."""

    def read(self, rows, index, epoch=0):
        number = rows[index]["number"]
        size = 5 + number % 11
        return [number + 1] * size, [False] * 2 + [True] * (size - 2)


def feed(folder, count=50, parts=None):
    if not (folder / "train.jsonl").exists():
        write_rows(folder / "train.jsonl", [row(n) for n in range(count)])
    cut = parts or (lambda documents: packed(documents, 32, 0))
    return Feed(
        Rows(folder / "train.jsonl"), Numbers(), cut, lambda items, make: list(map(make, items)),
        seed=3, batch=64,
    )  # fmt: skip


def passed(steps, count):
    return [next(steps) for _ in range(count)]


def ids(step):
    return [part.rows.ids.tolist() for part in step.parts]


def test_a_pass_holds_every_row_once(tmp_path):
    found, steps = [], feed(tmp_path).steps(Place())
    for step in steps:
        found += [n for part in step.parts for n in set(part.rows.ids.ravel().tolist()) - {0}]
        if step.after.epoch:
            break
    assert sorted(found) == list(range(1, 51))


def test_it_goes_on_at_any_place_as_if_nothing_had_been(tmp_path):
    whole = passed(feed(tmp_path).steps(Place()), 20)
    for number in (0, 3, 11):
        rest = passed(feed(tmp_path).steps(whole[number].after), 5)
        assert [ids(one) for one in rest] == [ids(one) for one in whole[number + 1 : number + 6]]


def test_two_passes_differ_in_order(tmp_path):
    first = next(feed(tmp_path).steps(Place()))
    second = next(feed(tmp_path).steps(Place(epoch=1)))
    assert ids(first) != ids(second)


def test_padded_rows_lie_beside_rows_of_their_length():
    rng = Random(0)
    documents = [([1] * size, [True] * size) for size in rng.sample(range(3, 400), 60)]
    parts = padded(documents, 1024, 0)
    real = sum(part.real for part in parts)
    assert real == sum(len(one) for one, _ in documents)
    assert real > 0.8 * sum(part.rows.ids.size for part in parts)
    assert all(part.rows.ids.size <= 1024 for part in parts)


def test_the_lengths_of_a_packed_row_fill_it():
    documents = [([n] * size, [False] + [True] * (size - 1)) for n, size in ((1, 5), (2, 7))]
    [part] = packed(documents, 32, 0)
    assert part.lengths == (5, 7, 20)
    assert part.learned == 10
    assert part.blank().learned == 0
