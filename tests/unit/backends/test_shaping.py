"""A vocabulary held to a shape: what is drawn ends as JSON that fits, whatever the tokenizer."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from chatbot.backends.shapes import BadShape
from chatbot.backends.shaping import KEPT, Shaping, vocabulary

END, BROKEN = 0, 1
PIECES = [
    *("<end>", "\ufffd", "", ":", "{", "}", '{"', '"}', '":', '": "', '", "', '"', ", ", ",", " "),
    *("a", "ab", "name", "na", "me", "n", "m", "e", "true", "tr", "ue", "t", "r", "u", "false"),
    *("f", "l", "s", "1", "12", "-", "\\", '\\"', "é", "\n"),
]
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "a": {"type": "boolean"}},
    "required": ["name", "a"],
}


class Tokens:
    """What of a tokenizer is needed. `rules`: of a make that the library does not know."""

    ends = frozenset({END})

    def __init__(self, rules=""):
        self._rules = rules

    def rules(self):
        return self._rules

    def pieces(self):
        return PIECES


def number_of(*pieces):
    return {PIECES.index(piece) for piece in pieces}


def allowed(guide):
    return set(guide.next().allowed.tolist())


def word_pieces():
    """The rules of a tokenizer that marks how words go on: none of bytes."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Whitespace(), decoders.WordPiece()
    return tokenizer.to_str()


def written(guide, ways):
    """What comes out when one of the entries that may come is taken each time."""
    text = ""
    for way in ways:
        now = sorted(allowed(guide))
        if END in now:
            return text
        token = now[way % len(now)]
        guide.take(token)
        text += PIECES[token]
    return None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=200, max_size=200))
def test_whatever_is_drawn_ends_as_json_of_the_shape(ways):
    text = written(Shaping(Tokens()).guide(SCHEMA, ()), ways)
    if text is not None:
        value = json.loads(text)
        assert isinstance(value["name"], str)
        assert isinstance(value["a"], bool)


@pytest.mark.parametrize("rules", ["", "no rules at all", word_pieces()])
def test_a_tokenizer_of_another_make_is_told_by_its_texts(rules):
    guide = Shaping(Tokens(rules)).guide({"type": "string"}, ())
    guide.take(*number_of('"'))
    assert allowed(guide) >= number_of("a", "name", "é", "12", ":", "{", '"', "\\", " ")
    assert not allowed(guide) & {END, BROKEN, *number_of("", "\n", '"}', '": "')}


def test_what_is_banned_comes_only_where_nothing_else_may():
    shaping, banned = Shaping(Tokens()), number_of("true", "tr", "1")
    assert allowed(shaping.guide({"enum": [True, 1]}, banned)) == number_of("t")
    assert allowed(shaping.guide({"const": True}, banned)) == number_of("true")
    assert allowed(shaping.guide({"const": True}, {10**6})) == number_of("true")


def test_where_one_text_may_come_it_is_written_as_one_would_write_it():
    guide = Shaping(Tokens()).guide(SCHEMA, ())
    for piece in ('{"', "name"):
        assert allowed(guide) == number_of(piece)
        guide.take(*number_of(piece))
    assert allowed(guide) >= number_of('": "')


@pytest.mark.parametrize("schema", [{"const": "ß"}, {"anyOf": [{"$ref": "#"}]}])
def test_what_the_vocabulary_cannot_write_ends(schema):
    guide = Shaping(Tokens()).guide(schema, ())
    while allowed(guide) != {END}:
        guide.take(min(allowed(guide) - {END}))


def test_an_end_that_is_a_text_comes_at_the_end_alone():
    class Dots(Tokens):
        ends = frozenset(number_of("a"))

    guide = Shaping(Dots()).guide({"type": "string"}, ())
    guide.take(*number_of('"'))
    assert not allowed(guide) & Dots.ends
    guide.take(*number_of('"'))
    assert allowed(guide) == Dots.ends


def test_what_does_not_fit_ends_the_answer():
    guide = Shaping(Tokens()).guide(SCHEMA, ())
    guide.take(*number_of("me"))
    assert allowed(guide) == {END}


def test_a_schema_that_is_refused_is_refused_here_too():
    with pytest.raises(BadShape, match="`pattern`"):
        Shaping(Tokens()).guide({"pattern": "a"}, ())


def test_few_grammars_are_remembered():
    shaping = Shaping(Tokens())
    for number in range(KEPT + 5):
        shaping.guide({"const": number}, ())
    assert len(shaping._known) == KEPT


def test_a_vocabulary_has_all_its_entries():
    known = vocabulary(Tokens())
    assert known.vocab_size == len(PIECES)
    assert known.decode_bytes([PIECES.index("é"), PIECES.index("name")]).decode() == "éname"
