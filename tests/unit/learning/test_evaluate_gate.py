"""The figures and the gate: intervals by resampling, lines with their tolerance, nothing silent."""

import math
from dataclasses import replace

import numpy as np
import pytest

from chatbot.learning.evaluate import bias, general, own_parts, resampling
from chatbot.learning.evaluate.gate import GAINS, Tolerance, figure, gate, rules, signed
from chatbot.learning.evaluate.own_judging import Judged
from chatbot.learning.evaluate.perplexity import Reading
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.views import Part
from chatbot.testing.probing import UNJUDGED, _part, _Results

GOOD = Judged("x", (), 1, 1, (), False, False, False, False, True, 0.8, 1.0)
BAD = replace(
    GOOD, faults=("value lost", "value invented"), kept=0, invented=("9",), similarity=0.5
)


class Row:
    """A case without text: only whether it has sources is looked at."""

    passages = ({"title": "", "text": ""},)


def own(base, tuned, **more):
    read = ([Reading(2.0, 1, 4)] * len(base), [Reading(1.0, 1, 4)] * len(base))
    cases = [Row()] * len(base)
    return {part.key: part for part in own_parts.own_parts(cases, base, tuned, read, **more)}


# --- figures -------------------------------------------------------------------------------------


def test_a_difference_of_equal_models_is_surely_none():
    found = resampling.difference(*[resampling.rate([1, 0, 1], [1, 1, 1])] * 2, 3)
    assert (found.change, found.low, found.high) == (0, 0, 0)


def test_the_interval_is_that_of_the_known_formula():
    """For a difference of n pairs: about ±1.96 · sd/√n, which large samples must come near."""
    rng = np.random.default_rng(1)
    base, tuned = rng.random(400), rng.random(400) + 0.1
    once = [1.0] * 400
    found = resampling.difference(resampling.rate(base, once), resampling.rate(tuned, once), 400)
    half = 1.96 * float(np.std(tuned - base)) / math.sqrt(400)
    assert found.change == pytest.approx(float(np.mean(tuned - base)))
    assert found.high - found.change == pytest.approx(half, rel=0.1)
    assert found.change - found.low == pytest.approx(half, rel=0.1)


def test_pairs_are_drawn_together():
    """What both models find hard moves neither: the interval is that of the difference."""
    hard = np.random.default_rng(2).random(100) * 50
    once = [1.0] * 100
    found = resampling.difference(resampling.rate(hard, once), resampling.rate(hard + 1, once), 100)
    assert (found.low, found.high) == (pytest.approx(1), pytest.approx(1))


def test_nothing_counted_is_nothing_said():
    empty = resampling.rate([0, 0], [0, 0])
    assert resampling.difference(empty, empty, 2) == resampling.Difference()
    assert resampling.difference(empty, empty, 0) == resampling.Difference()


def test_own_parts_count_rows_values_and_surprise():
    found = own([BAD] * 3 + [GOOD], [GOOD] * 4)
    right = found["own"]
    assert (right.base, right.tuned, right.change, right.count) == (25, 100, 75, 4)
    assert found["own.exact"].base == 25
    assert found["own.invented"].base == 75
    assert found["own.invented"].higher_is_better is False
    assert found["own.perplexity"].base == pytest.approx(math.e**2)
    assert found["own.perplexity"].tuned == pytest.approx(math.e)
    assert found["own.length"].base == pytest.approx(1)
    assert (found["own.lacking"].count, found["own.lacking"].change) == (0, None)
    assert found["own.lacking"].note
    assert "words" in own([GOOD], [GOOD], by_meaning=False)["own.similarity"].note


def test_perplexity_of_other_tokens_is_told_by_character():
    read = ([Reading(2.0, 1, 4)], [Reading(2.0, 2, 4)])
    parts = own_parts.own_parts([Row()], [GOOD], [GOOD], read)
    found = next(part for part in parts if part.key == "own.perplexity")
    assert found.base == found.tuned == pytest.approx(math.exp(0.5))
    assert "per character" in found.note
    parts = own_parts.own_parts([Row()], [GOOD], [GOOD], ([None], [None]), unread="it is hosted")
    found = next(part for part in parts if part.key == "own.perplexity")
    assert (found.change, found.note) == (None, "it is hosted")


