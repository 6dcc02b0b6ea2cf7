"""Keys of programs, through the real server with accounts: what opens a route, and what does not.

Every route that needs a key is found in the table of routes, so a new one is asked here too.
"""

import itertools
import json
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from store.models import ApiKey, Conversation, Message
from tests.security.test_headers import filled
from tests.support.team import product_of
from ui.routes import ROUTES

KEYED = [(method, one) for one in ROUTES if "key" in one.who for method in one.methods]
SAID = [{"role": "user", "content": "!say hello"}]
BODIES = {
    "/v1/chat/completions": {"model": "scripted", "messages": SAID},
    "/v1/completions": {"model": "scripted", "prompt": "hello"},
    "/v1/responses": {"model": "scripted", "input": "!say hello"},
    "/v1/embeddings": {"model": "sentences", "input": "hello"},
    "/api/drafts": {"thread": [{"role": "customer", "text": "Where is it?"}], "model": "scripted"},
}
"""What each route takes that names a model."""
PATIENCE = 60
"""Seconds for an answer of an hour to end."""
_names = itertools.count(1)


@pytest.fixture(scope="module")
def behind(team):
    product = product_of(team.home)
    yield product
    product.close()


@pytest.fixture
def key(behind):
    """Make a key; returns it."""

    def made(**given):
        free = {"name": f"key {next(_names)}", "roles": ("chatter", "agent"), "requests_minute": 0}
        return behind.keys.add(behind.person(), **(free | given)).token

    return made


@pytest.fixture(scope="module")
def program(team):
    """A client that says nothing of where it comes from, as programs do."""
    with team.browser(headers={"origin": ""}) as client:
        del client.headers["origin"]
        yield client


def bearing(token):
    return {"authorization": f"Bearer {token}"}


def ended(behind, token, state):
    """End a key in one of two ways; who called with it."""
    caller = behind.keys.of_token(token)
    if state == "revoked":
        behind.keys.revoke(behind.person(), caller.key)
    else:
        with behind.archive.main.writing() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(
                update(ApiKey).where(ApiKey.id == caller.key_id).values(expires_at=past)
            )
    return caller


def refused(answer, status, code):
    """The answer is a refusal in OpenAI's shape, and nothing else."""
    assert answer.status_code == status, (answer.request.url, answer.text)
    told = answer.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"message", "type", "param", "code"}
    assert told["error"]["code"] == code
    return told["error"]["message"]


def test_there_are_routes_to_ask():
    assert len(KEYED) >= 10
    assert set(BODIES) < {one.path for _, one in KEYED}


def test_nothing_but_a_key_opens_a_route(team, behind, program, key):
    revoked, expired = key(), key()
    ended(behind, revoked, "revoked")
    ended(behind, expired, "expired")
    live = key()
    always = ({}, bearing("cb-" + "A" * 43), bearing(revoked), bearing(expired))
    sometimes = (
        bearing(live[:-1]),
        bearing(live + "x"),
        bearing(f'"{live}"'),
        {"authorization": f"Basic {live}"},
        {"authorization": live},
        {"authorization": "Bearer"},
        {"x-api-key": live},
        {"api-key": live},
        {"cookie": f"chatbot_session={live}", "origin": team.address},
        {"cookie": f"authorization=Bearer {live}"},
    )
    for method, route in KEYED:
        known = route.path in ("/v1/chat/completions", "/api/drafts")  # one of each kind of route
        for headers in (*always, *(sometimes if known else ())):
            body = BODIES.get(route.path, {})
            answer = program.request(method, filled(route.path), json=body, headers=headers)
            refused(answer, 401, "invalid_api_key")
            assert answer.headers["www-authenticate"] == "Bearer"
        answer = program.request(method, filled(route.path), json={}, params={"key": live})
        refused(answer, 401, "invalid_api_key")


def test_a_login_opens_no_route_for_keys_and_is_nobody_beside_one(team, behind, key):
    ending = key()
    ended(behind, ending, "revoked")
    with team.client("root") as client:
        for method, route in KEYED:
            path, body = filled(route.path), BODIES.get(route.path, {})
            if route.who == "key":
                refused(client.request(method, path, json=body), 401, "invalid_api_key")
            answer = client.request(method, path, json=body, headers=bearing(ending))
            refused(answer, 401, "invalid_api_key")  # not what root may do
        chatter = key(roles=("chatter",))
        draft = {**BODIES["/api/drafts"]}
        refused(
            client.post("/api/drafts", json=draft, headers=bearing(chatter)), 403, "not_allowed"
        )


def test_a_key_opens_no_page_and_no_command(team, program, key):
    token = key(roles=("chatter", "agent", "author", "reviewer", "admin"))
    for headers in (bearing(token), {"cookie": f"chatbot_session={token}"}):
        for one in ROUTES:
            if one.who != "signed in":
                continue
            for method in one.methods:
                headers = {"origin": team.address, **headers}
                answer = program.request(method, filled(one.path), json={}, headers=headers)
                assert answer.status_code == (303 if one.page else 401), (method, one.path)


