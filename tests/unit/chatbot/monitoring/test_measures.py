"""Rules as sentences, limits, and what is broken."""

import pytest

from chatbot.monitoring import measures
from chatbot.monitoring.figures import Figures, merged
from chatbot.monitoring.judging import at_once
from chatbot.monitoring.views import RuleForm
from tests.support.answered import DAY, noon

START = noon()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (RuleForm("x", "errors", "above", 0.05, 60, 20),
         "Errors above 5 % in 1 hour, from 20 answers on."),
        (RuleForm("x", "first_p95", "above", 0.8, 90, 5, "chat", "support"),
         "First word, p95 of support, chat above 0.8 s in 90 minutes, from 5 answers on."),
        (RuleForm("x", "thumbs", "drop", 0.025, 2880, 30),
         "Thumbs up lower than the version before by 2.5 points in 2 days, from 30 answers on."),
        (RuleForm("x", "distance", "rise", 0.1, 60, 1),
         "Edit distance higher than the version before by 0.10 in 1 hour, from 1 answer on."),
        (RuleForm("x", "total_p95", "rise", 0.5, 60, 30),
         "Last word, p95 higher than the version before by 50 % in 1 hour, from 30 answers on."),
    ],
)  # fmt: skip
def test_a_rule_is_a_sentence(form, said):
    assert measures.said(form) == said


def test_points_of_shares_and_parts_of_times():
    thumbs = RuleForm("x", "thumbs", "drop", 0.1)
    slower = RuleForm("x", "first_p95", "rise", 0.5)
    assert measures.bound(thumbs, 0.9, "share") == pytest.approx(0.8)
    assert measures.bound(slower, 0.4, "seconds") == pytest.approx(0.6)
    assert measures.bound(slower, None, "seconds") is None
    assert measures.broken("drop", 0.79, 0.8)
    assert not measures.broken("rise", 0.79, 0.8)


def test_every_measure_reads_figures_that_are_empty():
    for watched in measures.WATCHED.values():
        value, count = watched.value(Figures())
        assert (value or 0, count) == (0, 0)


def test_figures_are_kept_without_what_is_zero_and_add_up():
    one = Figures(answers=2, up=1, errors={"busy": 1}, first={"3": 1}, distance=0.5, drafted=1)
    assert Figures().plain() == {}
    both = merged([one.plain(), one.plain()])
    assert (both.answers, both.up, both.errors, both.first) == (4, 2, {"busy": 2}, {"3": 2})
    assert both.mean_distance == 0.5
    assert both.share("errors") == 0.5


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(10, 5)], 1), ([(10, 5), (15, 5)], 1), ([(10, 5), (12, 5), (11, 2)], 3)],
)
def test_how_many_ran_at_once(spans, most):
    assert at_once([(START + DAY / 86400 * end, seconds) for end, seconds in spans]) == most
