"""The gate of models: an evaluation, of these files, against what is served, and passed."""

from dataclasses import replace

from chatbot.learning.evaluate.views import Line
from chatbot.promotion.gating import Evidence, decide, reasons
from store.model_releases import ModelMark
from tests.support.learned import JUDGED

EVIDENCE = Evidence(model="tuned@3", sha="abc", serving="starter@2", evaluation=JUDGED)


def closed(**changes):
    gate = decide(replace(EVIDENCE, **changes))
    assert not gate.passed
    [said] = reasons(gate.lines)
    return said


def test_it_opens_for_what_was_measured_and_is_better():
    gate = decide(EVIDENCE)

    assert gate.passed
    assert gate.evaluation == "e1"
    assert [line.name for line in gate.lines] == ["files", "served", "own"]
    assert gate.lines[-1].change == "+7.5"


def test_without_an_evaluation_it_says_how_to_make_one():
    said = closed(evaluation=None)

    assert "chatbot evaluate tuned@3 --dataset NAME --against starter@2" in said


def test_an_evaluation_of_other_files_says_nothing():
    assert "others than those" in closed(sha="changed since")


def test_what_production_serves_now_is_what_it_must_beat():
    assert "compared with starter@2, and production serves tuned@2" in closed(serving="tuned@2")


def test_a_line_that_is_not_met_closes_it():
    failed = replace(JUDGED, passed=False, gate=(Line("general", False, "General is 4.0 worse."),))

    assert closed(evaluation=failed) == "General is 4.0 worse."


def test_a_verdict_without_lines_closes_it():
    assert closed(evaluation=replace(JUDGED, passed=False, gate=())) == (
        "It did not pass its evaluation."
    )


def test_marks_warn_and_close_nothing():
    mark = ModelMark(
        1, "tuned@3", "It learned from somebody who was forgotten since.", JUDGED.created_at
    )

    gate = decide(replace(EVIDENCE, marks=(mark,)))

    assert gate.passed
    assert gate.marks == (mark,)
