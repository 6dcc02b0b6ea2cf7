"""Replies that pass on: the sources' own sentences, the thread's own, nothing new."""

from random import Random

import pytest

from chatbot.learning.starter import relay

PASSAGES = [
    {
        "title": "Returns",
        "text": "You can return it within {{days:window}} days. Refunds take {{days:refund}} "
        "days. Hygiene goods stay with you.",
    }
]


def record(skill="answer", reply="It can be returned within {{days:window}} days.", **more):
    return {"skill": skill, "reply": reply, "instruction": None, **more}


def test_reply_is_the_sentence_that_answers():
    said = relay.reply(record(), PASSAGES, Random(1))
    assert "You can return it within {{days:window}} days." in said
    assert "refund" not in said


def test_slot_pulls_its_sentence_in():
    said = relay.reply(record(reply="Yes: {{days:refund}}."), PASSAGES, Random(1))
    assert "Refunds take {{days:refund}} days." in said


@pytest.mark.parametrize(
    "unfit",
    [
        record(reply="It was {{amount:paid}} in all."),
        record(skill="lacking"),
        record(reply="Completely unrelated words."),
    ],
)
def test_reply_that_the_sources_do_not_say_is_left(unfit):
    assert relay.reply(unfit, PASSAGES, Random(1)) is None


def test_summary_is_the_threads_own_words():
    thread = [
        {"role": "customer", "text": "My {{product:p}} broke."},
        {"role": "agent", "text": "Please send a photo."},
    ]
    wants, done, still_open = relay.summary(thread).splitlines()
    assert wants == "Wants: My {{product:p}} broke."
    assert done == "Done: Please send a photo."
    assert still_open.startswith("Open: ")


@pytest.mark.parametrize("instruction", ["shorter", "more formal", "warmer"])
def test_rewriting_keeps_the_values(instruction):
    draft = "We are busy. Your refund of {{amount:a}} comes on {{date:d}}. Wait."
    said = relay.rewriting(instruction, draft, Random(2))
    assert "{{amount:a}}" in said
    assert "{{date:d}}" in said
    assert said != draft
