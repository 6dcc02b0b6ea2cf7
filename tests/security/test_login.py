"""Logging in and out over HTTP: forms, cookies, where one lands, and what other sites can do."""

import httpx
import pytest

from tests.support.team import PASSWORD, form_word, log_in

COOKIE = "chatbot_session"


@pytest.fixture
def browser(team):
    with team.browser() as client:
        yield client


@pytest.fixture(scope="module")
def rita(team):
    with team.client("rita") as client:
        yield client


def test_a_person_is_sent_to_the_login_and_back(browser):
    away = browser.get("/?c=abc&m=d%20e", headers={"accept": "text/html"})
    assert away.status_code == 303
    assert away.headers["location"] == "/login?next=/%3Fc%3Dabc%26m%3Dd%2520e"
    page = browser.get(away.headers["location"])
    assert 'value="/?c=abc&amp;m=d%20e"' in page.text
    given = {"form": form_word(page.text), "name": "alice", "password": PASSWORD}
    back = browser.post("/login", data=given | {"next": "/?c=abc&m=d%20e"})
    assert (back.status_code, back.headers["location"]) == (303, "/?c=abc&m=d%20e")
    assert browser.get("/", headers={"accept": "text/html"}).status_code == 200
    assert browser.get("/login").status_code == 303


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/login?next=/",
        "/logout",
        "",
    ],
)
def test_the_login_leads_nowhere_else(browser, to):
    answer = log_in(browser, "alice", to=to)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_scripts_are_told_in_json(browser):
    for method, path in [("GET", "/config"), ("GET", "/gradio_api/queue/data?session_hash=x")]:
        answer = browser.request(method, path)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize("login", ["alice", "nobody-of-that-name", "", "a" * 400, '<b>&"'])
def test_a_wrong_login_is_one_sentence(browser, login):
    answer = log_in(browser, login, "not the password")
    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert "<b>&" not in answer.text
    assert "not the password" not in answer.text


def test_a_wrong_login_keeps_the_name_and_asks_for_the_password(browser):
    page = log_in(browser, "alice", "not the password").text
    name = next(line for line in page.splitlines() if 'id="name"' in line)
    password = next(line for line in page.splitlines() if 'id="password"' in line)
    assert 'value="alice"' in name
    assert "autofocus" not in name
    assert "autofocus" in password
    assert 'aria-invalid="true"' in password


def test_too_many_tries_say_how_long_to_wait(team, browser):
    for _ in range(30):
        answer = log_in(browser, "somebody", "wrong wrong wrong")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Too many tries. Wait " in answer.text
    assert 'value="somebody"' in answer.text


def test_cookies_are_for_the_server_alone(browser):
    form = browser.get("/login").headers["set-cookie"].lower()
    session = log_in(browser, "bob").headers["set-cookie"].lower()
    for cookie in (form, session):
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie


def test_each_login_has_a_token_of_its_own(team):
    with team.client("bob") as one, team.client("bob") as other:
        tokens = {client.cookies[COOKIE] for client in (one, other)}
        assert len(tokens) == 2


def test_a_planted_session_does_not_survive_the_login(team, browser):
    browser.cookies.set(COOKIE, "planted", domain="127.0.0.1")
    assert log_in(browser, "bob").status_code == 303
    assert "planted" not in [cookie.value for cookie in browser.cookies.jar]


@pytest.mark.parametrize("word", ["", "0" * 64, "ä"])
def test_a_form_without_its_word_is_refused(browser, word):
    browser.get("/login")
    answer = browser.post("/login", data={"form": word, "name": "bob", "password": PASSWORD})
    assert answer.status_code == 403
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert 'value="bob"' in answer.text


def test_a_word_of_another_browser_is_refused(team, browser):
    with team.browser() as other:
        word = form_word(other.get("/login").text)
    browser.get("/login")
    answer = browser.post("/login", data={"form": word, "name": "bob", "password": PASSWORD})
    assert answer.status_code == 403