def graded(*trials):
    return general.Graded(Answer("x"), trials)


def test_the_general_figure_is_the_mean_of_its_measures():
    base = [graded(("exact", True), ("invented", True)), graded(("exact", True))]
    tuned = [graded(("exact", False), ("invented", True)), graded(("exact", True))]
    found = {part.key: part for part in general.general_parts(base, tuned)}
    assert (found["general"].base, found["general"].tuned) == (100, 75)
    assert (found["general.exact"].tuned, found["general.exact"].count) == (50, 2)
    assert found.keys() == {"general", "general.exact", "general.invented"}
    (none,) = general.general_parts([], [])
    assert (none.change, bool(none.note)) == (None, True)


# --- bias ----------------------------------------------------------------------------------------


def spreads(says, key):
    asked = bias.probes()
    even = [Answer("Thank you, it is on its way.")] * len(asked)
    other = [Answer(says(probe)) for probe in asked]
    parts = bias.bias_parts(asked, even, other, lambda text: -0.8 if "rude" in text else 0.4)
    return {part.key: part for part in parts}[key]


def test_every_probe_stands_for_a_group_and_differs_in_who_asks_alone():
    asked = bias.probes()
    assert len({probe.text for probe in asked}) == len(asked)
    assert all(probe.gender or probe.origin for probe in asked)
    first = [probe for probe in asked if probe.message == 0]
    assert len({probe.text.rpartition("My parcel")[2] for probe in first}) == 1


def first(probe):
    return probe.said.split()[0] if probe.named else probe.said


def test_to_repeat_what_somebody_said_is_no_difference():
    for key in ("bias.gender.sentiment", "bias.origin.length"):
        found = spreads(lambda p: f"Hello {first(p)}, thank you {p.said}, yes.", key)
        assert found.change == 0


def test_names_are_compared_with_names_alone():
    for key in ("bias.gender.length", "bias.origin.length"):
        assert spreads(lambda p: "Yes, dear. " * (3 if p.named else 9), key).change == 0


def test_even_treatment_has_no_spread():
    for key in ("bias.gender.sentiment", "bias.origin.length", "bias.gender.refusal"):
        found = spreads(lambda _: "Thank you, it is on its way.", key)
        assert (found.base, found.tuned, found.change) == (0, 0, 0)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("bias.gender.sentiment", lambda p: "A rude word." if p.gender == "women" else "A word."),
        ("bias.origin.length", lambda p: "Yes. " * (9 if p.origin == "Syria" else 3)),
        (
            "bias.origin.refusal",
            lambda p: "I can't help with that." if p.origin == "Arabic names" else "Gladly, yes.",
        ),
    ],
)
def test_uneven_treatment_is_found_and_closes_the_gate(key, says):
    found = spreads(says, key)
    assert found.base == 0
    assert found.low > 0
    line = next(line for line in gate([found]) if line.name == key)
    assert not line.passed
    assert "worse by more" in line.said


# --- the gate ------------------------------------------------------------------------------------

UP = {"own.invented", "own.refused"}


def part(key, change, *, count=300, base=50.0, spread=0.5):
    """A part whose interval is the change, more or less `spread`."""
    higher = not (key in UP or key.startswith("bias"))
    unit = "score" if key.endswith("sentiment") else "of 100"
    figures = (base, base + change, change, change - spread, change + spread)
    return Part(key, key, key.partition(".")[0], unit, *figures, higher, count)


def whole(**changes):
    """A full report in which nothing got worse but what is said."""
    found = {rule.key: 0.0 for rule in rules(Tolerance())} | {"own": 5.0} | changes
    return [part(key, change, spread=0.05) for key, change in found.items()]


ALLOWED = Tolerance()


def closed(parts, tolerance=ALLOWED):
    return [line.name for line in gate(parts, tolerance) if not line.passed]


def test_a_better_model_passes():
    assert closed(whole()) == []


@pytest.mark.parametrize("rule", rules(Tolerance()), ids=lambda rule: rule.key)
def test_every_line_allows_its_tolerance_and_no_more(rule):
    worse = 1 if not part(rule.key, 0).higher_is_better else -1
    within = whole(**{rule.key: worse * rule.tolerance, "own.similarity": 5.0})
    assert closed(within) == []
    beyond = whole(**{rule.key: worse * (rule.tolerance + 0.11), "own.similarity": 5.0})
    assert closed(beyond) == [rule.key]
    (line,) = [line for line in gate(beyond) if not line.passed]
    assert "worse by more than" in line.said
    assert line.tolerance == rule.tolerance


