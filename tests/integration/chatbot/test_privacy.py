"""Retention, export and forgetting, on both databases."""

import asyncio
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from chatbot import privacy
from chatbot.errors import NotAllowed, NotFound, Refused
from chatbot.options import Retention
from store import accounts, attempts, conversations, forgetting, messages, models, retention
from store.columns import now
from store.errors import NotFound as NobodyThere
from store.records import Trace
from tests.support.scenes import ask, texts
from tests.support.stored import person, started, turn

SECRET = "Zanzibarquark"
LOGIN = "ada.lovelace"
EMAIL = "ada@example.test"
NAME = "Ada Lovelacewho"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(privacy, "PAUSE", 0)


@pytest.fixture
def ada(database):
    """Somebody with one of everything."""
    moment = now()
    with database.transaction() as session:
        ada = accounts.add_person(
            session, NAME, ["chatter", "admin"], login=LOGIN, email=EMAIL, password_hash="hash"
        )
        session.add_all(
            [
                models.LoginSession(
                    token_hash="t" * 64,
                    user_id=ada.id,
                    created_at=moment,
                    used_at=moment,
                    expires_at=moment + timedelta(days=1),
                    address="192.0.2.7",
                    agent="Firefox",
                ),
                models.OneTimeLink(
                    token_hash="l" * 64,
                    kind="reset",
                    user_id=ada.id,
                    made_by=NAME,
                    created_at=moment,
                    expires_at=moment + timedelta(days=1),
                ),
                models.Identity(
                    issuer="https://id.test", subject=EMAIL, user_id=ada.id, created_at=moment
                ),
            ]
        )
        attempts.hold(session, attempts.login_key(LOGIN), moment)
    talk = started(database, ada, f"About {SECRET}")
    _, reply = turn(database, talk, f"Who is {SECRET}?", f"{SECRET} is a word.")
    with database.transaction() as session:
        trace = Trace(reply.id, 1, "p", None, None, "m", {}, {"q": SECRET}, "h")
        messages.add_trace(session, trace)
        messages.set_feedback(session, reply.id, ada.id, -1, ["short"], f"{SECRET}!")
    return ada


@pytest.fixture
def boss(database):
    """An administrator who can sign in."""
    with database.transaction() as session:
        return accounts.add_person(session, "Boss", ["admin"], login="boss", password_hash="hash")


def everything(database):
    """Every row of every table, also those of the search, as one text."""
    with database.reading() as session:
        found = []
        for table in models.Base.metadata.sorted_tables:
            found += [f"{table.name} {tuple(row)}" for row in session.execute(select(table))]
    return "\n".join(found)


def forget(product, by, whom):
    return asyncio.run(product.privacy.forget(by, whom))


# Forgetting --------------------------------------------------------------------------------------


def test_every_key_to_a_person_leaves_with_them():
    left = [
        f"{table.name}.{column.name}"
        for table, column in forgetting._pointing()
        for key in column.foreign_keys
        if key.ondelete not in ("CASCADE", "SET NULL")
    ]
    assert left == []


def test_forgetting_leaves_nothing_that_names_them(product, database, ada, boss):
    product.options.set(ada, Retention(chat_days=400), 0)
    product.audit.note(ada, "sign_in", "person", ada.public_id, address="192.0.2.7")
    export = product.privacy.export_mine(ada)
    named = (SECRET, SECRET.casefold(), NAME, LOGIN, EMAIL, "192.0.2.7", "Firefox")
    before = everything(database)
    assert [word for word in named if word not in before] == []

    done = forget(product, boss, ada)

    after = everything(database)
    assert [word for word in named if word in after] == []
    assert attempts.login_key(LOGIN) not in after
    assert not export.exists()
    assert not export.parent.exists()
    with database.reading() as session:
        with pytest.raises(NobodyThere):
            accounts.person(session, ada.id)
        assert forgetting.counts(session, ada.id) == {}
    assert done.rows == {
        "conversations": 1,
        "feedback": 1,
        "identities": 1,
        "messages": 2,
        "one_time_links": 1,
        "options": 1,
        "search_counters": 1,
        "sessions": 1,
        "traces": 1,
        "user_roles": 2,
    }


