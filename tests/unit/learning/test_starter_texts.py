"""The recipe's own texts: enough of them, well formed, rendered as the product renders."""

import json
import re
from collections import Counter
from random import Random

import pytest

import prompts
from chatbot.learning.starter import holdout, rendering, situations
from chatbot.learning.starter.slots import GENERATORS, SLOT, Values
from chatbot.learning.starter.sources import json_lines
from chatbot.picking import sentences

HERE = situations.HERE
TALK = [r for p in sorted(HERE.glob("talk/*.jsonl")) for r in json_lines(p)]
CORPUS = [p.read_text(encoding="utf-8") for p in sorted(HERE.glob("corpus/*.jsonl"))]


def test_small_talk_is_plentiful():
    assert len(TALK) >= 400
    assert sum(len(record["asks"]) for record in TALK) >= 1500


def test_small_talk_is_well_formed():
    for record in TALK:
        assert set(record) == {"id", "topic", "thread", "asks", "replies"}
        assert all([*record["asks"], *record["replies"]])
        roles = [turn["role"] for turn in record["thread"]]
        assert roles == ["customer", "agent"] * (len(roles) // 2)


def test_no_question_has_two_topics():
    opened = Counter(
        ask.lower() for record in TALK if not record["thread"] for ask in set(record["asks"])
    )
    twice = {ask for ask, count in opened.items() if count > 3}
    assert not twice


def test_replies_promise_no_value():
    for record in TALK:
        for reply in record["replies"]:
            assert not re.search(r"\d|@|https?:", SLOT.sub("", reply)), record["id"]


def test_reply_values_stand_in_the_chat():
    for record in TALK:
        said = {slot for turn in record["thread"] for slot in SLOT.findall(turn["text"])}
        asked = set.intersection(*(set(SLOT.findall(ask)) for ask in record["asks"]))
        for reply in record["replies"]:
            assert set(SLOT.findall(reply)) <= said | asked, record["id"]


def test_every_slot_type_has_values():
    texts = "".join(CORPUS) + json.dumps(TALK)
    assert {kind for kind, _ in SLOT.findall(texts)} <= set(GENERATORS)


def test_same_slot_is_the_same_value():
    fill = Values(Random(4)).fill
    first, second = fill("{{phone:a}} {{phone:b}}"), fill("{{phone:b}} {{phone:a}}")
    assert first != second
    assert sorted(first.split()) == sorted(second.split())


def test_slots_are_drawn_afresh():
    drawn = {Values(Random(n)).fill("{{order_number:x}}") for n in range(50)}
    assert len(drawn) > 40


def test_unknown_slot_type_is_refused():
    with pytest.raises(KeyError, match="shoe_lace"):
        Values(Random(1)).fill("{{shoe_lace:x}}")


def test_situations_leave_no_slot_open():
    for maker in (situations.situations, situations.small_talk, situations.conversations):
        for chat in maker(Random(5)):
            assert chat[-1]["role"] == "assistant"
            assert not any(SLOT.search(message["content"]) for message in chat)


def test_support_chat_is_what_the_product_sends():
    passages = [{"title": "Returns", "text": "Within 14 days."}]
    thread = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]
    rng = Random(6)
    chat = rendering.support(rng, passages, thread, "How long?")
    while "customers of " not in chat[0]["content"]:
        chat = rendering.support(rng, passages, thread, "How long?")
    company = re.search(r"customers of (.+?)\. You are", chat[0]["content"])[1]
    values = {"question": "How long?", "history": thread, "passages": passages}
    sent = prompts.render(prompts.library()["support"], values | {"company": company})
    assert chat == [dict(message) for message in sent]


def test_assistant_chats_vary_their_system_text():
    rng = Random(7)
    opened = Counter(rendering.assistant(rng, [], "hi")[0]["content"] for _ in range(400))
    own = prompts.render(prompts.library()["assistant"], {"question": "hi"})
    assert opened[own[0]["content"]] > 100
    assert opened["hi"] > 40  # no system text at all
    assert len(opened) > 6


def test_rough_typing_keeps_the_words():
    rng = Random(8)
    texts = {situations.roughen("Where is the station?", rng) for _ in range(200)}
    assert "Where is the station?" in texts
    assert len(texts) > 20
    assert all(18 <= len(text) <= 35 for text in texts)


@pytest.mark.parametrize("text", ["?", "...", "👍", "1 2 3", "hi"])
def test_rough_typing_leaves_something(text):
    rng = Random(9)
    assert all(situations.roughen(text, rng).strip() for _ in range(100))


def test_nothing_held_out_is_learned():
    learned = [record for record in situations._records() if record["skill"] != "rewrite"]
    assert len(learned) > 2000
    for record in learned:
        assert not holdout.held_out(record)
    assert situations._passages()
    assert not any(map(holdout.is_held_out, situations._passages()))


def test_situations_of_the_same_passages_share_a_chat():
    chats = list(situations.situations(Random(11)))
    replies = [sum(m["role"] == "assistant" for m in chat) for chat in chats]
    assert sum(count > 2 for count in replies) > 200
    assert all(chat[-1]["role"] == "assistant" for chat in chats)


def test_support_chats_vary_their_system_text():
    rng = Random(12)
    given = [{"title": "Returns", "text": "Within 14 days."}]
    opened = Counter(rendering.support(rng, given, [], "hi")[0]["content"] for _ in range(200))
    assert len(opened) > 6
    assert all("[1] Returns: Within 14 days." in text for text in opened)


def test_narrowed_sources_keep_what_the_reply_passes_on():
    opening = "Here is what I found: "
    chats = list(situations.situations(Random(13)))
    passed_on = [
        (chat[0]["content"], message["content"].removeprefix(opening))
        for chat in chats
        for message in chat
        if message["role"] == "assistant" and message["content"].startswith(opening)
    ]
    assert len(passed_on) > 30
    for given, said in passed_on:
        assert sentences(said)[0].text in given
