"""Logging in through another server, over HTTP, with a real provider that also lies."""

import itertools
import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from store import attempts
from tests.support.oidc_provider import CLIENT, LIES, SECRET, OidcProvider
from tests.support.team import PASSWORD, Team, log_in, product_of

AWAY = "chatbot_away"
SESSION = "chatbot_session"
EVIL = "<script>alert(1)</script>"
JSON = {"Content-Type": "application/json"}
DISCOVERY = "/.well-known/openid-configuration"

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def serving():
    with OidcProvider() as started:
        yield started


@pytest.fixture(scope="module")
def team(serving, tmp_path_factory):
    server = Team(
        tmp_path_factory.mktemp("team"),
        CHATBOT_OIDC_ISSUER=serving.issuer,
        CHATBOT_OIDC_CLIENT_ID=CLIENT,
        CHATBOT_OIDC_CLIENT_SECRET=SECRET,
        CHATBOT_OIDC_NAME="Quarry <ID>",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def opened(team):
    product = product_of(team.home)
    yield product
    product.close()


@pytest.fixture
def behind(opened):
    """The server's product, to look at the database; no earlier refusals count."""
    with opened.archive.main.writing() as session:
        attempts.forget(session, attempts.address_key("127.0.0.1"))
    return opened


@pytest.fixture
def provider(serving):
    serving.begin_anew()
    return serving


@pytest.fixture
def browser(team, behind):
    with team.browser() as client:
        yield client


@pytest.fixture
def guest(provider, behind):
    """Somebody at the provider whom an administrator has invited by their address."""
    number = next(numbers)
    subject, email = f"subject-{number}", f"guest{number}@example.org"
    provider.people[subject] = {"name": "Guest", "email": email, "email_verified": True}
    provider.here = subject
    behind.accounts.invite(
        behind.person(), login=f"guest{number}", name=f"G {number}", roles=["chatter"], email=email
    )
    return f"G {number}"


def away(browser, to="/"):
    """To the provider; where it sends the browser back to."""
    there = browser.get("/oidc/start", params={"next": to})
    assert there.status_code == 303, there.text
    # Another client: the provider must not see our cookies, nor set any here.
    back = httpx.get(there.headers["location"], timeout=60)
    assert back.status_code == 302, back.text
    return back.headers["location"]


def told(page):
    """The sentence on the login page."""
    assert '<h1 id="title">Log in</h1>' in page.text
    return re.search(r'id="problem">.*?<span>(.*?)</span>', page.text)[1]


def in_here(browser):
    return browser.get("/session").status_code == 200


def refusals(behind):
    return behind.audit.entries(behind.person(), action="sign_in_refused")


# Coming in ------------------------------------------------------------------------------------


def test_an_invited_person_comes_in(browser, behind, guest):
    page = browser.get("/login", params={"next": "/?c=1&m=2"})
    assert "Log in with Quarry &lt;ID&gt;" in page.text
    link = re.search(r'href="(/oidc/start[^"]*)"', page.text)[1]
    assert link == "/oidc/start?next=%2F%3Fc%3D1%26m%3D2"
    there = browser.get(link)
    back = httpx.get(there.headers["location"]).headers["location"]
    landed = browser.get(back)
    assert (landed.status_code, landed.headers["location"]) == (303, "/?c=1&m=2")
    assert AWAY not in browser.cookies
    assert browser.get("/session").json()["name"] == guest
    entry = behind.audit.entries(behind.person(), action="sign_in")[0]
    assert (entry.actor, entry.detail["how"]) == (guest, "identity")


def test_what_is_asked_and_kept(team, browser, provider):
    there = browser.get("/oidc/start")
    address = urlsplit(there.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/authorize"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    fixed = {
        "response_type": "code",
        "client_id": CLIENT,
        "scope": "openid email profile",
        "code_challenge_method": "S256",
        "redirect_uri": f"{team.address}/oidc/back",
    }
    assert asked.items() >= fixed.items()
    assert set(asked) == {*fixed, "state", "nonce", "code_challenge"}
    cookie = there.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=600" in cookie
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert not any(asked[name] in cookie for name in ("state", "nonce"))


def test_the_pair_of_issuer_and_subject_counts_from_then_on(browser, provider, behind, guest):
    assert browser.get(away(browser)).headers["location"] == "/"
    browser.post("/logout")
    assert not in_here(browser)
    provider.people[provider.here]["email"] = "married@example.org"
    assert browser.get(away(browser)).status_code == 303
    assert browser.get("/session").json()["name"] == guest


def test_an_address_that_was_somebodys_opens_nothing(team, browser, provider, guest):
    browser.get(away(browser))
    email = provider.people[provider.here]["email"]
    provider.people["newcomer"] = {"name": "N", "email": email, "email_verified": True}
    provider.here = "newcomer"
    with team.browser() as another:
        page = another.get(away(another))
        assert page.status_code == 403
        assert told(page) == "You have no account here. Ask an administrator to invite you."
        assert not in_here(another)


@pytest.mark.parametrize("verified", [False, None, "true", 1, "yes"])
def test_only_a_verified_address_joins(browser, provider, behind, guest, verified):
    provider.people[provider.here]["email_verified"] = verified
    page = browser.get(away(browser))
    assert page.status_code == 403
    assert not in_here(browser)
    assert refusals(behind)[0].kind == "identity"


def test_an_account_that_is_off_stays_shut(browser, behind, guest):
    browser.get(away(browser))
    admin = behind.person()
    person = next(one for one in behind.accounts.people(admin) if one.name == guest)
    behind.accounts.set_active(admin, person.id, active=False)
    assert not in_here(browser)
    page = browser.get(away(browser))
    assert page.status_code == 403
    assert not in_here(browser)


def test_a_thin_token_is_filled_by_userinfo(browser, provider, guest):
    provider.thin = True
    assert browser.get(away(browser)).status_code == 303
    assert in_here(browser)


def test_userinfo_of_somebody_else_is_refused(browser, provider, behind, guest):
    provider.thin = True
    provider.instead["/userinfo"] = (
        200,
        JSON,
        '{"sub": "x", "email": "alice@example.org", "email_verified": true}',
    )
    assert browser.get(away(browser)).status_code == 502
    assert refusals(behind)[0].detail["why"] == "userinfo"


def test_who_is_logged_in_goes_on(team, provider):
    with team.client("bob") as client:
        there = client.get("/oidc/start", params={"next": "/?c=7"})
        assert (there.status_code, there.headers["location"]) == (303, "/?c=7")
    assert provider.asked == []


def test_the_old_login_of_the_browser_ends(team, browser, provider, guest):
    back = away(browser)
    log_in(browser, "bob", PASSWORD)
    old = browser.cookies[SESSION]
    assert browser.get(back).status_code == 303
    assert browser.get("/session").json()["name"] == guest
    with team.browser(cookies={SESSION: old}) as client:
        assert not in_here(client)


# Where one lands ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/login"],
)
def test_one_lands_on_this_server(browser, guest, to):
    landed = browser.get(away(browser, to))
    assert (landed.status_code, landed.headers["location"]) == (303, "/")


