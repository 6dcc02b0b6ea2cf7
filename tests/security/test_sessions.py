"""Gradio's sessions over HTTP: a name that another person uses opens nothing, on any route."""

import json
import secrets
import time
from contextlib import ExitStack

import httpx
import pytest

from tests.support.over_http import CHAT, Door
from tests.support.team import product_of
from ui.bindings import EACH

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def alice(team):
    with team.door("alice") as door:
        begun = door.call("send", conversation=None, text="!say a secret of mine", key="key-00001")
        door.conversation, door.reply = begun["conversation"], begun["reply"]
        door.finished(door.conversation)
        yield door


@pytest.fixture(scope="module")
def bob(team):
    with team.door("bob") as door:
        yield door


@pytest.fixture(scope="module")
def stranger(team):
    with team.browser() as client:
        yield client


def requests_with(name, event="e" * 32):
    """Every request that carries the name of a session."""
    body = {"session_hash": name, "data": [], "fn_index": 0, "trigger_id": 1, "event_id": None}
    call = {"session_hash": name, "data": {"do": "start"}, "fn_name": "call", "component_id": 1}
    cancel = {"session_hash": name, "fn_index": 0, "event_id": event}
    api = "/gradio_api"
    return {
        "join": ("POST", f"{api}/queue/join", {"json": body}),
        "join/": ("POST", f"{api}/queue/join/", {"json": body}),
        "join?": ("POST", f"{api}/queue/join?session_hash=own", {"json": body}),
        "data": ("GET", f"{api}/queue/data", {"params": {"session_hash": name}}),
        "heartbeat": ("GET", f"{api}/heartbeat/{name}", {}),
        "call": ("POST", f"{api}/component_server", {"json": call}),
        "call/": ("POST", f"{api}/component_server/", {"json": call}),
        "cancel": ("POST", f"{api}/cancel", {"json": cancel}),
    }


@pytest.mark.parametrize("kind", requests_with("x"))
def test_a_session_of_another_person_is_refused(alice, bob, kind):
    method, path, more = requests_with(alice.session)[kind]
    with bob.client.stream(method, path, **more) as answer:
        answer.read()
        assert answer.status_code == 403
        assert answer.json()["code"] == "foreign_session"


@pytest.mark.parametrize("kind", requests_with("x"))
@pytest.mark.parametrize("theirs", [True, False])
def test_nobody_without_a_login_uses_a_session(alice, stranger, kind, theirs):
    method, path, more = requests_with(alice.session if theirs else "invented")[kind]
    with stranger.stream(method, path, **more) as answer:
        answer.read()
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/call/watch/{event}"),
        ("GET", "/gradio_api/call/v2/watch/{event}"),
        ("POST", "/gradio_api/call/watch"),
        ("POST", "/gradio_api/run/watch"),
        ("POST", "/gradio_api/api/watch"),
        ("POST", "/gradio_api/stream/{event}"),
        ("POST", "/gradio_api/stream/{event}/close"),
        ("GET", "/gradio_api/stream/{session}/1/1/playlist.m3u8"),
        ("GET", "/gradio_api/deep_link?session_hash={session}"),
        ("GET", "/gradio_api/upload_progress?upload_id={session}"),
        ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/user"),
        ("GET", "/gradio_api/queue/status"),
    ],
)
def test_other_ways_to_a_session_are_closed(alice, bob, method, path):
    filled = path.format(session=alice.session, event="e" * 32)
    assert bob.client.request(method, filled, json={}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "session_hash={own}&session_hash={theirs}",
        "session_hash={theirs}&session_hash={own}",
        "session_hash=&session_hash={theirs}",
        "session%5Fhash={theirs}",
        "session_hash={theirs}%20",
        "SESSION_HASH={theirs}",
        "",
    ],
)
def test_no_spelling_of_the_query_reaches_a_stream(alice, bob, query):
    filled = query.format(own=bob.session, theirs=alice.session)
    with bob.client.stream("GET", f"/gradio_api/queue/data?{filled}") as answer:
        assert answer.status_code in (403, 422)


@pytest.mark.parametrize(
    "text",
    [
        '{{"session_hash": "{own}", "session_hash": "{theirs}"{rest}}}',
        '{{"session\\u005fhash": "{theirs}"{rest}}}',
        '{{"session_hash": ["{theirs}"]{rest}}}',
        '{{"session_hash": null{rest}}}',
        '{{"session_hash": ""{rest}}}',
        '{{"session_hash": 7{rest}}}',
        '[{{"session_hash": "{theirs}"{rest}}}]',
        '"{theirs}"',
        "{{",
        "",
    ],
)
@pytest.mark.parametrize("path", ["queue/join", "component_server", "cancel"])
def test_no_spelling_of_the_body_reaches_a_session(alice, bob, path, text):
    rest = ', "data": {"do": "start"}, "fn_name": "call", "component_id": 1, "fn_index": 0'
    filled = text.format(own=bob.session, theirs=alice.session, rest=rest)
    for encoding in ("utf-8", "utf-16"):
        content = filled.encode(encoding)
        answer = bob.client.post(f"/gradio_api/{path}", content=content, headers=JSON)
        assert answer.status_code in (400, 403, 422), (encoding, answer.text)


def test_multipart_calls_are_refused(alice, bob):
    given = {"session_hash": alice.session, "fn_name": "call", "component_id": "1"}
    answer = bob.client.post("/gradio_api/component_server", data=given, files={"file": b"x"})
    assert answer.status_code == 415


