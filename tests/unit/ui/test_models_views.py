"""What the Models page is told of datasets, runs and evaluations."""

from datetime import UTC, datetime

import pytest

from chatbot.errors import Refused
from chatbot.learning.dataset import Bad, Built, Checked, Problem
from chatbot.learning.evaluate.views import Pair, Said
from chatbot.learning.finetune.plan import EXPLAINED, LIMITS
from store.runs import Point, Run
from ui.pages import models_judged_view, models_runs_view
from ui.pages.models_run_commands import ADVANCED, PLAIN, _day

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def a_run(**changes):
    values = {
        "id": 5,
        "public_id": "r5",
        "model": "tuned@4",
        "base": "starter@1",
        "dataset_id": 1,
        "dataset": "d1",
        "dataset_sha": "a",
        "method": "lora",
        "settings": {"rank": 8},
        "state": "running",
        "said": "",
        "step": 20,
        "steps": 100,
        "kept_step": 10,
        "best_step": None,
        "best_loss": None,
        "checks_without_gain": 0,
        "tokens_s": None,
        "seconds": 1.0,
        "left_s": None,
        "facts": {},
        "samples": [],
        "host": "here",
        "process": 1,
        "heard_at": None,
        "actor": "Ada",
        "created_at": AT,
        "started_at": AT,
        "ended_at": None,
        "points": (Point(0, 2.0, 2.5), Point(10, 1.5, None), Point(20, 1.2, None)),
    }
    return Run(**values | changes)


def test_only_points_behind_a_step_are_told_again():
    assert models_runs_view.run(a_run(), -1)["points"] == [
        [0, 2.0, 2.5],
        [10, 1.5, None],
        [20, 1.2, None],
    ]
    assert models_runs_view.run(a_run(), 10)["points"] == [[20, 1.2, None]]


def test_a_removed_dataset_is_said():
    assert models_runs_view.line(a_run(dataset_id=None))["dataset_there"] is False


def test_every_setting_is_explained_and_has_a_range():
    fields = models_runs_view.fields({"rank": 8}, EXPLAINED, LIMITS, (*PLAIN, *ADVANCED))
    assert all(one["about"] for one in fields)
    ranges = {one["name"] for one in fields if one["least"] is not None}
    assert ranges == set(PLAIN + ADVANCED) - {"precision"}
    assert {one["name"]: one["value"] for one in fields}["rank"] == 8


def test_bad_lines_are_named_by_the_files_that_people_know():
    bad = (Bad(3, "tmpx.csv", "The answer is empty."), Bad(0, "", "Nothing was judged."))
    told = models_runs_view.built(Built(None, {}, bad), {"/tmp/tmpx.csv": "own.csv"})
    assert [(one["file"], one["line"]) for one in told["bad"]] == [("own.csv", 3), ("", 0)]


def test_many_problems_are_counted_and_some_named():
    problems = tuple(Problem(at, "cut", f"Row {at}") for at in range(300))
    told = models_runs_view.checked(Checked(problems, {"cut": 300}, 400))
    assert (len(told["problems"]), told["all"]) == (models_runs_view.MOST_SAID, 300)


def test_two_answers_differ_word_by_word():
    said = [Said("It is 40 cm.", right=True), Said("It is 45 cm.", right=False)]
    told = models_judged_view.pair(Pair(1, "own", "worse", -1.0, "How large?", "40 cm", *said))
    assert told["tokens"] == [
        ["same", "It is "],
        ["del", "40"],
        ["ins", "45"],
        ["same", " cm."],
    ]


def test_a_day_begins_at_midnight():
    assert _day("2026-11-30") == datetime(2026, 11, 30, tzinfo=UTC)
    assert _day("") is None
    with pytest.raises(Refused, match="year-month-day"):
        _day("30 Nov")
