"""Rows become what the desk shows: waiting, late, drafted, delivered."""

from datetime import UTC, datetime, timedelta

import pytest

from chatbot.desk import making
from store.ticket_records import Ticket, TicketMessage
from store.tickets import BEHIND, rank_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ticket(**changes):
    values = dict.fromkeys(Ticket.__dataclass_fields__)
    values |= {"id": 7, "public_id": "p", "state": "open", "draft": "ready", "unread": False}
    return Ticket(**(values | changes))


@pytest.mark.parametrize(
    ("waited_h", "waits", "late"),
    [(None, None, False), (3.9, 3.9 * 3600, False), (4.1, 4.1 * 3600, True), (-1, 0, False)],
)
def test_waiting_and_late(waited_h, waits, late):
    since = None if waited_h is None else NOON - timedelta(hours=waited_h)
    row = making.row(ticket(waiting_since=since), NOON, 4)
    assert (row.waiting_s, row.late) == (waits and pytest.approx(waits), late)


def test_a_draft_is_being_made_until_its_claim_ends():
    later, before = NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)
    assert making.row(ticket(drafting_until=later), NOON, 4).draft == "drafting"
    assert making.row(ticket(drafting_until=before), NOON, 4).draft == "ready"


def test_a_thread_is_read_as_it_was_said():
    message = TicketMessage("m", "customer", "Ana", NOON, "hello")
    [shown] = making.thread([message], {}, {})
    assert (shown.said.role, shown.said.text, shown.said.at) == ("customer", "hello", NOON)
    assert shown.delivery == ""


def test_who_waits_longest_comes_first_and_who_waits_for_us_before_all_others():
    early, late = (rank_of("open", NOON + timedelta(hours=h), NOON) for h in (0, 1))
    answered, closed = rank_of("waiting", None, NOON), rank_of("closed", NOON, NOON)
    newer = rank_of("waiting", None, NOON + timedelta(hours=1))
    assert early < late < newer < answered == closed < BEHIND