def test_a_planted_cookie_leads_nowhere_else(browser, guest):
    """Where to go stands in the cookie; state and nonce are made from all of it."""
    back = away(browser)
    secret, since, _ = browser.cookies[AWAY].split(".")
    browser.cookies.clear()
    browser.cookies.set(AWAY, f"{secret}.{since}.{quote('//evil.example', safe='')}")
    assert browser.get(back).headers.get("location") in (None, "/")


def test_a_very_long_way_is_forgotten(browser, guest):
    landed = browser.get(away(browser, "/?c=" + "x" * 3000))
    assert landed.headers["location"] == "/"


# Handshake ------------------------------------------------------------------------------------

TOO_OLD = "The login took too long, or it was begun elsewhere. Try again."


def test_another_browser_cannot_come_back(team, browser, guest):
    back = away(browser)
    with team.browser() as other:
        page = other.get(back)
        assert (page.status_code, told(page)) == (400, TOO_OLD)
        other.get("/oidc/start")
        assert told(other.get(back)) == TOO_OLD
        assert not in_here(other)
    assert browser.get(back).status_code == 303


def test_one_comes_back_once(browser, guest):
    back = away(browser)
    assert browser.get(back).status_code == 303
    assert told(browser.get(back)) == TOO_OLD


def test_another_browsers_code_is_worth_nothing(team, browser, behind, guest):
    """Mallory's code, in the address that Alice's browser waits for: PKCE and nonce differ."""
    with team.browser() as mallory:
        code = parse_qs(urlsplit(away(mallory)).query)["code"][0]
    mine = parse_qs(urlsplit(away(browser)).query)
    page = browser.get("/oidc/back", params={"code": code, "state": mine["state"][0]})
    assert page.status_code == 502
    assert refusals(behind)[0].detail["why"] == "refused"
    assert not in_here(browser)


@pytest.mark.parametrize(
    "cookie", ["", "x", "x.y.z", "..", "a.9999999999999.b", "a.1.%2F", "é.1./"]
)
def test_nonsense_in_the_cookie_is_refused(browser, guest, cookie):
    back = away(browser)
    browser.cookies.clear()
    page = browser.get(back, headers={"cookie": f"{AWAY}={cookie}".encode()})
    assert (page.status_code, told(page)) == (400, TOO_OLD)


