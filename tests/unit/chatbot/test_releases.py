"""Which version serves a conversation: by weight, evenly, and always the same one."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chatbot.releases import weighted

WEIGHTS = st.dictionaries(st.text(min_size=1), st.integers(1, 100), min_size=1, max_size=5)


@given(WEIGHTS, st.text())
def test_the_same_conversation_gets_the_same_version(weights, conversation):
    assert weighted(weights, conversation) == weighted(dict(weights), conversation)


def test_shares_follow_the_weights():
    drawn = Counter(weighted({"a": 1, "b": 3}, f"conversation {n}") for n in range(4000))

    assert 2800 < drawn["b"] < 3200


def test_a_version_without_weight_is_never_drawn():
    drawn = {weighted({"a": 0, "b": 1}, f"conversation {n}") for n in range(200)}

    assert drawn == {"b"}