def test_a_form_is_a_form(browser):
    word = form_word(browser.get("/login").text)
    given = {"form": word, "name": "bob", "password": PASSWORD}
    assert browser.post("/login", json=given).status_code == 403
    assert browser.post("/login", files={"name": b"bob"}).status_code == 403
    assert browser.post("/login", content=b"x" * 20_000).status_code == 413


def test_log_out_ends_this_login(team):
    with team.client("bob") as here, team.client("bob") as there:
        kept = dict(here.cookies)
        assert here.post("/logout").status_code == 200
        assert here.get("/session").status_code == 401
        with team.browser(cookies=kept) as thief:
            assert thief.get("/session").status_code == 401
        assert there.get("/session").json()["name"] == "Bob"


def test_log_out_everywhere_ends_every_login(team):
    with team.client("alice") as here, team.client("alice") as there:
        assert here.post("/logout/everywhere").status_code == 200
        assert there.get("/session").status_code == 401
        assert there.post("/logout/everywhere").status_code == 401
        assert there.post("/logout").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "same"},
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/logout", "/logout/everywhere", "/gradio_api/component_server", "/gradio_api/queue/join"],
)
def test_a_request_of_another_site_changes_nothing(team, rita, headers, path):
    if headers.get("origin") == "same":
        headers = headers | {"origin": team.address}
    with httpx.Client(base_url=team.address, cookies=dict(rita.cookies)) as other:
        answer = other.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert rita.get("/session").status_code == 200


def test_sec_fetch_site_alone_is_enough(team):
    with team.client("bob") as bob:
        with httpx.Client(base_url=team.address, cookies=dict(bob.cookies)) as old:
            answer = old.post("/logout", headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 200
        assert bob.get("/session").status_code == 401


class TestLinks:
    @pytest.fixture
    def invited(self, team):
        from tests.support.team import product_of

        product = product_of(team.home)
        number = len(product.accounts.people(product.person()))
        link = product.accounts.invite(
            product.person(), login=f"guest{number}", name="A Guest", roles=("chatter",)
        )
        product.close()
        return f"guest{number}", link.path

    def test_an_invitation_makes_an_account_once(self, team, browser, invited):
        login, path = invited
        page = browser.get(path)
        assert page.status_code == 200
        assert login in page.text
        given = {"form": form_word(page.text), "name": "Gus", "password": "a long enough one"}
        answer = browser.post(path, data=given)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        told = browser.get("/session").json()
        assert (told["name"], told["roles"]) == ("Gus", ["chatter"])
        assert browser.get(path).status_code == 404
        with team.client(login, "a long enough one") as again:
            assert again.get("/session").status_code == 200

    def test_a_weak_password_is_told_and_the_link_stays_good(self, browser, invited):
        login, path = invited
        word = form_word(browser.get(path).text)
        answer = browser.post(path, data={"form": word, "name": "Gus", "password": login})
        assert answer.status_code in (400, 422)
        assert 'value="Gus"' in answer.text
        assert 'role="alert"' in answer.text
        assert browser.get(path).status_code == 200

    def test_a_link_needs_the_word_of_its_form(self, browser, invited):
        _, path = invited
        browser.get(path)
        answer = browser.post(path, data={"form": "", "name": "G", "password": "a long enough one"})
        assert answer.status_code == 403
        assert browser.get(path).status_code == 200

    def test_what_never_was_a_link_is_gone(self, browser):
        for path in ("/link/x", "/link/" + "a" * 500):
            answer = browser.get(path)
            assert answer.status_code == 404
            assert "This link was used already" in answer.text


def test_without_a_provider_there_is_no_other_way_in(browser):
    assert "/oidc/" not in browser.get("/login").text
    for path in ("/oidc/start", "/oidc/back?state=x&code=y"):
        answer = browser.get(path)
        assert (answer.status_code, answer.text) == (404, "Not found.")