def test_a_namesakes_texts_stay_theirs(product, database, ada, boss):
    """Whoever takes another's name and leaves does not take their texts along."""
    with database.transaction() as session:
        accounts.add_person(session, NAME, ["author"], login="twin")
        link = models.OneTimeLink(
            token_hash="m" * 64,
            kind="invite",
            user_id=boss.id,
            made_by=NAME,
            created_at=now(),
            expires_at=now(),
        )
        session.add(link)
    forget(product, boss, ada)
    with database.reading() as session:
        assert list(session.scalars(select(models.OneTimeLink.made_by))) == [NAME]


def test_rows_are_counted_before(product, ada, boss):
    held = product.privacy.held(boss, ada)
    assert held == product.privacy.held(ada, ada)
    assert (held["conversations"], held["messages"], held["sessions"]) == (1, 2, 1)
    removed = asyncio.run(product.privacy.forget(boss, ada)).rows
    assert held == removed
    with pytest.raises(NotFound):
        product.privacy.held(boss, ada)


def test_nobody_counts_anothers_rows_but_an_administrator(product, database, ada):
    eve = person(database, "Eve")
    with database.transaction() as session:
        accounts.set_roles(session, eve.id, ["reviewer"])
    with pytest.raises(NotAllowed):
        product.privacy.held(eve, ada)


def test_audit_keeps_the_id_and_the_fact(product, ada, boss):
    product.audit.note(ada, "sign_in", "person", ada.public_id, address="192.0.2.7")
    forget(product, boss, ada)
    forgotten, signed_in = product.audit.entries(boss, about=ada.public_id)
    assert (forgotten.action, forgotten.actor, forgotten.subject) == (
        "forgotten",
        "Boss",
        ada.public_id,
    )
    assert (forgotten.detail, forgotten.subject_name) == ({}, None)
    assert (signed_in.actor_id, signed_in.actor) == (ada.public_id, None)
    assert signed_in.detail == {"address": "192.0.2.0/24"}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_forgotten_words_are_in_no_file(product, database, ada, boss):
    for n in range(300):
        turn(database, started(database, boss, f"Other {n}"), f"word{n} and more", "well")
    folder = database.path.parent
    assert words_in(folder)
    forget(product, boss, ada)
    assert words_in(folder) == []


def words_in(folder):
    """Files with a word of theirs. The index keeps what differs from the word before: its end."""
    looked_for = [SECRET.encode(), SECRET.casefold()[4:].encode(), EMAIL.encode(), NAME.encode()]
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if any(word in file.read_bytes() for word in looked_for)]


def test_running_answers_are_stopped_first(product, database, ada, boss):
    async def scene():
        lasting = await product.chat.start_turn(ada, None, "!tokens 9999 !rate 50 x", "k1")
        while lasting.state != "writing":
            await asyncio.sleep(0.01)
        with product.archive.temporary.writing() as session:
            accounts.adopt(session, ada)
        passing = await product.chat.start_turn(ada, None, "!hang", "k2", temporary=True)
        other = await product.chat.start_turn(boss, None, "!delay 0.5 !say mine", "k3")
        done = await product.privacy.forget(boss, ada)
        await other.finished()
        return lasting, passing, other, done

    lasting, passing, other, done = asyncio.run(asyncio.wait_for(scene(), 60))

    assert (lasting.done, passing.done, done.stopped) == (True, True, 2)
    assert product.chat.turn(ada, lasting.reply) is None
    assert (other.status, other.text) == ("complete", "mine")
    with product.archive.temporary.reading() as session:
        assert ada.id not in forgetting.people(session)
        assert session.execute(text("SELECT count(*) FROM messages")).scalar_one() == 0


def test_another_process_lets_go_of_what_it_has_in_memory(product, database, ada, boss):
    async def scene():
        with product.archive.temporary.writing() as session:
            accounts.adopt(session, ada)
        return await product.chat.start_turn(ada, None, "!say x", "k", temporary=True)

    turn = asyncio.run(scene())
    with database.transaction() as session:
        session.execute(models.User.__table__.delete().where(models.User.id == ada.id))
    product.privacy.tidy()
    with product.archive.temporary.reading() as session:
        assert ada.id not in forgetting.people(session)
        assert not conversations.holds(session, turn.conversation)


def test_nobody_forgets_another_but_an_administrator(product, database, ada, boss):
    eve = person(database, "Eve")
    with database.transaction() as session:
        accounts.set_roles(session, eve.id, ["reviewer"])
    with pytest.raises(NotAllowed):
        forget(product, eve, ada)
    forget(product, eve, eve)
    with pytest.raises(NotFound):
        forget(product, boss, eve)


