"""The audit can only grow, whoever writes SQL; its entries are found again."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from store import audit
from store.columns import now
from store.errors import Conflict
from store.models import AuditEntry
from tests.support.stored import person

CHANGES = (
    "UPDATE audit SET action = 'nothing'",
    "UPDATE audit SET detail = '{}'",
    "UPDATE audit SET at = at",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = 1",
)


def noted(database, action):
    with database.transaction() as session:
        audit.add(session, None, action, "person", "someone", {"n": 1})


def old(database, days, number=1):
    """Entries that are so many days old."""
    rows = [
        {
            "at": now() - timedelta(days=days),
            "action": "old",
            "kind": "k",
            "subject": "",
            "detail": {},
        }
        for _ in range(number)
    ]
    with database.transaction() as session:
        session.execute(insert(AuditEntry), rows)


def kept(database):
    with database.reading() as session:
        return [entry.action for entry in audit.entries(session)]


@pytest.mark.parametrize("change", CHANGES)
def test_no_statement_changes_or_removes_an_entry(database, change):
    noted(database, "sign_in")
    with pytest.raises(Conflict), database.transaction() as session:
        session.execute(text(change))
    assert kept(database) == ["sign_in"]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_no_entry_is_replaced_by_another(database):
    noted(database, "sign_in")
    replacing = (
        "INSERT OR REPLACE INTO audit (id, public_id, at, action, kind, subject, detail) "
        "VALUES (1, 'x', '2026-01-01', 'nothing', '', '', '{}')"
    )
    with pytest.raises(Conflict), database.transaction() as session:
        session.execute(text(replacing))
    assert kept(database) == ["sign_in"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_audit_is_not_emptied(database):
    noted(database, "sign_in")
    with pytest.raises(Conflict), database.transaction() as session:
        session.execute(text("TRUNCATE audit"))
    assert kept(database) == ["sign_in"]


def test_retention_removes_old_entries_in_parts(database):
    old(database, 31, 5)
    noted(database, "sign_in")
    before = now() - timedelta(days=audit.KEPT_DAYS)
    with database.transaction() as session:
        assert audit.older(session, before) == 5
        assert [audit.purge(session, before, 3) for _ in range(3)] == [3, 2, 0]
    assert kept(database) == ["sign_in"]


def test_retention_cannot_reach_young_entries(database):
    old(database, 29)
    with pytest.raises(Conflict), database.transaction() as session:
        audit.purge(session, now(), 10)
    assert kept(database) == ["old"]


def test_entries_are_filtered_and_paged(database):
    ada = person(database)
    with database.transaction() as session:
        for n in range(5):
            audit.add(session, ada.public_id, f"did {n}", "thing", str(n), {"n": n})
        audit.add(session, None, "was_done", "person", ada.public_id, {})
    with database.reading() as session:
        first = audit.entries(session, actor=ada.public_id, limit=2)
        rest = audit.entries(session, actor=ada.public_id, before=first[-1].id)
        about = audit.entries(session, about=ada.public_id)
        later = audit.entries(session, since=now() + timedelta(hours=1))
        [one] = audit.entries(session, action="did 3")
    assert [entry.action for entry in first + rest] == [f"did {n}" for n in (4, 3, 2, 1, 0)]
    assert (len(about), about[0].subject_name, about[0].actor) == (6, "Ada", None)
    assert later == []
    assert (one.actor, one.subject, one.detail) == ("Ada", "3", {"n": 3})
