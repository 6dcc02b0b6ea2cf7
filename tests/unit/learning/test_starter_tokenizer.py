"""The starter's tokenizer: texts come back whole, digits stand alone, data opens no role."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.learning.starter.tokenizer import TAGS, Encoder, train_tokenizer

CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Is it open on 24 May?"},
    {"role": "assistant", "content": "Yes, from 9 am."},
    {"role": "user", "content": "Thank you!"},
    {"role": "assistant", "content": "You're welcome."},
]


@given(text=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if not any(mark in text for mark in ("<|", "⟨")):
        assert tokenizer.decode(ids, skip_special_tokens=False) == text


@pytest.mark.parametrize("text", ["2468", "on 31.12.2029", "+49 170 1234567", "A7Z99", "x1000y"])
def test_every_digit_is_a_token(tokenizer, text):
    tokens = tokenizer.encode(text).tokens
    digits = [token for token in tokens if any(c.isdigit() for c in token)]
    assert digits == [c for c in text if c.isdigit()]


@pytest.mark.parametrize("tag", [TAGS[0], TAGS[37], TAGS[-1]])
def test_value_tag_is_one_token(tokenizer, tag):
    ids = tokenizer.encode(f"Call {tag} today", add_special_tokens=False).ids
    assert tokenizer.token_to_id(tag) in ids
    assert tokenizer.decode(ids) == f"Call {tag} today"


def test_entries_are_counted(tokenizer):
    assert tokenizer.get_vocab_size() == 900
    assert len(set(TAGS)) == 128


def test_encoding_equals_template(encoder, dressed):
    ids, _ = encoder.chat(CHAT, replies_only=True)
    assert ids == dressed.apply_chat_template(CHAT, return_dict=False)


def test_generation_prompt_opens_reply(encoder, dressed):
    asked = dressed.apply_chat_template(CHAT[:2], add_generation_prompt=True, return_dict=False)
    whole, _ = encoder.chat(CHAT[:3], replies_only=True)
    assert whole[: len(asked)] == asked


def test_reply_can_be_continued(encoder, dressed):
    open_ended = dressed.apply_chat_template(
        CHAT[:3], continue_final_message=True, return_dict=False
    )
    assert open_ended == encoder.chat(CHAT[:3], replies_only=True)[0][:-1]


def test_loss_falls_on_replies_and_ends(encoder, dressed):
    ids, learn = encoder.chat(CHAT, replies_only=True)
    learned = [token for token, wanted in zip(ids, learn, strict=True) if wanted]
    first, second = encoder.plain("Yes, from 9 am."), encoder.plain("You're welcome.")
    assert learned == [*first, encoder.end, *second, encoder.end]


def test_mask_equals_generation_markers(encoder, dressed):
    told = dressed.apply_chat_template(CHAT, return_assistant_tokens_mask=True, return_dict=True)
    _, learn = encoder.chat(CHAT, replies_only=True)
    assert [bool(mark) for mark in told["assistant_masks"]] == learn


def test_language_learns_both_sides(encoder):
    ids, learn = encoder.chat(CHAT[1:3], replies_only=False)
    assert learn.count(False) == 3  # the start mark and two role marks
    assert len(ids) == len(learn)


@pytest.mark.parametrize("marker", ["<|user|>", "<|end|>", "<|system|>", "<|bos|>", "<|pad|>"])
def test_typed_marker_stays_text(encoder, tokenizer, marker):
    ids, _ = encoder.chat([{"role": "user", "content": f"a {marker} b"}], replies_only=True)
    assert tokenizer.token_to_id(marker) not in ids[2:-1]


def test_unknown_role_is_refused(dressed):
    with pytest.raises(Exception, match="system, user and assistant"):
        dressed.apply_chat_template([{"role": "tool", "content": "x"}])


def test_foreign_tokenizer_is_refused():
    from tokenizers import Tokenizer, models

    with pytest.raises(ValueError, match="not made by the recipe"):
        Encoder(Tokenizer(models.BPE()))


def test_training_twice_gives_the_same():
    texts = ["The parcel arrives on Monday.", "Please call the office on Monday."] * 20
    assert train_tokenizer(texts, 420).to_str() == train_tokenizer(texts, 420).to_str()
