"""Copying: a sentence of the sources once begun is kept to its end, and its values with it."""

from itertools import pairwise

from chatbot.backends.copying import RUN, Choice, Choosing, Copying

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


END, OF_COURSE, SORRY = 0, (30, 31), (40, 41)


def choosing(*quoted):
    choices = [Choice("quoted", one, (77, *one)) for one in quoted or (FIRST, SECOND)]
    choices += [
        Choice("opening", OF_COURSE, OF_COURSE),
        Choice("closing", (50, 51), (78, 50, 51)),
        Choice("limit", SORRY, (79, *SORRY)),
    ]
    return Choosing(choices, {END})


def test_answer_begins_with_any_choice_but_a_closing():
    assert set(choosing().next().allowed) == {30, FIRST[0], SECOND[0], 40}


def test_begun_choice_is_said_to_its_end():
    guide = choosing()
    for token, follows in pairwise(FIRST):
        assert after(guide, token).allowed == {follows}


def test_after_a_quotation_comes_a_closing_or_the_end():
    assert set(after(choosing(), *FIRST).allowed) == {78, END}
    assert after(choosing(FIRST), *FIRST, 78, 50, 51).allowed == {END}


def test_after_an_opening_something_must_follow():
    assert set(after(choosing(), *OF_COURSE).allowed) == {77, 79}


def test_after_a_limit_comes_the_end():
    assert after(choosing(), *SORRY).allowed == {END}


def test_what_was_said_is_no_choice_any_more():
    assert set(after(choosing(FIRST), *FIRST).allowed) == {78, END}


def test_choices_that_begin_alike_are_told_apart_later():
    guide = choosing((1, 2, DOT), (1, 3, DOT))
    assert after(guide, 1).allowed == {2, 3}
    assert after(guide, 3).allowed == {DOT}
