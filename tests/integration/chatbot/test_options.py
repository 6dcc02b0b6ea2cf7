"""Options are set by administrators, one at a time, and read by everybody's process."""

from dataclasses import replace

import pytest

from chatbot import options
from chatbot.errors import Conflict, NotAllowed, Refused
from chatbot.options import Limits, Masking, Options, Retention
from store import accounts
from tests.support.stored import person


def test_defaults_until_set(product):
    found = product.options.stored(Retention)
    assert (found.value, found.version, found.changed_by) == (Retention(), 0, None)
    assert product.options.get(Limits).turns_per_minute == Limits().turns_per_minute


def test_set_is_read_by_this_process_at_once(product):
    by = product.person()
    assert product.options.get(Retention).chat_days is None
    assert product.options.set(by, Retention(chat_days=30), 0) == 1
    assert product.options.get(Retention).chat_days == 30
    assert product.options.stored(Retention).changed_by == by.name


def test_other_processes_read_it_when_theirs_is_old(product, monkeypatch):
    other = Options(product.archive, product.audit)
    assert other.get(Retention).chat_days is None
    product.options.set(product.person(), Retention(chat_days=30), 0)
    assert other.get(Retention).chat_days is None
    monkeypatch.setattr(options, "FRESH", 0.0)
    assert other.get(Retention).chat_days == 30


def test_second_of_two_editors_is_told(product):
    by = product.person()
    product.options.set(by, Retention(chat_days=30), 0)
    for version in (0, 2):
        with pytest.raises(Conflict, match="Load it again") as caught:
            product.options.set(by, Retention(chat_days=90), version)
        assert caught.value.status == 409
    assert product.options.stored(Retention).value.chat_days == 30
    assert product.options.set(by, Retention(chat_days=90), 1) == 2


def test_change_is_in_the_audit_by_name_of_the_option(product):
    by = product.person()
    product.options.set(by, Retention(chat_days=30, audit_days=60), 0)
    [entry] = product.audit.entries(by, action="options_changed")
    assert (entry.actor, entry.subject) == (by.name, "retention")
    assert entry.detail == {"changed": "chat_days, audit_days"}


def test_only_administrators_of_this_moment_may_set(product, database):
    ada = person(database)
    with database.transaction() as session:
        accounts.set_roles(session, ada.id, ["reviewer"])
    for by in (ada, replace(ada, id=9999)):
        with pytest.raises(NotAllowed):
            product.options.set(by, Limits(turns_per_minute=0), 0)
    assert product.options.stored(Limits).version == 0


@pytest.mark.parametrize(
    ("group", "given", "sentence"),
    [
        (Retention, {"chat_days": 0}, "chat_days: Input should be greater than or equal to 1."),
        (Retention, {"audit_days": 7}, "audit_days: Input should be greater than or equal to 30."),
        (Retention, {"days": 7}, "days: Extra inputs are not permitted."),
        (Limits, {"turns_per_day": "many"}, "turns_per_day: Input should be a valid integer"),
        (Masking, {"patterns": [{"name": "customer", "pattern": "("}]}, "holds no # (a digit)"),
        (Masking, {"patterns": [{"name": "customer", "pattern": "#+#"}]}, "needs a sign between"),
        (Masking, {"off": ["moon"]}, "no such group: moon"),
    ],
)
def test_bad_values_get_a_sentence(group, given, sentence):
    with pytest.raises(Refused) as caught:
        options.read(group, given)
    assert sentence in str(caught.value)


def test_value_of_another_version_counts_as_defaults(product):
    with product.archive.main.writing() as session:
        options.options.put(session, "retention", {"moon_days": 1}, 0, product.person().id)
    assert product.options.get(Retention) == Retention()
    assert product.options.stored(Retention).version == 1