def test_last_administrator_stays(product, database, ada):
    with pytest.raises(Refused, match="Make someone an administrator first"):
        forget(product, ada, ada)
    assert SECRET in everything(database)
    with database.reading() as session:
        assert accounts.is_active(session, ada.id)


def test_the_local_person_keeps_an_empty_account(product, database):
    me = product.person()
    asyncio.run(ask(product, f"!say {SECRET}"))
    forget(product, me, me)
    assert SECRET not in everything(database)
    assert product.person() == me
    assert asyncio.run(ask(product, "!say again", key="k2")).text == "again"


# Export ------------------------------------------------------------------------------------------


def test_export_holds_everything_of_theirs_and_no_secret(product, database, ada, boss):
    turn(database, started(database, boss, "Of the boss"), "private", "very")
    product.audit.note(boss, "roles_changed", "person", ada.public_id)
    file = product.privacy.export_mine(ada)
    with zipfile.ZipFile(file) as made:
        held = {name: made.read(name).decode() for name in made.namelist()}
    [talk] = [name for name in held if name.endswith(".json") and "conversations/" in name]
    whole = json.loads(held[talk])
    assert whole["messages"][0]["content"] == f"Who is {SECRET}?"
    assert whole["messages"][1]["feedback"]["better"] == f"{SECRET}!"
    assert held[talk.replace(".json", ".md")].startswith(f"# About {SECRET}")
    assert json.loads(held["account/users.json"])[0]["login"] == LOGIN
    assert json.loads(held["account/sessions.json"])[0]["address"] == "192.0.2.7"
    assert [one["action"] for one in json.loads(held["audit.json"])] == [
        "exported",
        "roles_changed",
    ]
    together = "".join(held.values())
    assert "t" * 64 not in together
    assert "hash" not in json.dumps(json.loads(held["account/users.json"]))
    assert "private" not in together
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.parent.stat().st_mode & 0o077 == 0


def test_temporary_conversations_are_exported_too(product):
    me = product.person()

    async def scene():
        turn = await product.chat.start_turn(me, None, f"!say {SECRET}", "k", temporary=True)
        await turn.finished()

    asyncio.run(scene())
    with zipfile.ZipFile(product.privacy.export_mine(me)) as made:
        assert any(SECRET.encode() in made.read(name) for name in made.namelist())


def test_export_of_another_is_for_administrators_and_noted(product, database, ada, boss):
    eve = person(database, "Eve")
    with database.transaction() as session:
        accounts.set_roles(session, eve.id, ["reviewer"])
    with pytest.raises(NotAllowed):
        product.privacy.export_of(eve, ada)
    product.privacy.export_of(boss, ada)
    [entry] = product.audit.entries(boss, action="exported")
    assert (entry.actor, entry.subject) == ("Boss", ada.public_id)


def test_a_new_export_takes_the_place_of_the_old_and_age_removes_it(product, ada, monkeypatch):
    first = product.privacy.export_mine(ada)
    second = product.privacy.export_mine(ada)
    assert list(first.parent.iterdir()) == [second]
    product.privacy.tidy()
    assert second.exists()
    monkeypatch.setattr(privacy, "EXPORT_HOURS", -1)
    product.privacy.tidy()
    assert not second.exists()


# Retention ---------------------------------------------------------------------------------------


def aged(database, owner, days, *, channel="chat", pinned=False):
    """A conversation that was used last so many days ago, and its trace."""
    talk = started(database, owner, f"{channel} {days}", channel=channel)
    _, reply = turn(database, talk)
    moment = now() - timedelta(days=days)
    with database.transaction() as session:
        messages.add_trace(session, Trace(reply.id, 1, "p", None, None, "m", {}, {}, "h"))
        session.execute(
            update(models.Conversation)
            .where(models.Conversation.id == talk.id)
            .values(updated_at=moment, pinned=pinned)
        )
        session.execute(
            update(models.Trace)
            .where(models.Trace.message_id == reply.id)
            .values(created_at=moment)
        )
    return talk.title


def titles(database):
    with database.reading() as session:
        return sorted(session.scalars(select(models.Conversation.title)))


def set_days(product, **days):
    product.options.set(product.person(), Retention(**days), 0)


def test_nothing_is_removed_until_somebody_says_so(product, database):
    aged(database, product.person(), 9999)
    assert set(product.privacy.run_retention(None).values()) == {0}
    assert titles(database) == ["chat 9999"]


