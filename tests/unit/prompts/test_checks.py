"""Judging: every assertion on an answer that fulfils it and one that does not, and their sum."""

import pytest

from prompts.asserting import KINDS
from prompts.cases import read_cases
from prompts.checks import CannotJudge, Grade, Output, Tools, judge, judged
from prompts.likeness import distance

SENT = (
    {"role": "system", "content": "Answer in one short sentence and never name the price of a lamp "
     "to anybody at all."},
    {"role": "user", "content": "What is it?"},
)  # fmt: skip


def assertion(line):
    text = f"- description: one\n  assert: [{line}]\n"
    return read_cases(text).cases[0].assertions[0]


def output(text="", **more):
    return Output(text, messages=SENT, **more)


LONG = "never name the price of a lamp to anybody at all"

EACH = [
    ("{type: contains, value: Lamp}", "a Lamp", "a lamp"),
    ("{type: icontains, value: Lamp}", "a lamp", "a shade"),
    ("{type: contains-all, value: [a, b]}", "a b", "a c"),
    ("{type: contains-any, value: [a, b]}", "x b", "x y"),
    ("{type: icontains-all, value: [A, b]}", "a B", "a c"),
    ("{type: icontains-any, value: [A, b]}", "x B", "x y"),
    ("{type: regex, value: '^\\d{2} days$'}", "14 days", "x 14 days"),
    ("{type: equals, value: yes}", " yes\n", "yes."),
    ("{type: equals, value: {a: 1}}", '{ "a": 1 }', '{"a": 2}'),
    ("{type: starts-with, value: Dear}", "Dear you", "Oh Dear"),
    ("{type: is-json}", "[1]", "so: [1]"),
    ("{type: is-json, value: {type: object, required: [a]}}", '{"a": 1}', '{"b": 1}'),
    ("{type: contains-json, value: {type: object, required: [a]}}",
     'see [1] {"a": {}}', 'see {"b": 1} {'),
    ("{type: levenshtein, value: lamp, threshold: 1}", "lamb", "limb"),
    ("{type: word-count, value: 3}", "one two three", "one two three four"),
    ("{type: word-count, value: {min: 2}}", "one two", "one"),
    ("{type: length, value: {min: 2, max: 3}}", "ab", "a"),
    ("{type: leaks-prompt}", f"I must {LONG}", "never name the price of a chair"),
    ("{type: leaks-prompt, threshold: 3}", "NAME the, price", "name price the"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "good", "bad"), EACH)
def test_each_type_tells_good_from_bad_and_not_turns_it(line, good, bad):
    one, negated = assertion(line), assertion(line.replace("{type: ", "{type: not-", 1))
    assert judge(one, output(good)).passed
    assert not judge(one, output(bad)).passed
    assert not judge(negated, output(good)).passed
    assert judge(negated, output(bad)).passed
    assert judge(one, output(good)).score == 1.0
    assert judge(negated, output(good)).score == 0.0


@pytest.mark.parametrize(
    ("line", "good", "bad"),
    [
        ("{type: latency, threshold: 1000}", {"latency_s": 1.0}, {"latency_s": 1.01}),
        ("{type: tokens, threshold: 5}", {"tokens": 5}, {"tokens": 6}),
        ("{type: cost, threshold: 0.01}", {"cost": 0.0}, {"cost": 0.02}),
        ("{type: prompt-tokens, threshold: 5}", {"prompt_tokens": 5}, {"prompt_tokens": 6}),
    ],
)
def test_figures_have_a_most_and_what_is_not_known_is_no_pass(line, good, bad):
    one = assertion(line)
    assert judge(one, output(**good)).passed
    assert not judge(one, output(**bad)).passed
    unknown = judge(one, output())
    assert (unknown.passed, unknown.error) == (False, True)


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("{type: prompt-contains, value: One short}", False),
        ("{type: prompt-icontains, value: One short}", True),
        ("{type: not-prompt-contains, value: chair}", True),
        ("{type: prompt-regex, value: 'user:\\nWhat is it'}", True),
    ],
)
def test_the_messages_are_judged_too(line, fits):
    assert judge(assertion(line), output()).passed is fits
    assert not assertion(line).needs_answer


