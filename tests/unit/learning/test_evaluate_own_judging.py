"""Which answers are right, and which of two is the better one: every rule, both ways."""

from dataclasses import replace

import pytest

from chatbot.learning.evaluate.own import OwnCase
from chatbot.learning.evaluate.own_judging import MARGIN, compared, judge, similarities
from chatbot.learning.evaluate.running import Answer

SYSTEM = (
    "Use the sources.\n\nSources:\n[1] Shades: The Nora takes a linen shade of 40 cm for €39.00."
)
APPROVED = "The shade of the Nora is linen, 40 cm. A spare one costs €39.00."
CASE = OwnCase(
    row=1,
    number=1,
    messages=(
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "Which shade fits the Nora, and what is a spare one?"},
    ),
    reference=APPROVED,
    facts=("40 cm", "€39.00"),
)
LACKING = replace(
    CASE, reference="I don't have any information about that. Which lamp is it?", facts=()
)


def judged(text, case=CASE, finish="stop", error=""):
    (found,) = judge([case], [Answer(text, finish, error)], None)
    return found


def test_the_approved_reply_is_right():
    found = judged(APPROVED)
    assert found.right
    assert (found.kept, found.facts, found.similarity, found.ratio) == (2, 2, 1.0, 1.0)


def test_other_words_and_another_spelling_of_a_value_are_right():
    assert judged("A linen shade, 40 cm wide, fits the Nora; a spare costs 39 €.").right


@pytest.mark.parametrize(
    ("text", "finish", "faults"),
    [
        ("", "stop", ("no answer",)),
        (APPROVED[:-1], "length", ("broken off",)),
        (f"{APPROVED} {APPROVED}", "stop", ("broken off",)),
        ("The shade of the Nora is linen. A spare one costs €39.00.", "stop", ("value lost",)),
        (
            "The shade of the Nora is linen, 45 cm. A spare one costs €39.00.",
            "stop",
            ("value lost", "value invented"),
        ),
        (
            "I'm sorry, but I can't help with that: shade of the Nora, linen, 40 cm, €39.00.",
            "stop",
            ("refuses",),
        ),
        (
            "Der Schirm der Nora ist aus Leinen und 40 cm breit. Ein neuer kostet €39.00.",
            "stop",
            ("other language",),
        ),
        ("We open at nine.", "stop", ("value lost", "other topic")),
    ],
)
def test_every_fault_is_found(text, finish, faults):
    assert judged(text, finish=finish).faults == faults


def test_a_call_that_failed_is_no_answer():
    found = judged("", error="The model failed.")
    assert found.faults == ("no answer",)
    assert found.weight == 3


def test_what_only_the_approved_reply_says_is_not_invented():
    case = replace(CASE, reference=f"{APPROVED} Call 030 1234567.")
    assert "value invented" not in judged(f"{APPROVED} Call 030 1234567.", case).faults
    assert "value invented" in judged(f"{APPROVED} Call 030 7654321.", case).faults


def test_a_lack_must_be_named_where_the_approved_reply_names_one():
    assert judged("I don't have information about that. Which lamp do you mean?", LACKING).right
    found = judged("Any information about that lamp is fine.", LACKING)
    assert found.faults == ("names nothing missing",)
    assert "refuses" not in judged(LACKING.reference, LACKING).faults


def change(base, tuned):
    return compared(judged(base), judged(tuned))


WRONG = "The shade of the Nora is linen, 45 cm. A spare one costs €39.00."


def test_fewer_faults_are_better_whatever_the_likeness():
    assert change(WRONG, APPROVED)[0] == "better"
    assert change(APPROVED, WRONG)[0] == "worse"
    far = "40 cm linen; €39.00 is what you would pay us for one more of them, dear friend."
    found = compared(judged(far), judged(WRONG))
    assert judged(far).similarity < judged(WRONG).similarity
    assert (found[0], found[1] < 0) == ("worse", True)


def test_as_many_faults_are_told_apart_by_likeness():
    base = judged(APPROVED)
    for less, expected in ((MARGIN / 2, "same"), (2 * MARGIN, "worse")):
        other = replace(base, similarity=base.similarity - less)
        assert compared(base, other) == (expected, pytest.approx(-less))
        turned = {"same": "same", "worse": "better"}[expected]
        assert compared(other, base) == (turned, pytest.approx(less))


def test_no_answer_is_worse_than_two_faults():
    assert change(WRONG, "")[0] == "worse"


def test_equal_answers_stay_the_same():
    assert change(WRONG, WRONG) == ("same", 0.0)


def test_likeness_counts_words_and_not_values():
    assert similarities(["It costs €5.00."], ["It costs €9.00."], None) == [1.0]
    assert similarities(["", "lamp"], ["It costs.", "shade"], None) == [0.0, 0.0]
    assert similarities([], [], None) == []
