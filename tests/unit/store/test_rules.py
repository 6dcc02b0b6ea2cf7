"""The text rule, the choice of a journal, and what drivers' errors become."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.columns import Name, PublicId, UtcTime
from store.engine import Database
from store.errors import Conflict, NotFound, Unavailable, UnstorableText
from store.faults import translated
from store.journal import journal_for
from store.text import storable, storable_json


@pytest.mark.parametrize("text", ["", "é", "😀", "\u202e", "\ufffe", "\r\n\t\x01", "\U0010ffff"])
def test_storable_text_is_returned(text):
    assert storable(text) is text


@pytest.mark.parametrize(
    ("text", "reason"), [("\x00", "NUL"), ("a\x00b", "NUL"), ("\ud83d", "surrogate")]
)
def test_unstorable_text_says_why(text, reason):
    with pytest.raises(UnstorableText, match=reason) as caught:
        storable(text)
    assert "Remove" in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("value", [None, 1, 0.5, True, "é", {"a": [1, {"b": None}]}, [], ()])
def test_plain_values_are_returned(value):
    assert storable_json(value) is value


@pytest.mark.parametrize("value", ["\x00", ["\ud800"], {"\x00": 1}, {"a": ("\x00",)}, float("inf")])
def test_unstorable_values_are_found(value):
    with pytest.raises(UnstorableText):
        storable_json(value)


@pytest.mark.parametrize(
    ("library", "mode"),
    [
        ((3, 40, 1), "truncate"),
        ((3, 51, 2), "truncate"),
        ((3, 51, 3), "wal"),
        ((3, 52, 0), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_journal_is_safe_for_the_library(library, mode):
    journal = journal_for(library)
    assert (journal.mode, journal.synchronous) == (mode, "FULL")


SQLITE = Database("sqlite://")._engine.dialect


def test_times_need_a_zone():
    with pytest.raises(ValueError, match="zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), SQLITE)  # noqa: DTZ001


def test_times_are_kept_in_utc():
    local = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert UtcTime().process_bind_param(local, SQLITE) == datetime(2026, 1, 1, 7)  # noqa: DTZ001
    back = UtcTime().process_result_value(datetime(2026, 1, 1, 7), SQLITE)  # noqa: DTZ001
    assert back == datetime(2026, 1, 1, 7, tzinfo=UTC)


def test_names_have_a_limit():
    assert Name(3).process_bind_param("abc", SQLITE) == "abc"
    with pytest.raises(UnstorableText, match="longer than 3"):
        Name(3).process_bind_param("abcd", SQLITE)


@pytest.mark.parametrize("text", ["", "x", "123", "' OR 1=1", "\x00"])
def test_what_is_no_id_equals_nothing(text):
    assert PublicId().process_bind_param(text, SQLITE) is None


def failure(code):
    error = sqlite3.OperationalError("secret words")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_X"
    return OperationalError("INSERT secret", {"secret": 1}, error)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_BUSY, "locked"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_IOERR_FSYNC, "lost"),
        (sqlite3.SQLITE_CANTOPEN, "lost"),
        (sqlite3.SQLITE_CORRUPT, "lost"),
        (sqlite3.SQLITE_READONLY, "other"),
    ],
)
def test_sqlite_errors_have_reasons(code, reason):
    with pytest.raises(Unavailable) as caught, translated():
        raise failure(code)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


class ServerError(Exception):
    """As psycopg raises it."""

    def __init__(self, state):
        super().__init__("secret words")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53100", "full"),
        ("53300", "locked"),
        ("55P03", "locked"),
        ("57014", "locked"),
        ("40P01", "locked"),
        ("57P01", "lost"),
        ("08006", "lost"),
        (None, "lost"),
        ("42501", "other"),
    ],
)
def test_server_errors_have_reasons(state, reason):
    with pytest.raises(Unavailable) as caught, translated():
        raise OperationalError("INSERT secret", {}, ServerError(state))
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


def test_contradictions_are_conflicts():
    with pytest.raises(Conflict) as caught, translated():
        raise IntegrityError("INSERT secret", {}, ServerError("23505"))
    assert "secret" not in str(caught.value)


def test_own_errors_pass_through_the_wrapper():
    with pytest.raises(NotFound), translated():
        raise StatementError("wrapped", "INSERT", {}, NotFound("It"))


def test_other_errors_are_left_alone():
    with pytest.raises(LookupError), translated():
        raise LookupError


def test_no_free_connection_is_busy():
    with pytest.raises(Unavailable) as caught, translated():
        raise PoolTimeout
    assert caught.value.reason == "locked"
