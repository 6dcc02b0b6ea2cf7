"""The judges by rule: what they must pass, what they must not, and how often they err."""

import pytest

from chatbot.learning.evaluate import cases, judging, phrases
from chatbot.learning.evaluate.cases import Case
from chatbot.learning.evaluate.public import intents
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.trials import Judge
from chatbot.learning.starter.reading import corpus
from chatbot.learning.starter.situations import HERE, limits
from chatbot.learning.starter.slots import slots
from chatbot.learning.starter.sources import json_lines

SOURCE = "Returns: within 30 days of delivery, by post for €4.50, to Anna Weber, 0800 123 456."


def case(reference="", facts=(), skill="answer", **more):
    more.setdefault("passages", (("Returns", SOURCE),))
    return Case("x-1", "industry", skill, "support", "and mine?", reference, facts=facts, **more)


GOOD = case("You have 30 days; by post it's €4.50. Ask Anna Weber.", ("30", "€4.50", "Anna Weber"))


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("30 days, €4.50, Anna Weber.", {"30", "€4.50", "Anna Weber"}),
        ("Thirty days, 4.50 EUR, anna weber.", {"30", "€4.50", "Anna Weber"}),
        ("130 days, €4.505, Anna.", set()),
        ("You have 30.5 days; it costs €14.50.", set()),
        ("", set()),
    ],
)
def test_facts_are_found_exactly(reply, facts):
    assert judging.carried(GOOD.facts, GOOD.reference, reply) == facts


@pytest.mark.parametrize(
    ("reply", "strange"),
    [
        ("You have 30 days [1].", ()),
        ("By post, €4.50 or 4.50 EUR.", ()),
        ("You have 31 days.", ("31",)),
        ("Write to help@shop.example.", ("help@shop.example",)),
        ("Please ask our colleague Lena for it.", ("Lena",)),
        ("Ask Anna Weber, or Zurbriggen.", ("Zurbriggen",)),
        ("See [2].", ("[2]",)),
        ("Open the Documents folder on Wi-Fi.", ()),
    ],
)
def test_what_stands_nowhere_is_invented(reply, strange):
    assert set(judging.invented(GOOD, reply)) == set(strange)


@pytest.mark.parametrize(
    ("reply", "finish", "broken"),
    [
        ("Here it is.", "stop", False),
        ("Call 0800 123 456", "stop", False),
        ("Done.\n\nKind regards\nSami", "stop", False),
        ("Here it is.", "length", True),
        ("Here it is.", "truncated", True),
        ("You can send it back within the", "stop", True),
        ("  ", "stop", True),
    ],
)
def test_broken_off(reply, finish, broken):
    assert judging.broken_off(reply, finish) is broken


def test_eight_words_twice_repeat():
    phrase = "you can send it back by post today"
    assert judging.repeats(f"{phrase}, and {phrase}.")
    assert not judging.repeats("you can send it back by post, and you can send it back by post.")
    assert not judging.repeats("")


def test_failed_call_fails_everywhere():
    failed = Judge(None).trials(GOOD, Answer("", "", "The model's server is busy."))
    assert dict(failed) == {"invented": True, "fluent": False, "exact": False, "refused": True}


@pytest.fixture(scope="module")
def replies():
    """Replies of the whole corpus by skill, values filled in."""
    found = {}
    for record in corpus().records:
        text = cases._filled(record, record["reply"])
        found.setdefault(record["skill"], []).append(text)
    return found


def share(judge, texts):
    return sum(map(judge, texts)) / len(texts)


def test_phrases_of_lacking_tell_replies_apart(replies, record_property):
    lacking = share(phrases.says_lack, replies["lacking"] + limits()["no source"])
    answers = [text for skill in cases.ANSWERABLE for text in replies[skill]]
    others = share(phrases.says_lack, answers)
    record_property("lacking", lacking)
    record_property("others", others)
    assert lacking >= 0.97, lacking
    assert others <= 0.3, others


def test_answers_do_not_refuse(replies):
    answers = [text for skill in cases.ANSWERABLE for text in replies[skill]]
    assert share(phrases.refuses, answers) <= 0.08
    assert share(phrases.refuses, limits()["no source"]) >= 0.6


def test_phrases_of_limits_tell_replies_apart(replies):
    talk = [r for r in json_lines(HERE / "talk" / "limits.jsonl") if not r["thread"]]
    # Jokes stand among them: being asked for one is within reach.
    honest = [text for r in talk if r["topic"] != "joke" for text in r["replies"]]
    honest += limits()["unknown question"]
    assert share(phrases.states_limit, honest) >= 0.75
    answers = [text for skill in cases.ANSWERABLE for text in replies[skill]]
    assert share(phrases.states_limit, answers) <= 0.1


@pytest.mark.parametrize(
    "made_up",
    [
        "The largest state is Alaska.",
        "Glue is made by boiling bones and hides in water.",
        "You have four onions in the kitchen.",
        "",
    ],
)
def test_made_up_answer_states_no_limit(made_up):
    assert not phrases.states_limit(made_up)
    assert not phrases.says_lack(made_up)


def test_intents_are_whole():
    assert len(intents()) == 27
    for record in intents().values():
        assert 30 <= len(record["text"].split()) <= 80
        assert slots(record["reply"]) <= slots(record["text"])
