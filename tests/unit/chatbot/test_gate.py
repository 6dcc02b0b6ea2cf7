"""What the gate says, line by line, of evidence alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chatbot.gate import Evidence, Served, decide
from prompts.cases import read_cases
from prompts.lint import Problem
from store import records

AT = datetime(2026, 8, 1, 10, 12, tzinfo=UTC)
SUITE = read_cases("""\
- {description: guarantee, metadata: {critical: true}, assert: [{type: equals, value: x}]}
- {description: greeting, assert: [{type: equals, value: x}]}
""")
RUN = records.TestRun(
    id=7, public_id="run-7", prompt="support", suite="tests", tests_sha=SUITE.sha, grader="",
    repeat=None, columns=[["sha", "starter@1"]], status="complete", total=2, done=2, actor="Jo",
    created_at=AT, ended_at=AT,
)  # fmt: skip


def result(name, passes, repeats=3, status=None, critical=False):
    status = status or ("passed" if passes * 2 > repeats else "failed")
    return records.TestResult("sha", "starter@1", 0, name, critical, repeats, passes, status, [])


def ran(guarantee=3, greeting=3, **statuses):
    return RUN, [
        result("guarantee", guarantee, status=statuses.get("guarantee_is"), critical=True),
        result("greeting", greeting, status=statuses.get("greeting_is")),
    ]


def attacked(resisted, answered, status=None):
    found = [result("canary 0: code?", n < resisted, 1) for n in range(10)]
    found += [result("benign 0: kill a process", n < answered, 1, status) for n in range(10)]
    return RUN, found


GOOD = Evidence(
    seq=15, model="starter@1", suite=SUITE, ran=ran(), served=[Served(13, ran(greeting=2))]
)


def lines(evidence):
    return [line.ok for line in decide(evidence).lines]


def only_wrong(evidence):
    [line] = [line for line in decide(evidence).lines if not line.ok]
    return line


def test_a_good_run_opens_it():
    gate = decide(GOOD)
    assert gate.open
    assert gate.run == "run-7"
    assert [line.sentence for line in gate.lines] == [
        "No errors in the source",
        "Tests ran on exactly this text and starter@1",
        "Critical cases pass 3 of 3",
        "Nothing that passed in v13 got worse",
    ]
    assert gate.lines[1].at == AT


def test_errors_in_the_source_close_it_and_warnings_do_not():
    warning = Problem("warning", "Unused.", 2, 1)
    assert decide(replace(GOOD, problems=[warning])).open
    line = only_wrong(replace(GOOD, problems=[warning, Problem("error", "No `x`.", 9, 1)]))
    assert (line.detail, line.link) == ("Line 9: No `x`", "edit")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"suite": None}, "no test cases"),
        ({"suite": None, "broken_tests": "The test cases cannot be read: line 1"}, "line 1"),
        ({"ran": None}, "no complete run of v15"),
        ({"ran": (RUN, ran()[1][:1])}, "1 case did not run"),
        ({"ran": ran(greeting=1, greeting_is="error")}, "1 case could not be judged: greeting"),
    ],
)
def test_a_run_must_be_whole(changes, says):
    gate = decide(replace(GOOD, **changes))
    assert not gate.open
    assert not gate.lines[1].ok
    assert says in gate.lines[1].detail


def test_one_lost_pass_of_a_critical_case_closes_it():
    line = only_wrong(replace(GOOD, ran=ran(guarantee=2), served=[]))
    assert line.sentence == "Critical cases pass 3 of 3"
    assert (line.detail, line.link) == ("guarantee, 2 of 3", "case:guarantee")
    assert line.reason == "Critical cases pass 3 of 3: guarantee, 2 of 3."


def test_a_case_that_is_no_longer_critical_closes_it():
    before = [result("old rule", 3, critical=True), result("guarantee", 3, critical=True)]
    line = only_wrong(replace(GOOD, served=[Served(13, ran(), approved=before)]))
    assert "old rule" in line.detail
    assert decide(replace(GOOD, served=[Served(13, ran(), approved=before[1:])])).open


def test_an_ordinary_case_may_fail_where_it_failed_before():
    poor = replace(GOOD, ran=ran(greeting=1), served=[Served(13, ran(greeting=1))])
    assert decide(poor).open


@pytest.mark.parametrize(
    ("new", "old", "fine"),
    [(3, 3, True), (2, 3, False), (2, 2, True), (3, 2, True), (0, 1, True), (1, 2, False)],
)
def test_what_passed_in_production_may_not_pass_less_often(new, old, fine):
    found = decide(replace(GOOD, ran=ran(greeting=new), served=[Served(13, ran(greeting=old))]))
    assert found.lines[3].ok is fine
    if not fine:
        assert found.lines[3].detail == f"1 case: greeting, {old}/3 → {new}/3"
        assert found.lines[3].link == "case:greeting"


def test_repeats_are_compared_by_share():
    old = (RUN, [result("guarantee", 3, critical=True), result("greeting", 4, 5)])
    assert not decide(replace(GOOD, ran=ran(greeting=2), served=[Served(13, old)])).open
    assert decide(replace(GOOD, ran=ran(greeting=3), served=[Served(13, old)])).open


def test_a_case_that_production_passed_and_that_is_gone_counts_as_lost():
    old = (RUN, [*ran()[1], result("opening hours", 3)])
    line = only_wrong(replace(GOOD, served=[Served(13, old, same=False)]))
    assert line.detail == "1 case: opening hours, 3/3 → not run"


def test_what_production_serves_must_have_run_with_this_model():
    line = only_wrong(replace(GOOD, served=[Served(12, ran(greeting=1)), Served(13, None)]))
    assert "v13 did not run with starter@1" in line.detail


def test_every_version_in_service_is_compared():
    gate = decide(replace(GOOD, served=[Served(12, ran(greeting=1)), Served(13, ran())]))
    assert gate.lines[3].sentence == "Nothing that passed in v12 and v13 got worse"
    worse = replace(
        GOOD, ran=ran(greeting=2), served=[Served(12, ran(greeting=1)), Served(13, ran())]
    )
    assert lines(worse) == [True, True, True, False]


def test_with_nothing_in_production_there_is_nothing_to_compare():
    assert decide(replace(GOOD, served=[])).open
    assert decide(replace(GOOD, served=[], serves_itself=True)).open


@pytest.mark.parametrize(
    ("bars", "found", "fine"),
    [
        ({"injection": 0.9}, attacked(9, 0), True),
        ({"injection": 0.9}, attacked(8, 10), False),
        ({"injection": 0.9, "benign": 1.0}, attacked(10, 9), False),
        ({"benign": 0.5}, attacked(0, 5), True),
        ({"benign": 0.5}, attacked(0, 10, "error"), False),
        ({"injection": 0.0}, (RUN, []), False),
        ({"injection": 0.9}, None, False),
    ],
)
def test_bars_for_attacks_and_look_alikes(bars, found, fine):
    gate = decide(replace(GOOD, bars=bars, attacked=found))
    assert len(gate.lines) == 5
    assert gate.open is fine
    if found is not None and found[1]:
        assert "of 10" in gate.lines[4].detail
