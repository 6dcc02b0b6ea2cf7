"""Headings of the conversation list, and sentences for what became of an answer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chatbot.views import Item, grouped, note_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def item(moment: datetime) -> Item:
    return Item("id", "title", pinned=False, running=False, updated_at=moment)


@pytest.mark.parametrize(
    ("age", "heading"),
    [
        (timedelta(0), "Today"),
        (timedelta(hours=11), "Today"),
        (timedelta(hours=13), "Yesterday"),
        (timedelta(days=2), "Previous 7 days"),
        (timedelta(days=7), "Previous 7 days"),
        (timedelta(days=20), "November"),
        (timedelta(days=40), "October"),
        (timedelta(days=400), "October 2025"),
    ],
)
def test_heading_by_age(age, heading):
    assert [group.label for group in grouped([], [item(NOW - age)], NOW)] == [heading]


def test_a_clock_that_went_back_still_says_today():
    assert grouped([], [item(NOW + timedelta(hours=20))], NOW)[0].label == "Today"


def test_days_are_those_of_the_reader():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    late = item(datetime(2026, 11, 24, 16, tzinfo=UTC))

    assert grouped([], [late], tokyo)[0].label == "Today"
    assert grouped([], [late], NOW)[0].label == "Yesterday"


def test_pinned_come_first_and_empty_headings_are_left_out():
    pinned = item(NOW - timedelta(days=100))

    assert [group.label for group in grouped([pinned], [item(NOW)], NOW)] == ["Pinned", "Today"]
    assert grouped([], [], NOW) == []


def test_the_saved_sentence_wins_over_the_general_one():
    assert note_of("failed", "The provider's quota is used up.").startswith("The provider")
    assert "Answer again" in note_of("interrupted", None)
    assert note_of("complete", None) is None