def test_each_class_has_its_days(product, database):
    me = product.person()
    for channel in ("chat", "desk", "api"):
        for days in (5, 50):
            aged(database, me, days, channel=channel)
    set_days(product, chat_days=10, api_days=2)
    wanted = {"chat": 1, "desk": 0, "api": 2, "temporary": 0, "traces": 0, "audit": 0}
    assert product.privacy.due() == wanted
    assert len(titles(database)) == 6
    assert product.privacy.run_retention(None) == wanted
    assert titles(database) == ["chat 5", "desk 5", "desk 50"]
    assert set(product.privacy.due().values()) == {0}


def test_due_tells_of_options_that_are_not_set_yet(product, database):
    aged(database, product.person(), 99)
    assert product.privacy.due(Retention(chat_days=98))["chat"] == 1
    assert product.privacy.due(Retention(chat_days=100))["chat"] == 0
    assert product.privacy.due()["chat"] == 0


def test_what_hangs_on_a_conversation_goes_with_it(product, database, ada):
    with database.transaction() as session:
        session.execute(update(models.Conversation).values(updated_at=now() - timedelta(days=9)))
    set_days(product, chat_days=5)
    product.privacy.run_retention(None)
    assert SECRET not in everything(database)
    assert SECRET.casefold() not in everything(database)


def test_pinned_ones_have_their_own_and_longer_days(product, database):
    me = product.person()
    for days in (20, 200):
        aged(database, me, days, pinned=True)
    set_days(product, chat_days=10)
    assert product.privacy.run_retention(None)["chat"] == 0
    product.options.set(me, Retention(chat_days=10, pinned_days=5), 1)
    assert product.privacy.due()["chat"] == 2
    product.options.set(me, Retention(chat_days=10, pinned_days=100), 2)
    assert product.privacy.run_retention(None)["chat"] == 1
    assert titles(database) == ["chat 20"]


def test_traces_go_and_answers_stay(product, database):
    aged(database, product.person(), 50)
    set_days(product, trace_days=10)
    assert product.privacy.run_retention(None)["traces"] == 1
    assert titles(database) == ["chat 50"]
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM messages")).scalar_one() == 2
        assert session.execute(text("SELECT count(*) FROM traces")).scalar_one() == 0


def test_retention_goes_in_parts(product, database, monkeypatch):
    monkeypatch.setattr(retention, "MOST_MESSAGES", 5)
    for n in range(7):
        aged(database, product.person(), 10 + n)
    set_days(product, chat_days=5)
    idle = retention.Idle("chat", now() - timedelta(days=5))
    with database.transaction() as session:
        assert retention.purge_conversations(session, idle) == 1
    assert product.privacy.run_retention(None)["chat"] == 6


def test_a_run_that_removed_something_is_in_the_audit(product, database):
    me = product.person()
    aged(database, me, 10)
    set_days(product, chat_days=5)
    product.privacy.run_retention(None)
    product.privacy.run_retention(None)
    [entry] = product.audit.entries(me, action="retention_ran")
    assert (entry.actor_id, entry.detail["chat"]) == (None, 1)


def test_only_administrators_run_it(product, database):
    eve = person(database, "Eve")
    with database.transaction() as session:
        accounts.set_roles(session, eve.id, ["reviewer"])
    with pytest.raises(NotAllowed):
        product.privacy.run_retention(eve)


def test_the_server_runs_it_once_an_hour(product, database, monkeypatch):
    set_days(product, chat_days=5)
    aged(database, product.person(), 10)
    product.privacy.tidy()
    assert titles(database) == []
    aged(database, product.person(), 10)
    product.privacy.tidy()
    assert titles(database) == ["chat 10"]
    monkeypatch.setattr(privacy, "RETENTION_EVERY", 0.0)
    product.privacy.tidy()
    assert titles(database) == []


def test_idle_temporary_conversations_count_too(product):
    me = product.person()

    async def scene():
        turn = await product.chat.start_turn(me, None, "!say x", "k", temporary=True)
        return await turn.finished()

    turn = asyncio.run(scene())
    with product.archive.temporary.writing() as session:
        session.execute(update(models.Conversation).values(updated_at=now() - timedelta(days=1)))
    assert product.privacy.due()["temporary"] == 1
    assert product.privacy.run_retention(None)["temporary"] == 1
    with pytest.raises(NotFound):
        texts(product, turn.conversation)
