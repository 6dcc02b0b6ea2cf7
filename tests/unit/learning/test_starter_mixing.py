"""Mixing: values become tags, a reply that knows too much is left out, epochs repeat exactly."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from chatbot.learning.shuffling import dice
from chatbot.learning.starter import mixing
from chatbot.learning.starter.plan import TINY

NO_DATA = Path("nowhere")


def chat(*texts):
    roles = ("system", "user", "assistant", "user", "assistant")
    return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]


def test_reply_carries_the_tag_of_its_source():
    hidden = mixing.concealed(chat("Call 0800 123 456.", "how?", "Please call 0800 123 456."))
    assert hidden[0]["content"] == "Call ⟨phone 1⟩."
    assert hidden[2]["content"] == "Please call ⟨phone 1⟩."


@pytest.mark.parametrize(
    "texts",
    [
        ("Call us.", "how?", "Call 0800 123 456."),
        ("Call us.", "how?", "Wait 14 days.", "14?", "Yes."),
    ],
)
def test_reply_with_a_value_from_nowhere_is_left_out(encoder, texts):
    assert mixing.encode(chat(*texts), encoder, replies_only=True, window=512) is None
    assert mixing.encode(chat(*texts), encoder, replies_only=False, window=512)


def test_long_chat_loses_its_oldest_turns(encoder):
    long = chat("Be kind.", "word " * 80, "yes", "and now?", "Now it is fine.")
    ids, learn = mixing.encode(long, encoder, replies_only=True, window=60)
    assert len(ids) < 80
    assert sum(learn) == len(encoder.plain("yes") + encoder.plain("Now it is fine.")) + 2


@pytest.mark.parametrize("stage", TINY.stages, ids=lambda stage: stage.name)
def test_epoch_repeats_exactly(encoder, stage):
    one, two = (mixing.epoch(TINY, stage, 1, NO_DATA, encoder) for _ in range(2))
    other = mixing.epoch(TINY, stage, 2, NO_DATA, encoder)
    assert np.array_equal(one.ids, two.ids)
    assert np.array_equal(one.learn, two.learn)
    assert one.ids.shape != other.ids.shape or not np.array_equal(one.ids, other.ids)


def test_batches_go_on_where_they_stopped(encoder):
    stage = TINY.stages[0]
    whole = mixing.batches(TINY, stage, 0, NO_DATA, encoder)
    rest = mixing.batches(TINY, stage, 3, NO_DATA, encoder)
    fourth = [next(whole) for _ in range(4)][3]
    assert np.array_equal(fourth.ids, next(rest).ids)


def test_dice_depend_on_their_parts():
    assert dice(1, "a").random() == dice(1, "a").random()
    assert dice(1, "a").random() != Random(1).random()


def test_practice_mixes_exercises_in(encoder):
    stage = replace(TINY.stages[1], practice=0.5)
    without = mixing.epoch(TINY, replace(stage, practice=0.0), 0, NO_DATA, encoder)
    both = mixing.epoch(TINY, stage, 0, NO_DATA, encoder)
    assert len(both) == 2 * len(without)
    rows = {row.tobytes() for row in both.ids}
    assert {row.tobytes() for row in without.ids} < rows