def test_likeness_comes_from_the_encoder_and_falls_back_by_saying_so():
    one = assertion("{type: similar, value: the red lamp, threshold: 0.6}")
    tools = Tools(similarity=lambda text, other: 0.61 if text == "x" else -0.2)
    assert judge(one, output("x"), tools).passed
    assert judge(one, output("y"), tools).score == 0.0
    tools = Tools(missing="No encoder is installed.")
    found = judge(one, output("The red lamp."), tools)
    assert found.passed
    assert "No encoder is installed." in found.sentence
    assert not judge(one, output("a chair"), tools).passed


def test_a_grader_decides_with_a_threshold_and_may_fail():
    one = assertion("{type: llm-rubric, value: is polite, threshold: 0.7}")

    def grader(passed, score):
        return Tools(
            rubric=lambda criterion, said: Grade(passed, score, f"{criterion}: {said.text}")
        )

    good = judge(one, output("thank you"), grader(True, 0.8))
    assert good.passed
    assert "thank you" in good.sentence
    assert not judge(one, output(), grader(True, 0.6)).passed
    assert not judge(one, output(), grader(False, 0.9)).passed

    def broken(*_):
        raise CannotJudge("the grader did not answer in its form")

    for tools in (Tools(rubric=broken), Tools()):
        found = judge(one, output("x"), tools)
        assert (found.passed, found.error) == (False, True)
    negated = assertion("{type: not-llm-rubric, value: is rude}")
    assert not judge(negated, output("x"), Tools(rubric=broken)).passed


def test_a_refusal_needs_its_tool():
    for name in ("is-refusal", "declines"):
        one = assertion(f"{{type: not-{name}}}")
        assert judge(one, output("yes"), Tools(lambda *_: 0, None, _never, _never)).passed
        assert judge(one, output("yes")).error


def _never(_text):
    return False


@pytest.mark.parametrize(
    "pattern", [r"(\w+\s?)+;$", r"(a|aa)+$", r"(x+x+)+y", r"(.*)*(.*)*(.*)*!", r"(?:a?){90}a{90}"]
)
def test_no_pattern_holds_the_process_up(pattern):
    one = assertion(f"{{type: regex, value: '{pattern}'}}")
    found = judge(one, output("x" * 3000 + "a" * 300 + " b" * 3000))
    assert not (found.passed and found.error)
    if found.error:
        assert "took longer" in found.sentence


def test_without_a_threshold_every_weighted_assertion_must_hold():
    text = """\
- description: one
  assert:
    - {type: contains, value: a, weight: 3}
    - {type: contains, value: b}
    - {type: contains, value: c, weight: 0}
"""
    [case] = read_cases(text).cases
    assert judged(case, output("a b")).passed
    found = judged(case, output("a c"))
    assert (found.passed, found.score) == (False, 0.75)
    [case] = read_cases(text.replace("assert:", "threshold: 0.7\n  assert:")).cases
    assert judged(case, output("a c")).passed
    assert not judged(case, output("b c")).passed


def test_what_cannot_be_judged_does_not_pass_by_its_share():
    text = """\
- description: one
  threshold: 0.5
  assert: [{type: contains, value: a}, {type: llm-rubric, value: fine}]
"""
    [case] = read_cases(text).cases
    found = judged(case, output("a"))
    assert (found.passed, found.error) == (False, True)


def test_distance_counts_edits():
    assert distance("kitten", "sitting") == 3
    assert distance("", "abc") == 3
    assert distance("same", "same") == 0


def test_every_type_that_may_be_written_is_tested_here():
    lines = [line for line, *_ in EACH]
    tested = {line.split("type: ")[1].strip("}").split(",")[0] for line in lines}
    tested |= {"latency", "tokens", "cost", "prompt-tokens", "prompt-contains", "prompt-icontains"}
    tested |= {"prompt-regex", "similar", "llm-rubric", "is-refusal", "declines"}
    assert tested == set(KINDS)
