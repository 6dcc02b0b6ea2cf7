"""Batches: one result a row in the order of the rows, going on after a kill, refusing a mixture."""

import asyncio
import json
import pickle
from contextlib import asynccontextmanager
from functools import partial

import pytest

from chatbot.batch import Job, Summary, files, run, service, spread, working
from chatbot.batch.files import Results, lines
from chatbot.errors import BackendQuota, BackendTimeout, ChatbotError, Refused


@asynccontextmanager
async def doubling(faults=()):
    """Doubles numbers; the slower the smaller. `faults`: what befalls a number, once or always."""
    left = {number: list(errors) for number, errors in faults}

    async def work(row):
        await asyncio.sleep(0.001 * (row["n"] % 3))
        if left.get(row["n"]):
            raise left[row["n"]].pop(0)
        return {"twice": row["n"] * 2}

    yield work


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"id": f"r{n}", "n": n}) + "\n" for n in range(50)))
    return file


@pytest.fixture
def job(rows, tmp_path):
    def make(faults=(), **more):
        given = {"out": tmp_path / "out.jsonl", "options": {"work": "double"}, "at_once": 4}
        return Job(rows, make=partial(doubling, faults), **given | more)

    return make


def told(job):
    return [json.loads(line) for line in job.out.read_text().splitlines()]


def silent(done, of):
    pass


def test_every_row_has_one_result_in_order(job):
    seen = []
    assert run(job(), lambda done, of: seen.append((done, of))) == Summary(50, 0, 0)
    assert [(one["id"], one["line"], one["twice"]) for one in told(job())] == [
        (f"r{n}", n + 1, n * 2) for n in range(50)
    ]
    assert (seen[0], seen[-1]) == ((0, 50), (50, 50))
    assert not job().out.with_name("out.jsonl.lock").exists()


@pytest.mark.parametrize("kept", [0, 1, 700, 1500])
def test_goes_on_behind_what_is_whole(job, kept):
    run(job(), silent)
    whole = job().out.read_bytes()
    job().out.write_bytes(whole[:kept])  # as a kill leaves it, in the middle of a line
    done = run(job(), silent)
    assert job().out.read_bytes() == whole
    assert (done.rows, done.before) == (50, whole[:kept].count(b"\n"))


@pytest.mark.parametrize("change", ["row", "options", "shorter", "no results"])
def test_refuses_to_mix(job, rows, change):
    run(job(), silent)
    text = rows.read_text().splitlines(keepends=True)
    more = {}
    if change == "row":
        rows.write_text("".join([*text[:7], '{"n": 99}\n', *text[8:]]))
    elif change == "options":
        more = {"options": {"work": "double", "tone": "warm"}}
    elif change == "shorter":
        rows.write_text("".join(text[:9]))
    else:
        job().out.write_text('{"line": 1}\n')
    before = job().out.read_bytes()
    with pytest.raises(Refused, match="holds results of another file"):
        run(job(**more), silent)
    assert job().out.read_bytes() == before


def test_what_is_wrong_with_a_row_is_its_result(job, rows):
    rows.write_bytes(b'junk\n\n[1]\n{"n": 3}\n{"id": 7, "n": "x"}\n{"n": 4}')
    assert run(job(), silent).failed == 3
    codes = [one.get("error", {}).get("code") for one in told(job())]
    assert codes == ["refused", "refused", None, "unexpected", None]
    assert [one["line"] for one in told(job())] == [1, 3, 4, 5, 6]
    assert told(job())[3]["id"] == 7
    assert "x" not in told(job())[3]["error"]["message"]


def test_tries_again_what_passes(job, monkeypatch):
    monkeypatch.setattr(working, "PAUSE", 0.0)
    faults = ((3, [BackendTimeout()]), (5, [BackendTimeout()] * 9), (9, [Refused("no")]))
    done = run(job(faults), silent)
    found = {one["id"]: one for one in told(job())}
    assert found["r3"]["twice"] == 6
    assert found["r5"]["error"]["code"] == "timeout"
    assert (found["r9"]["error"], done.failed) == ({"code": "refused", "message": "no"}, 2)


def test_stops_where_nothing_answers_and_goes_on_later(job):
    faults = tuple((n, [BackendQuota()]) for n in range(10, 50))
    with pytest.raises(ChatbotError, match=f"{service.FAILING} rows in a row failed.*10 rows have"):
        run(job(faults), silent)
    assert len(told(job())) == 10
    assert run(job(), silent) == Summary(50, 10, 0)


def test_file_of_results_has_one_writer(job):
    with Results(job().out), pytest.raises(Refused, match="Another process is writing"):
        run(job(), silent)


def test_files_that_cannot_be(job, tmp_path, monkeypatch):
    with pytest.raises(Refused, match="same file"):
        run(job(out=tmp_path / "rows.jsonl"), silent)
    with pytest.raises(Refused, match="cannot be written"):
        run(job(out=tmp_path / "no" / "folder.jsonl"), silent)
    monkeypatch.setattr(files, "LONGEST", 21)
    with pytest.raises(Refused, match="Line 11 of"):
        list(lines(tmp_path / "rows.jsonl", {}))


def test_parts_cover_every_row_once(job, rows, monkeypatch):
    monkeypatch.setattr(spread, "PART", 3)
    monkeypatch.setattr(spread, "MOST_PARTS", 5)
    rows.write_text(rows.read_text().replace('{"id": "r4"', '\n\n{"id": "r4"'))
    whole = list(lines(rows, job().options))
    cut = spread.parts(iter(whole[2:]))
    assert len(cut) <= 5
    opening = spread.Spreading(rows, job().options, job().make, 4)
    process = pickle.loads(pickle.dumps(opening))()
    asked = [json.dumps([part.start, part.before, part.rows]) for part in cut]
    found = [spread._heard(told)[0] for one in asked for told in json.loads(process(one))]
    process._runner.close()
    assert found == whole[2:]
