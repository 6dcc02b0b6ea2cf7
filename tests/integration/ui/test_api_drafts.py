"""POST /api/drafts: the contract, refusals, tickets that are kept once, logins and roles."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support.team import PASSWORD
from ui.api import calls
from ui.web import create_app

THREAD = [{"role": "customer", "text": "!say It costs $5.\n\nMissing: the order number"}]


class Api:
    """The application, asked over HTTP without a socket."""

    def __init__(self, product, runner):
        async def made():
            return create_app(product)

        self._app, self._runner = runner.run(made()), runner

    def post(self, given, **more):
        async def asked():
            transport = ASGITransport(self._app)
            async with AsyncClient(transport=transport, base_url="http://localhost") as client:
                body = {"content": given} if isinstance(given, str | bytes) else {"json": given}
                return await client.post("/api/drafts", **body, **more)

        return self._runner.run(asked())


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("api")
    made = build(Settings(home=home, model="scripted", encoder="none"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def api(product):
    with asyncio.Runner() as runner:
        yield Api(product, runner)


def test_a_thread_in_and_a_draft_out(api):
    answer = api.post({"thread": THREAD, "tone": "formal", "instruction": "Offer a call"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert made["text"] == "It costs $5."
    assert made["missing"][0] == "the order number"
    assert made["unsupported"] == []
    assert made["sources"] == []
    assert (made["model"], made["prompt"], made["prompt_version"]) == (
        "scripted@1",
        "support-draft",
        1,
    )


def test_plain_text_is_a_message(api):
    answer = api.post("!say Yes.", headers={"content-type": "text/plain"})
    assert answer.json()["text"] == "Yes."


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ("", 400, "empty"),
        ("[1]", 400, "thread"),
        ("not json", 400, "JSON"),
        ({"thread": THREAD, "tone": "rude"}, 400, "tone"),
        ({"thread": THREAD, "secret": 1}, 400, "secret"),
        ({"thread": THREAD, "model": "nosuch"}, 404, "model"),
        ({"thread": [{"role": "agent", "text": "x"}]}, 400, "customer"),
        (b"\xff\xfe", 400, "UTF-8"),
    ],
)
def test_what_cannot_be_drafted_is_said(api, given, status, said):
    answer = api.post(given)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


def test_a_failing_model_is_said(api):
    answer = api.post({"thread": [{"role": "customer", "text": "!500"}]})
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "broken"


def test_a_ticket_is_kept_once(api, product):
    given = {"thread": THREAD, "ticket": {"id": "T-1", "subject": "Price", "name": "Maja"}}
    for _ in range(2):
        assert api.post(given).status_code == 200
    rows = product.desk.queue(product.person(), which="all").rows
    assert [(row.subject, row.customer, row.channel) for row in rows] == [("Price", "Maja", "api")]
    longer = [*THREAD, {"role": "customer", "text": "And the lamp?"}]
    assert api.post(given | {"thread": longer}).status_code == 200
    opened = product.desk.open(product.person(), rows[0].id)
    assert [each.said.text for each in opened.thread] == [each["text"] for each in longer]


def test_other_sites_are_refused(api):
    answer = api.post({"thread": THREAD}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_key_of_an_agent_drafts(api, product):
    keys = {
        role: product.keys.add(product.person(), name=f"draft {role}", roles=(role,)).token
        for role in ("agent", "chatter")
    }

    def with_key(token, **more):
        return api.post({"thread": THREAD} | more, headers={"authorization": f"Bearer {token}"})

    answer = with_key(keys["agent"])
    assert answer.json()["text"] == "It costs $5."
    assert answer.headers["x-ratelimit-remaining-requests"] == "59"
    assert with_key(keys["chatter"]).status_code == 403
    refused = with_key("cb-nobody")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    views = {one.name: one for one in product.keys.all(product.person())}
    assert views["draft agent"].usage.month_tokens > 0


def test_a_key_drafts_with_its_models_alone(api, product):
    made = product.keys.add(product.person(), name="narrow", roles=("agent",), models=("starter",))
    answer = api.post({"thread": THREAD}, headers={"authorization": f"Bearer {made.token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_not_allowed")


def test_a_key_that_stores_nothing_keeps_no_ticket(api, product):
    made = product.keys.add(product.person(), name="silent", roles=("agent",), stores=False)
    body = {"thread": THREAD, "ticket": {"id": "silent-1"}}
    answer = api.post(body, headers={"authorization": f"Bearer {made.token}"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "ticket")


def test_a_key_has_so_many_drafts_written_at_once(api, product, monkeypatch):
    monkeypatch.setattr(calls, "CALLS", 0)
    made = product.keys.add(product.person(), name="many", roles=("agent",))
    answer = api.post({"thread": THREAD}, headers={"authorization": f"Bearer {made.token}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_accounts_need_a_login_and_the_role(tmp_path):
    settings = Settings(home=tmp_path, model="scripted", encoder="none", auth="accounts")
    product = build(settings)
    tokens = {}
    for login, roles in (("alice", ("chatter",)), ("ann", ("agent",))):
        product.accounts.add(
            product.person(), login=login, name=login.title(), roles=roles, password=PASSWORD
        )
        tokens[login] = product.accounts.sign_in(
            login, PASSWORD, address="192.0.2.7", agent="curl"
        ).token
    try:
        with asyncio.Runner() as runner:
            api = Api(product, runner)

            def as_login(login):
                headers = {
                    "origin": "http://localhost",
                    "cookie": f"chatbot_session={tokens[login]}",
                }
                return api.post({"thread": THREAD}, headers=headers)

            assert api.post({"thread": THREAD}).status_code == 401
            refused = as_login("alice")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
            assert as_login("ann").status_code == 200
    finally:
        product.close()
