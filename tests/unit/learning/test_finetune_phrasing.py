"""What approved replies have in common around quotations becomes phrases; nothing with a value."""

import pytest

from chatbot.backends.checkpoint import Phrases
from chatbot.learning.finetune import phrasing
from chatbot.learning.starter import rendering

BASE = Phrases(openings=("Of course.",), closings=("Does that help?",), limits=("I cannot say.",))
PASSAGE = {"title": "Returns", "text": "Lamps can be sent back within 14 days. Bulbs cannot."}
QUOTED = "Lamps can be sent back within 14 days [1]."


def row(reply, talk, passages=(PASSAGE,)):
    messages = rendering.messages("support", question="How long?", passages=list(passages))
    return {"messages": messages, "reply": reply, "talk": talk}


def learned(reply, times=phrasing.COMMON, **more):
    return phrasing.learned(BASE, [row(reply, f"talk {n}", **more) for n in range(times)])


def test_what_stands_before_and_behind_quotations_is_learned():
    found = learned(f"Good that you ask. {QUOTED} Bulbs cannot [1]. Keep the box. Have a nice day!")
    assert found.openings == ("Of course.", "Good that you ask.")
    assert found.closings == ("Does that help?", "Keep the box. Have a nice day!")
    assert found.limits == BASE.limits


def test_what_stands_in_the_place_of_quotations_is_a_limit():
    found = learned("That is nothing for us to decide. Ask the maker.")
    assert found.limits == ("I cannot say.", "That is nothing for us to decide. Ask the maker.")


@pytest.mark.parametrize(
    "reply",
    [
        f"Of course. {QUOTED} Does that help?",
        f"{QUOTED} Write to help@halden.example.",
        f"{QUOTED} Call ⟨phone 1⟩.",
        f"{QUOTED} That is 2 weeks.",
        f"{QUOTED} {'It is long. ' * 30}",
    ],
    ids=["known", "address", "tag", "number", "long"],
)
def test_nothing_known_with_a_value_or_long_is_learned(reply):
    assert learned(reply) == BASE


def test_what_few_conversations_say_is_not_learned():
    assert learned(f"{QUOTED} Keep the box.", times=phrasing.COMMON - 1) == BASE
    same = [row(f"{QUOTED} Keep the box.", "one talk") for _ in range(9)]
    assert phrasing.learned(BASE, same) == BASE


def test_without_sources_nothing_is_learned():
    assert learned("Good morning to you.", passages=()) == BASE
