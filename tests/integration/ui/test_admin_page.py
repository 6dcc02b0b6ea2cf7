"""The Administration page behind its scripts: roles, people, rules, the record, the system."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from chatbot.audit import PAGE
from chatbot.bootstrap import build
from chatbot.errors import NotAllowed
from chatbot.options import Limits, Retention
from chatbot.settings import Settings
from tests.support.stored import started
from ui.pages.admin_commands import WRONG_WORDS, AdminCommands
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.frame import ADMIN
from ui.web import create_app

MOST = 2**40


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path / "home", model="scripted", workspace="Lamps"))
    yield product
    product.close()


@pytest.fixture
def ask(product):
    """One command of the page, as the local person."""
    call = calling(product, AdminCommands(product), ADMIN.roles)
    with asyncio.Runner() as runner:
        yield lambda do, **data: runner.run(call({"do": do, **data}, None))


@pytest.fixture
def people(product):
    """Two administrators and a chatter, by login."""
    given = {"ada": ("admin",), "root": ("admin",), "eve": ("chatter",)}
    return {
        login: product.accounts.add(
            product.person(), login=login, name=login.title(), roles=roles, password="nine lamps 9"
        )
        for login, roles in given.items()
    }


def invited(ask, login="iris", roles=("agent",), **more):
    given = {"login": login, "name": login.title(), "email": "", "roles": list(roles)} | more
    return ask("invite", **given)


def states(told):
    return {one["login"]: (one["state"], one["last"]) for one in told["people"]}


def test_start_tells_roles_and_groups(ask):
    told = ask("start")
    assert told["auth"] == "solo"
    assert set(told["roles"]) == {"chatter", "agent", "author", "reviewer", "admin"}
    assert "emails" in [one["name"] for one in told["groups"]]
    assert json.loads(json.dumps(told)) == told


def test_nothing_without_the_role(ask, product):
    with product.archive.main.writing() as session:
        session.execute(text("DELETE FROM user_roles WHERE role = 'admin'"))
    for do, given in (("start", {}), ("people", {}), ("system", {}), ("record", {})):
        assert ask(do, **given) == {"error": NotAllowed.sentence, "code": "not_allowed"}


class TestPeople:
    def test_invitation_makes_a_link_once(self, ask, product):
        path = invited(ask, email="iris@lamps.test")["link"]["path"]
        view = product.accounts.open_link(path.rsplit("/", 1)[1])
        assert (view.kind, view.login) == ("invite", "iris")
        (iris,) = ask("people")["people"]
        assert (iris["state"], iris["roles"], iris["password"]) == ("invited", ["agent"], False)
        assert path.rsplit("/", 1)[1] not in str(ask("record"))

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"login": ""}, "refused"),
            ({"login": "two words"}, "refused"),
            ({"name": " "}, "refused"),
            ({"email": "no address"}, "refused"),
            ({"roles": []}, "refused"),
            ({"roles": ["owner"]}, "refused"),
            ({"login": "eve"}, "conflict"),
        ],
    )
    def test_what_cannot_be_is_refused(self, ask, people, given, code):
        told = invited(ask, **given)
        assert told["code"] == code
        assert told["error"].endswith(".")
        assert told["error"] != NOT_UNDERSTOOD

    def test_roles_change(self, ask, people):
        told = ask("set_roles", whom=people["eve"].id, roles=["author", "agent"])
        roles = {one["login"]: set(one["roles"]) for one in told["people"]}
        assert roles["eve"] == {"author", "agent"}

    def test_name_and_address_change(self, ask, people):
        given = {"whom": people["eve"].id, "was_name": "Eve", "was_email": ""}
        told = ask("set_profile", name="Eve L.", email="eve@lamps.test", **given)
        found = {one["login"]: (one["name"], one["email"]) for one in told["people"]}
        assert found["eve"] == ("Eve L.", "eve@lamps.test")
        assert ask("set_profile", name="Eva", email="", **given)["code"] == "conflict"
        ada = given | {"whom": people["ada"].id, "was_name": "Ada"}
        told = ask("set_profile", name="Ada", email="eve@lamps.test", **ada)
        assert (told["code"], "address already" in told["error"]) == ("conflict", True)

    def test_last_administrator_is_marked_and_stays(self, ask, people):
        assert not any(last for _, last in states(ask("people")).values())
        told = ask("set_active", whom=people["root"].id, active=False)
        assert states(told)["ada"] == ("active", True)
        for do, given in (("set_active", {"active": False}), ("set_roles", {"roles": ["agent"]})):
            refused = ask(do, whom=people["ada"].id, **given)
            assert "last administrator" in refused["error"]
        refused = ask("forget", whom=people["ada"].id, typed="ada")
        assert refused["code"] == "refused"
        assert states(ask("people"))["ada"] == ("active", True)

    def test_off_ends_logins_and_on_brings_back(self, ask, product, people):
        accounts = product.accounts
        accounts.sign_in("eve", "nine lamps 9", address="192.0.2.7", agent="Firefox")
        (session,) = ask("sessions", whom=people["eve"].id)["sessions"]
        assert (session["address"], session["agent"]) == ("192.0.2.7", "Firefox")
        assert states(ask("set_active", whom=people["eve"].id, active=False))["eve"][0] == "off"
        assert ask("sessions", whom=people["eve"].id) == {"sessions": []}
        told = ask("set_active", whom=people["eve"].id, active=True)
        assert states(told)["eve"][0] == "active"

    def test_a_look_at_somebodys_logins_is_noted(self, ask, product, people):
        ask("sessions", whom=people["eve"].id)
        (entry,) = ask("record", action="logins_read")["entries"]
        assert (entry["subject_name"], entry["actor_name"]) == ("Eve", "You")

    def test_logins_end(self, ask, product, people):
        for _ in range(3):
            product.accounts.sign_in("eve", "nine lamps 9", address="", agent="")
        assert ask("end_sessions", whom=people["eve"].id) == {"ended": 3}

    def test_new_link_for_a_password(self, ask, product, people):
        path = ask("new_link", whom=people["eve"].id)["link"]["path"]
        assert product.accounts.open_link(path.rsplit("/", 1)[1]).kind == "reset"

    def test_nobody_is_not_called_anything(self, ask):
        was = {"was_name": "", "was_email": ""}
        told = ask("set_profile", whom="0" * 36, name="X", email="", **was)
        assert told["code"] == "not_found"

    @pytest.mark.parametrize("do", ["new_link", "sessions", "end_sessions", "held"])
    def test_nobody_is_not_found(self, ask, do):
        assert ask(do, whom="0" * 36)["code"] == "not_found"
        assert ask(do, whom="x" * 65)["error"] == NOT_UNDERSTOOD


class TestForgetting:
    def test_counts_come_first_and_nothing_goes(self, ask, people):
        rows = dict(ask("held", whom=people["eve"].id)["rows"])
        assert rows == {"roles": 1}
        assert "eve" in states(ask("people"))

    def test_login_is_typed_again(self, ask, people):
        for typed in ("", "ada", "ev"):
            told = ask("forget", whom=people["eve"].id, typed=typed)
            assert told["error"] == WRONG_WORDS
        assert "eve" in states(ask("people"))
        told = ask("forget", whom=people["eve"].id, typed=" EVE ")
        assert told == {"rows": [["roles", 1]], "stopped": 0} or told["rows"] == [("roles", 1)]
        assert "eve" not in states(ask("people"))
        assert ask("forget", whom=people["eve"].id, typed="eve")["code"] == "not_found"


class TestRules:
    def test_defaults_have_version_zero(self, ask):
        told = ask("options")
        assert {told[name]["version"] for name in ("retention", "limits", "masking")} == {0}
        assert told["retention"]["value"]["chat_days"] is None
        assert set(told["due"].values()) == {0}

    def test_change_is_kept_and_noted(self, ask, product):
        value = ask("options")["retention"]["value"] | {"chat_days": 180}
        told = ask("set_options", group="retention", value=value, version=0)
        assert (told["stored"]["version"], told["stored"]["by"]) == (1, "You")
        assert product.options.get(Retention).chat_days == 180
        (entry,) = ask("record", action="options_changed")["entries"]
        assert entry["detail"] == {"changed": "chat_days"}

    def test_limits_count_at_once(self, ask, product):
        value = ask("options")["limits"]["value"] | {"turns_per_day": 7}
        told = ask("set_options", group="limits", value=value, version=0)
        assert told["stored"]["value"]["turns_per_day"] == 7
        assert product.options.get(Limits).turns_per_day == 7
        (entry,) = ask("record", action="options_changed")["entries"]
        assert (entry["subject"], entry["detail"]) == ("limits", {"changed": "turns_per_day"})

    def test_conflict_tells_both(self, ask):
        value = ask("options")["retention"]["value"]
        ask("set_options", group="retention", value=value | {"chat_days": 10}, version=0)
        told = ask("set_options", group="retention", value=value | {"chat_days": 20}, version=0)
        assert told["code"] == "conflict"
        assert told["stored"]["value"]["chat_days"] == 10
        told = ask("set_options", group="retention", value=value | {"chat_days": 20}, version=1)
        assert told["stored"]["value"]["chat_days"] == 20

    @pytest.mark.parametrize(
        ("group", "value", "about"),
        [
            ("retention", {"chat_days": 0}, "chat_days"),
            ("retention", {"chat_days": 10**9}, "chat_days"),
            ("retention", {"audit_days": 29}, "audit_days"),
            ("retention", {"chat_days": "soon"}, "chat_days"),
            ("retention", {"days": 1}, "days"),
            ("limits", {"turns_per_minute": -1}, "turns_per_minute"),
            ("limits", {"turns_per_day": ""}, "turns_per_day"),
            ("limits", {"running_turns": 1001}, "running_turns"),
            ("masking", {"off": ["everything"]}, "off"),
            ("masking", {"patterns": [{"name": "customer", "pattern": "KD"}]}, "patterns"),
        ],
    )
    def test_wrong_value_is_named(self, ask, group, value, about):
        told = ask("set_options", group=group, value=value, version=0)
        assert told["code"] == "refused"
        assert told["error"].startswith(about)
        assert told["error"][-2:] != ".."
        assert ask("options")[group]["version"] == 0

    def test_due_follows_what_is_typed(self, ask, product):
        moment = datetime.now(UTC) - timedelta(days=50)
        started(product.database, product.person(), "Old")
        with product.archive.main.writing() as session:
            session.execute(
                text("UPDATE conversations SET updated_at = :at"),
                {"at": f"{moment:%Y-%m-%d %H:%M:%S}"},
            )
        assert ask("due", value={"chat_days": 49})["due"]["chat"] == 1
        assert ask("due", value={"chat_days": 51})["due"]["chat"] == 0

    def test_sample_is_masked_by_rules_that_are_not_saved(self, ask):
        sample = "I am Iris Novak, under QX-123456, iris@lamps.test."
        told = ask("try_masking", text=sample, value={})
        assert "iris@lamps.test" not in told["text"]
        assert "QX-123456" in told["text"]
        own = [{"name": "customer", "pattern": "QX-######"}]
        told = ask("try_masking", text=sample, value={"patterns": own, "off": ["emails"]})
        assert "QX-123456" not in told["text"]
        assert "iris@lamps.test" in told["text"]
        assert "1 own code" in told["words"]
        assert ask("options")["masking"]["version"] == 0

    def test_masking_switched_off_masks_nothing(self, ask):
        told = ask("try_masking", text="iris@lamps.test", value={"on": False})
        assert told == {"text": "iris@lamps.test", "words": ""}


class TestRecord:
    def test_filters_and_pages(self, ask, product, people):
        for number in range(60):
            product.audit.note(product.person(), "conversation_read", "conversation", str(number))
        first = ask("record", action="conversation_read")
        assert (len(first["entries"]), first["more"]) == (50, True)
        last = first["entries"][-1]["number"]
        rest = ask("record", action="conversation_read", before=last)
        assert (len(rest["entries"]), rest["more"]) == (10, False)
        of_eve = ask("record", about=people["eve"].id)["entries"]
        assert [one["action"] for one in of_eve] == ["person_added"]
        assert of_eve[0]["subject_name"] == "Eve"
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        assert ask("record", since=tomorrow)["entries"] == []
        assert len(ask("record", until=tomorrow)["entries"]) == 50
        assert {"conversation_read", "person_added"} <= set(ask("actions")["actions"])

    def test_export_ends_with_the_role(self, product, people):
        for number in range(PAGE + 10):
            product.audit.note(product.person(), "conversation_read", "conversation", str(number))
        ada = product.accounts.person(product.person(), people["ada"].id)
        lines = product.audit.export(ada)
        read = [next(lines) for _ in range(10)]
        product.accounts.set_roles(product.person(), people["ada"].id, ["chatter"])
        assert len([*read, *lines]) == PAGE

    @pytest.mark.parametrize("since", ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "\0"])
    def test_odd_times_are_refused(self, ask, since):
        assert "Choose it again." in ask("record", since=since)["error"]


class TestSystem:
    def test_health_is_of_this_server(self, ask, product):
        parts = ask("health")["parts"]
        found = [one for part in parts for one in ask("health", part=part)["findings"]]
        assert len(parts) > 8
        assert str(product.settings.home_folder) in str(found)
        assert "port" not in [*parts, *(one["check"] for one in found)]
        assert ask("health", part="port") == {"parts": parts}

    def test_storage_is_measured(self, ask, product):
        (product.settings.home_folder / "models").mkdir(exist_ok=True)
        (product.settings.home_folder / "models" / "file").write_bytes(b"x" * 1000)
        told = ask("system")
        assert told["storage"]["folders"]["models"] == 1000
        assert 10_000 < told["storage"]["database"] < MOST
        assert told["home"] == str(product.settings.home_folder)
        assert "scripted@1" in [one["label"] for one in told["models"]]


class TestFiles:
    @pytest.fixture
    def fetched(self, product):
        def fetch(path, method="POST"):
            async def scene():
                transport = ASGITransport(create_app(product))
                async with AsyncClient(transport=transport, base_url="http://localhost") as client:
                    return await client.request(method, path)

            return asyncio.run(scene())

        return fetch

    def test_pages_have_routes(self, fetched):
        for path in ("/admin", "/account"):
            page = fetched(path, "GET")
            assert page.status_code == 200
            assert "app.js" in page.text

    def test_record_leaves_as_lines(self, fetched, product, people):
        answer = fetched("/admin/record/export?action=person_added")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["action"] for line in lines] == ["person_added"] * 3
        assert ".jsonl" in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"
        assert fetched("/admin/record/export?since=x").json()["code"] == "refused"
        assert fetched(f"/admin/record/export?about={'x' * 65}").status_code == 400

    def test_data_of_a_person_leaves_as_zip(self, fetched, people):
        answer = fetched(f"/admin/people/{people['eve'].id}/export")
        assert answer.content[:2] == b"PK"
        assert answer.headers["content-type"] == "application/zip"
        assert fetched("/admin/people/nobody/export").status_code == 404
        assert fetched(f"/admin/people/{people['eve'].id}/export", "GET").status_code == 404

    def test_files_need_the_role(self, fetched, product, people):
        with product.archive.main.writing() as session:
            session.execute(text("DELETE FROM user_roles WHERE role = 'admin'"))
        for path in ("/admin/record/export", f"/admin/people/{people['eve'].id}/export"):
            assert fetched(path).status_code == 403
        assert fetched("/account/export").content[:2] == b"PK"