def test_another_sites_page_cannot_use_a_key(program, key):
    token = key()
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        for path, body in BODIES.items():
            answer = program.post(path, json=body, headers=bearing(token) | headers)
            refused(answer, 403, "other_site")
            assert "access-control-allow-origin" not in answer.headers


def test_what_one_key_stored_another_does_not_find(program, key):
    mine, other = key(), key()
    for token in (mine, other):
        sent = {
            "model": "scripted",
            "messages": [{"role": "user", "content": f"!say {token[-4:]}"}],
        }
        program.post("/v1/chat/completions", json=sent, headers=bearing(token)).raise_for_status()
    listed = program.get("/api/conversations", headers=bearing(mine)).json()["data"]
    [found] = [one["id"] for one in listed]
    path = f"/api/conversations/{found}"
    for method in ("GET", "DELETE"):
        refused(program.request(method, path, headers=bearing(other)), 404, "not_found")
    assert found not in program.get("/api/conversations", headers=bearing(other)).text
    assert mine[-4:] in program.get(path, headers=bearing(mine)).text


def test_a_key_keeps_to_its_models(program, key):
    token = key(models=("starter", "prompt:support"))
    for path, body in BODIES.items():
        refused(program.post(path, json=body, headers=bearing(token)), 403, "model_not_allowed")
    for name in ("scripted", "scripted@1", "prompt:assistant"):
        sent = BODIES["/v1/chat/completions"] | {"model": name}
        answer = program.post("/v1/chat/completions", json=sent, headers=bearing(token))
        refused(answer, 403, "model_not_allowed")
        answer = program.get(f"/v1/models/{name}", headers=bearing(token))
        assert answer.status_code in (403, 404), name
    names = {one["id"] for one in program.get("/v1/models", headers=bearing(token)).json()["data"]}
    assert "prompt:support" in names
    assert not {one for one in names if one.startswith(("scripted", "prompt:assistant"))}


def test_a_key_asks_no_more_than_it_may(program, key):
    token, path = key(requests_minute=2), "/v1/chat/completions"
    asked = [program.post(path, json=BODIES[path], headers=bearing(token)) for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert "2 requests a minute" in refused(asked[-1], 429, "rate_limit_exceeded")
    assert 1 <= int(asked[-1].headers["retry-after"]) <= 60
    left = [one.headers["x-ratelimit-remaining-requests"] for one in asked[:2]]
    assert left == ["1", "0"]
    for path, body in BODIES.items():
        answer = program.post(path, json=body, headers=bearing(token))
        refused(answer, 429, "rate_limit_exceeded")


def test_a_key_that_ends_in_mid_answer_ends_the_answer_and_no_other(behind, program, key):
    ending = {"revoked": key(), "expired": key()}
    with ExitStack() as open_:
        others = open_.enter_context(answering(program, key()))
        streams = {how: open_.enter_context(answering(program, ending[how])) for how in ending}
        assert all(next(one)["choices"] for one in (others, *streams.values()))
        callers = [ended(behind, token, how) for how, token in ending.items()]
        for events, caller in zip(streams.values(), callers, strict=True):
            rest = list(events)
            assert rest[-1]["error"]["code"] == "invalid_api_key"
            assert states(behind, caller) == ["stopped"]
        seen = [next(others) for _ in range(len(rest) + 20)]  # what came meanwhile, and more
        assert not [one for one in seen if "error" in one]


def test_no_key_stands_in_the_log(team, program, key):
    token = key()
    program.get("/v1/models", headers=bearing(token))
    program.get(f"/v1/{token}", headers=bearing(token))
    program.get("/v1/models", params={"key": token})
    assert token not in team.log
    assert token[-12:] not in team.log


@contextmanager
def answering(program, token):
    """The events of an answer that would take an hour."""
    sent = {
        "model": "scripted",
        "stream": True,
        "messages": [{"role": "user", "content": "!tokens 72000 !rate 20 x"}],
    }
    with program.stream(
        "POST", "/v1/chat/completions", json=sent, headers=bearing(token), timeout=PATIENCE
    ) as answer:
        assert answer.status_code == 200
        lines = (line.removeprefix("data: ") for line in answer.iter_lines() if line)
        yield (json.loads(line) for line in lines if line != "[DONE]")


def states(behind, caller):
    """The states of the answers that a key was given, once none is being written."""
    of_key = Conversation.user_id == caller.person.id
    asked = select(Message.status).join(Conversation).where(of_key, Message.role == "assistant")
    until = time.monotonic() + PATIENCE
    while True:
        with behind.archive.main.reading() as session:
            found = list(session.scalars(asked))
        if "streaming" not in found:
            return found
        assert time.monotonic() < until
        time.sleep(0.1)