def test_anothers_stream_goes_on_beside_all_this(team, alice, bob):
    begun = alice.call(
        "send", conversation=alice.conversation, text="!tokens 30 !rate 20 on", key="key-00002"
    )
    for method, path, more in requests_with(alice.session).values():
        with bob.client.stream(method, path, **more):
            pass
    facts = alice.finished(begun["conversation"])
    assert facts["messages"][-1]["status"] == "complete"
    assert "broke" not in team.log
    assert "Traceback" not in team.log


def test_anothers_listener_cannot_be_cancelled(alice, bob):
    look = {"tab": "t1", "conversation": alice.conversation, "limit": 50, "number": 1}
    event = alice.join(CHAT, "watch", look).json()["event_id"]
    _, path, more = requests_with(bob.session, event)["cancel"]
    assert bob.client.post(path, **more).status_code == 404
    facts = next(alice.watch(alice.conversation, tab="t2"))
    assert facts["id"] == alice.conversation


def test_one_tab_name_of_two_people_never_meets(alice, bob):
    mine = alice.watch(alice.conversation, tab="the same")
    assert next(mine)["id"] == alice.conversation
    assert bob.call("look", tab="the same", conversation=None, number=1) == {"watching": False}
    bob.call("leave", tab="the same")
    theirs = next(bob.watch(None, tab="the same"))
    assert theirs["id"] is None
    assert alice.call("look", tab="the same", conversation=None, number=2) == {"watching": True}


def test_an_ended_login_ends_its_stream(team):
    with team.door("bob") as door:
        conversation = door.call(
            "send", conversation=None, text="!tokens 4000 !rate 20 long", key="key-00003"
        )["conversation"]
        facts = door.watch(conversation)
        assert next(facts)["id"] == conversation
        with team.browser(cookies=dict(door.client.cookies)) as other:
            other.post("/logout")
        last = list(facts)[-1]
    assert (last["left"], last["code"]) == (True, "not_signed_in")


def test_a_person_who_is_switched_off_reads_no_further(team):
    with team.door("rita") as door:
        conversation = door.call(
            "send", conversation=None, text="!tokens 4000 !rate 20 long", key="key-00004"
        )["conversation"]
        facts = door.watch(conversation)
        assert next(facts)["id"] == conversation
        product = product_of(team.home)
        rita = product.accounts.find(product.person(), "rita")
        try:
            product.accounts.set_active(product.person(), rita.id, active=False)
            last = list(facts)[-1]
        finally:
            product.accounts.set_active(product.person(), rita.id, active=True)
            product.close()
        assert (last["left"], last["code"]) == (True, "not_signed_in")
        assert door.client.get("/config").status_code == 401


def test_a_role_that_was_taken_away_opens_nothing(team):
    product = product_of(team.home)
    rita = product.accounts.find(product.person(), "rita")
    try:
        with team.door("rita") as door:
            assert "models" in door.call("start", at="models-data")
            product.accounts.set_roles(product.person(), rita.id, ("chatter",))
            told = door.call("start", at="models-data")
            assert told["code"] == "not_allowed"
    finally:
        product.accounts.set_roles(product.person(), rita.id, ("reviewer",))
        product.close()


def test_three_thousand_invented_sessions_leave_others_theirs(team, alice):
    """Two hundred over HTTP; tests/unit/ui/test_bindings.py counts to three thousand."""
    with team.client("bob") as client:
        for number in range(200):
            call = {"session_hash": f"invented-{number}", "data": {"do": "models"}}
            call |= {"fn_name": "call", "component_id": alice.books[CHAT]}
            assert client.post("/gradio_api/component_server", json=call).status_code == 200
    facts = next(alice.watch(alice.conversation, tab="still here"))
    assert json.dumps(facts).count(alice.conversation)


def test_a_person_has_so_many_listeners_at_once(team):
    from ui.bindings import EVENTS

    statuses = []
    with team.client("bob") as client:
        door = Door(team.address, client)
        for number in range(EVENTS + 5):
            if number % 50 == 0:
                door.session = f"full-{number}"
            look = {"tab": f"t{number}", "conversation": None, "limit": 50, "number": 1}
            answer = door.join(CHAT, "watch", look)
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) >= 1
        assert statuses[:EVENTS].count(200) >= EVENTS - 10
        assert statuses[-1] == 429
        for number in range(EVENTS + 5):
            door.call("leave", tab=f"t{number}")


def test_a_name_of_the_server_is_needed(team):
    with httpx.Client(base_url=team.address) as client:
        answer = client.get("/login", headers={"host": "evil.example"})
    assert answer.status_code == 403


def test_pages_that_vanish_give_their_places_back(team):
    """A browser that crashes says no farewell: its connections end, and nothing else."""
    look = {"tab": "t", "conversation": None, "limit": 50, "number": 1}
    with team.door("rita") as door:

        def begin():
            door.session = secrets.token_hex(6)
            return door.join(CHAT, "watch", {**look, "tab": door.session}).status_code

        with ExitStack() as open_:
            many = httpx.Limits(max_connections=None)
            client = open_.enter_context(team.browser(cookies=door.client.cookies, limits=many))
            beats = []  # a response that nobody holds is closed
            for _ in range(EACH):
                assert begin() == 200
                beat = client.stream("GET", f"/gradio_api/heartbeat/{door.session}")
                beats.append(open_.enter_context(beat).iter_bytes())
                next(beats[-1])
            assert begin() == 429
        until = time.monotonic() + 60
        while (answer := begin()) == 429 and time.monotonic() < until:
            time.sleep(0.2)
        assert answer == 200
