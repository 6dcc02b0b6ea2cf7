"""Copying: a sentence of the sources once begun is kept to its end, and its values with it."""

from chatbot.backends.copying import RUN, Copying

DOT, TAG, OTHER_TAG = 99, 90, 91
FIRST = (1, 2, 3, 4, TAG, 5, DOT)
SECOND = (6, 7, OTHER_TAG, 8, DOT)
GUARDED = {TAG, OTHER_TAG}


def copying(*sentences):
    forms = [{sentence} for sentence in sentences or (FIRST, SECOND)]
    return Copying(forms, GUARDED, {DOT})


def after(guide, *tokens):
    for token in tokens:
        guide.take(token)
    return guide.next()


def test_begun_sentence_is_kept_to_its_end():
    guide = copying()
    assert after(guide, *FIRST[:RUN]).allowed == {TAG}
    assert after(guide, TAG).allowed == {5}
    assert after(guide, 5).allowed == {DOT}
    assert after(guide, DOT).allowed is None


def test_few_common_tokens_bind_nothing():
    assert after(copying(), *FIRST[: RUN - 1]).allowed is None


def test_two_sentences_that_begin_alike_leave_the_choice():
    guide = copying((1, 2, 3, 4, 5, DOT), (1, 2, 3, 4, 6, DOT))
    assert after(guide, 1, 2, 3, 4).allowed == {5, 6}
    assert after(guide, 6).allowed == {DOT}


def test_value_comes_only_where_its_source_has_it():
    assert set(copying().next().banned) == GUARDED
    assert set(after(copying(), 50, 4).banned) == GUARDED
    assert TAG not in after(copying(), 3, 4).banned
    assert OTHER_TAG not in after(copying(), 6, 7).banned


def test_sentence_that_begins_with_its_value_may_begin():
    guide = copying((TAG, 5, 6, 7, DOT), SECOND)
    assert TAG not in guide.next().banned
    assert TAG in after(guide, 50).banned
    assert TAG not in after(guide, DOT).banned


def test_no_sentence_is_said_twice():
    guide = copying()
    now = after(guide, *FIRST)
    assert FIRST[0] in now.banned
    assert SECOND[0] not in now.banned
    assert FIRST[0] not in after(guide, 50).banned  # inside a sentence it is a token like others


def test_first_token_stays_while_another_sentence_needs_it():
    guide = copying((1, 2, 3, 4, DOT), (1, 3, 5, 7, DOT))
    assert 1 not in after(guide, 1, 2, 3, 4, DOT).banned


def test_values_that_people_gave_are_free():
    guide = Copying([{FIRST}], set(), {DOT})
    assert not guide.next().banned


def test_either_form_of_a_sentence_is_followed():
    guide = Copying([{FIRST, (77, *FIRST[1:])}], GUARDED, {DOT})
    assert after(guide, 77, 2, 3, 4).allowed == {TAG}
    assert after(guide, TAG, 5, DOT).banned >= {1, 77}