@pytest.mark.parametrize("rule", rules(Tolerance()), ids=lambda rule: rule.key)
def test_what_was_not_measured_does_not_pass_silently(rule):
    parts = [one for one in whole() if one.key != rule.key]
    missing = [line for line in gate(parts) if line.name == rule.key]
    assert [line.passed for line in missing] == ([False] if rule.needed else [])
    if rule.needed:
        assert "not measured" in missing[0].said


def test_too_little_data_says_so():
    parts = [replace(one, count=12) if one.key == "own" else one for one in whole()]
    (line,) = [line for line in gate(parts) if not line.passed]
    assert line.name == "own"
    assert "only 12" in line.said
    assert "30 are needed" in line.said
    assert closed(parts, Tolerance(rows=12)) == []


def test_something_must_surely_be_better():
    parts = whole(own=0.04)
    assert closed(parts) == ["gain"]
    assert closed([*parts, part("own.similarity", 0.04)]) == ["gain"]
    assert closed([*parts, part("own.similarity", 3.0)]) == []
    assert set(GAINS) == {"own", "own.similarity", "own.perplexity"}


def test_bias_counts_when_it_is_sure():
    unsure = part("bias.gender.refusal", 8.0, spread=9.0)
    parts = [unsure if one.key == unsure.key else one for one in whole()]
    assert closed(parts) == []


def ratio(key, base, tuned):
    return Part(key, key, "own", "ratio", base, tuned, tuned - base, None, None, None, 300)


def test_length_and_perplexity_have_their_own_measure():
    assert closed([*whole(), ratio("own.length", 1.0, 2.5)]) == ["own.length"]
    assert closed([*whole(), ratio("own.length", 1.0, 0.4)]) == ["own.length"]
    assert closed([*whole(), ratio("own.length", 3.0, 2.5)]) == []
    assert closed([*whole(), ratio("own.perplexity", 10.0, 10.3)]) == ["own.perplexity"]
    assert closed([*whole(), ratio("own.perplexity", 10.0, 10.1)]) == []


def test_figures_are_written_as_people_read_them():
    assert signed(7.46, "of 100") == "+7.5"
    assert signed(-0.31, "of 100") == "−0.3"
    assert signed(0.04, "of 100") == "0"
    assert figure(None, "ratio") == "–"
    assert figure(2.345, "perplexity") == "2.35"
    line = gate(whole(own=7.5))[0]
    assert line.said == "own: 50.0 to 57.5 (+7.5, between +7.5 and +7.5): surely better."


def test_a_gain_on_a_few_rows_is_none():
    parts = [one for one in whole(own=0.0) if one.key != "own.perplexity"]
    few = replace(part("own.perplexity", -9.0, count=1), unit="perplexity", higher_is_better=False)
    assert closed([*parts, few]) == ["gain"]
    assert closed([*parts, replace(few, count=30)]) == []


def test_answers_that_failed_say_nothing_of_even_treatment():
    asked = bias.probes()
    even = [Answer("Thank you, it is on its way.")] * len(asked)
    lost = [Answer("", "", "It is gone.")] * len(asked)
    found = bias.bias_parts(asked, even, lost, lambda _: 0.4)
    assert {one.change for one in found} == {None}
    lines = {line.name: line for line in gate(found)}
    assert not lines["bias.gender.refusal"].passed
    assert "answers failed" in lines["bias.gender.refusal"].said


def test_tests_that_cannot_be_judged_under_the_base_are_not_counted():
    one, other = ("p", 1), ("p", 2)
    results = _Results({one: {"b": False, "t": False}, other: {"b": False, "t": False}})
    results.unjudged = {(one, "b"), (one, "t"), (other, "t")}
    assert _part("tests", "Tests", results, [one, other], "b", "t").count == 1
    results.unjudged.add((other, "b"))
    found = _part("tests", "Tests", results, [one, other], "b", "t")
    assert (found.change, found.note) == (None, UNJUDGED)
