"""Readers of public sets, on small made-up files in the sets' own forms."""

import json
from random import Random

import pytest

from chatbot.learning.shuffling import dice
from chatbot.learning.starter import mixing, sources
from chatbot.learning.starter.plan import Stage


def write(path, *records):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def test_neighbouring_turns_are_joined():
    turns = [("agent", "Hi."), ("agent", "Yes?"), ("customer", "A latte."), ("agent", "Sure.")]
    chat = sources.as_chat([{"speaker": s, "text": t} for s, t in turns], "agent")
    assert [m["role"] for m in chat] == ["assistant", "user", "assistant"]
    assert chat[0]["content"] == "Hi. Yes?"


def test_bitext_placeholders_become_words(tmp_path):
    write(
        tmp_path / "bitext_support" / "all.jsonl",
        {
            "instruction": "cancel 0042",
            "response": "Order {{Order Number}}: call {{Customer Support Phone Number}}.\r\nBye.",
            "entity": {"text_at": "0042"},
        },
        {"instruction": "cancel", "response": "Order {{Order Number}} is gone.", "entity": None},
    )
    [chat] = sources.bitext(tmp_path)
    assert chat[1]["content"] == "Order 0042: call our support line.\nBye."


def test_long_pages_are_cut_at_paragraphs(tmp_path):
    page = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(12))
    write(tmp_path / "kb_18f_handbook" / "documents.jsonl", {"text": page})
    pieces = list(sources.handbook(tmp_path))
    assert len(pieces) > 1
    assert all(piece.startswith("Paragraph") for piece in pieces)
    assert max(map(len, pieces)) <= sources.PASSAGE_CHARACTERS + 10


@pytest.mark.parametrize(("passes", "count"), [(0.5, 5), (1.0, 10), (2.3, 23)])
def test_passes_scale_a_source(passes, count):
    assert len(sources.sample(map(str, range(10)), passes, Random(1))) == count


def test_missing_set_is_named(tmp_path):
    stage = Stage("language", 1, {"sgd": 1.0}, 1e-3, 1e-3, replies_only=False)
    with pytest.raises(FileNotFoundError, match="sgd"):
        mixing.documents(stage, tmp_path, Random(1))


def test_same_epoch_has_the_same_order(tmp_path):
    stage = Stage("chat", 1, {"small_talk": 0.2}, 1e-3, 1e-3, replies_only=True)
    again = [mixing.documents(stage, tmp_path, dice(1, "chat", 0)) for _ in range(2)]
    other = mixing.documents(stage, tmp_path, dice(1, "chat", 1))
    assert again[0] == again[1]
    assert again[0] != other


def test_long_chat_loses_its_oldest_turns(encoder):
    turn = [{"role": "user", "content": "one two " * 8}, {"role": "assistant", "content": "ok"}]
    chat = [{"role": "system", "content": "Be kind."}, *turn * 6]
    ids, learn = mixing.encode(chat, encoder, replies_only=True, window=128)
    whole, _ = encoder.chat(chat, replies_only=True)
    assert len(ids) <= 128 < len(whole)
    assert ids[:6] == whole[:6]
    assert any(learn)