@pytest.mark.parametrize("query", ["", "state=x", "code=x", "state=&code=", "state=é&code=x"])
def test_nonsense_in_the_address_is_refused(browser, guest, query):
    away(browser)
    page = browser.get(f"/oidc/back?{query}")
    assert (page.status_code, told(page)) == (400, TOO_OLD)


def test_two_states_are_none(browser, guest):
    back = away(browser)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert told(browser.get(f"{back}&state={state}")) == TOO_OLD


# What the provider may do wrong ---------------------------------------------------------------


WHY = {
    "nonce": {"nonce"},
    "no nonce": {"nonce"},
    "audience": {"aud"},
    "also for others": {"azp"},
    "for another party": {"azp"},
    "issuer": {"iss"},
    "expired": {"exp"},
    "endless": {"exp"},
    "from tomorrow": {"iat"},
    "access token": {"at_hash"},
    "nobody": {"sub"},
    "an empty name": {"sub"},
    "a number": {"sub"},
    "no token": {"signature"},
    "a list": {"no token"},
} | {
    lie: {"signature"}
    for lie in (
        "unsigned",
        "signed by the secret",
        "signed by the public key",
        "signed by somebody",
        "changed",
    )
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(browser, provider, behind, guest, lie):
    provider.lie = lie
    page = browser.get(away(browser))
    assert page.status_code == 502
    assert told(page) == "The answer of Quarry &lt;ID&gt; cannot be trusted. Tell an administrator."
    assert not in_here(browser)
    assert SESSION not in browser.cookies
    entry = refusals(behind)[0]
    assert entry.detail["why"] in WHY[lie]
    assert entry.detail["address"] == "127.0.0.0/24"


def test_keys_may_change(browser, provider, guest):
    assert browser.get(away(browser)).status_code == 303
    browser.post("/logout")
    provider.rotate()
    assert browser.get(away(browser)).status_code == 303
    browser.post("/logout")
    before = provider.asked.count(("GET", "/keys"))
    assert browser.get(away(browser)).status_code == 303
    assert provider.asked.count(("GET", "/keys")) == before


def test_a_key_that_is_not_published_signs_nobody(browser, provider, guest):
    provider.sign_with("EC", publish=False)
    page = browser.get(away(browser))
    assert page.status_code == 502
    assert not in_here(browser)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "The login with Quarry &lt;ID&gt; was cancelled."),
        ("temporarily_unavailable", "is out of order. Try again in a moment."),
        ("login_required", "was refused. Try again, or use a password."),
        ("silent", "was refused. Try again, or use a password."),
        (EVIL, "was refused. Try again, or use a password."),
    ],
)
def test_an_error_is_one_sentence_of_ours(browser, behind, guest, error, sentence):
    state = parse_qs(urlsplit(away(browser)).query)["state"][0]
    said = {"error": error, "error_description": EVIL, "error_uri": "https://evil.example/"}
    page = browser.get("/oidc/back", params=said | {"state": state})
    assert page.status_code == 502
    assert sentence in told(page)
    assert "alert(1)" not in page.text
    assert "evil" not in page.text
    words = {"access_denied", "temporarily_unavailable"}
    assert refusals(behind)[0].detail["why"] == (error if error in words else "refused")


@pytest.mark.parametrize(
    "answer",
    [
        (400, JSON, json.dumps({"error": "invalid_grant", "error_description": EVIL})),
        (500, {}, EVIL),
        (302, {"Location": "http://127.0.0.1:1/"}, ""),
        (200, JSON, "no json"),
        (200, JSON, "[" * 100_000),
        (200, JSON, "{}"),
        (200, JSON, '{"id_token": "x.y.z"}'),
        (200, JSON, "x" * 300_000),
        (200, JSON | {"Content-Encoding": "gzip"}, "x"),
    ],
    ids=["error", "500", "redirect", "text", "deep", "nothing", "no jwt", "large", "compressed"],
)
def test_a_broken_token_endpoint_is_told(browser, provider, guest, answer):
    back = away(browser)
    provider.instead["/token"] = answer
    page = browser.get(back)
    assert page.status_code == 502
    assert "Quarry &lt;ID&gt;" in told(page)
    assert "alert(1)" not in page.text
    assert not in_here(browser)


def test_nothing_of_it_is_logged(team, browser, provider, guest):
    back = away(browser)
    cookie = browser.cookies[AWAY].split(".")[0]
    browser.get(back)
    given = [*parse_qs(urlsplit(back).query)["code"], *provider.tokens, cookie, SECRET, EVIL]
    assert len(given) > 4
    assert not [secret for secret in given if secret in team.log]


def test_many_refusals_from_an_address_make_it_wait(browser, provider, behind, guest):
    for _ in range(52):
        behind.accounts.identity_refused("127.0.0.1", "refused")
    back = away(browser)
    page = browser.get(back)
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    assert told(page).startswith("Too many tries. Wait ")
    assert ("POST", "/token") not in provider.asked
