import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.backends.detokenise import Detokeniser, StopStrings


def utf8(ids):
    """A tokenizer whose tokens are bytes: every character beyond ASCII is spread over several."""
    return bytes(ids).decode("utf-8", "replace")


def words(ids):
    """A tokenizer that decodes a word by its place, as SentencePiece does."""
    return " ".join(["zero", "one", "two"][number] for number in ids)


def pieces(data, decode=utf8, context=()):
    text = Detokeniser(decode, context)
    return [text.push(token) for token in data] + [text.flush()]


@given(st.text())
def test_any_text_comes_back(text):
    assert "".join(pieces(text.encode())) == text


@given(st.text(alphabet="aé東😀\u200d", min_size=1))
def test_no_piece_holds_half_a_character(text):
    assert not any("\ufffd" in piece for piece in pieces(text.encode()))


def test_emoji_appears_with_its_last_byte():
    assert pieces("😀".encode()) == ["", "", "", "😀", ""]


@given(st.binary(max_size=60))
def test_broken_bytes_lose_no_good_text(data):
    good = b"abc" + data + b"xyz"
    text = "".join(pieces(good))
    assert text.startswith("abc")
    assert text.endswith("xyz")


def test_broken_bytes_do_not_hold_back_for_ever():
    shown = "".join(pieces([0xF0] * 40)[:-1])
    assert "\ufffd" in shown


def test_words_keep_their_spaces():
    assert pieces([0, 1, 2], words) == ["zero", " one", " two", ""]


def test_context_decides_the_first_space():
    assert pieces([1], words, context=[0]) == [" one", ""]


@pytest.mark.parametrize(
    ("chunks", "shown", "stopped"),
    [
        (["abc"], "abc", False),
        (["ab", "STOP", "cd"], "ab", True),
        (["ab S", "T", "O", "P tail"], "ab ", True),
        (["ST", "ST", "OP"], "ST", True),
        (["end ST"], "end ST", False),
        (["xHALT", "STOP"], "x", True),
    ],
)
def test_stop_strings(chunks, shown, stopped):
    stops, seen, hit = StopStrings(["STOP", "HALT"]), "", False
    for chunk in chunks:
        text, hit = stops.push(chunk)
        seen += text
        if hit:
            break
    seen += "" if hit else stops.flush()
    assert (seen, hit) == (shown, stopped)


@given(st.text(alphabet="ab", max_size=30), st.integers(1, 5))
def test_stop_is_found_however_it_is_cut(text, size):
    stops, seen, hit = StopStrings(["abba"]), "", False
    for at in range(0, len(text), size):
        part, hit = stops.push(text[at : at + size])
        seen += part
        if hit:
            break
    assert hit == ("abba" in text)
    assert seen + ("" if hit else stops.flush()) == text.split("abba")[0]


def test_nothing_that_may_be_a_stop_is_shown_early():
    stops = StopStrings(["\nUser:"])
    assert stops.push("Hello\nUse") == ("Hello", False)
    assert stops.push("ful") == ("\nUseful", False)


def test_empty_stop_strings_stop_nothing():
    assert StopStrings([""]).push("abc") == ("abc", False)
