"""A vocabulary held to a shape: exactly the entries whose characters the grammar takes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.backends.shapes import Grammar
from chatbot.backends.shaping import Shaping, Vocabulary

END, BROKEN = 0, 1
PIECES = [
    *("<end>", "\ufffd", "", ":", "{", "}", '{"', '"}', '":', '": "', '", "', '"', ", ", ",", " "),
    *("a", "ab", "name", "na", "me", "true", "tr", "ue", "1", "12", "-", "\\", '\\"', "é", "\n"),
]
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "a": {"type": "boolean"}},
    "required": ["name", "a"],
}


class Tokens:
    """What of a tokenizer is needed."""

    ends = frozenset({END})

    def pieces(self):
        return PIECES


def by_hand(grammar, state):
    """The entries that may come, one by one."""
    found = set()
    for number, text in enumerate(PIECES):
        after = state
        for char in text:
            after = grammar.step(after, char)
        if text and number not in (END, BROKEN) and after != grammar.dead:
            found.add(number)
    return found | ({END} if grammar.may_end(state) or not found else set())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=30))
def test_the_walk_finds_what_looking_at_each_entry_finds(ways):
    grammar, vocabulary = Grammar(SCHEMA), Vocabulary(PIECES, Tokens.ends)
    state = grammar.start
    for way in ways:
        fitting = vocabulary.fitting(grammar, state)
        assert fitting == by_hand(grammar, state)
        chosen = sorted(fitting - {END})
        if not chosen:
            break
        for char in PIECES[chosen[way % len(chosen)]]:
            state = grammar.step(state, char)


def written(guide, ways):
    """What comes out when one of the entries that may come is taken each time."""
    text = ""
    for way in ways:
        allowed = sorted(guide.next().allowed)
        if END in allowed:
            return text
        token = allowed[way % len(allowed)]
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


def test_what_is_banned_comes_only_where_nothing_else_may():
    banned = {PIECES.index("{"), PIECES.index('{"')}
    shaping = Shaping(Tokens())
    assert shaping.guide(SCHEMA, {PIECES.index("{")}).next().allowed == {PIECES.index('{"')}
    assert shaping.guide(SCHEMA, banned).next().allowed == banned


@pytest.mark.parametrize("schema", [{"const": "ß"}, {"anyOf": [{"$ref": "#"}]}])
def test_what_the_vocabulary_cannot_write_ends(schema):
    guide = Shaping(Tokens()).guide(schema, ())
    while guide.next().allowed != {END}:
        guide.take(min(guide.next().allowed - {END}))
