"""A provider, spoken with directly: what it says of itself, how it wants our secret, silence."""

import asyncio
import json
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chatbot import doctor, openid
from chatbot.errors import SignInFailed
from chatbot.openid import calls, missing, open_provider
from chatbot.openid.provider import KEEP, REST, Provider
from chatbot.settings import Settings
from tests.support.clock import Clock
from tests.support.oidc_provider import ALICE, CLIENT, SECRET, OidcProvider
from tests.support.shell import ROOT

BACK = "http://127.0.0.1:7860/oidc/back"
DISCOVERY = "/.well-known/openid-configuration"
JSON = {"Content-Type": "application/json"}
NONCE, VERIFIER = "n" * 40, "v" * 64


@pytest.fixture
def there():
    with OidcProvider() as started:
        yield started


def ours(there, secret=SECRET, **more):
    return Provider(there.issuer, CLIENT, secret, name="Quarry", **more)


async def come_in(provider, **changed):
    address = await provider.address(BACK, state="s", nonce=NONCE, verifier=VERIFIER)
    sent = await asyncio.to_thread(httpx.get, address)
    back = parse_qs(urlsplit(sent.headers["location"]).query)
    given = {"nonce": NONCE, "verifier": VERIFIER} | changed
    return await provider.vouched(back["code"][0], BACK, **given)


def why(call):
    with pytest.raises(SignInFailed) as caught:
        asyncio.run(call)
    return caught.value.why


def says(there, **changed):
    """The provider says something else of itself."""
    about = {name: value for name, value in (there.about | changed).items() if value is not None}
    there.instead[DISCOVERY] = (200, JSON, json.dumps(about))


def test_it_says_who_came(there):
    came = asyncio.run(come_in(ours(there)))
    assert (came.issuer, came.subject) == (there.issuer, ALICE)
    assert (came.email, came.name) == ("alice@example.org", "Alice Archer")


def test_keys_of_both_kinds_are_known(there):
    there.sign_with("EC")
    assert asyncio.run(come_in(ours(there))).subject == ALICE


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_secret_goes_as_the_provider_wants_it(there, method):
    says(there, token_endpoint_auth_methods_supported=[method])
    there.takes = method
    assert asyncio.run(come_in(ours(there))).subject == ALICE
    assert why(come_in(ours(there, "a wrong secret"))) == "refused"


def test_a_client_without_secret_is_known_by_pkce(there):
    there.secret = ""
    assert asyncio.run(come_in(ours(there, ""))).subject == ALICE
    assert why(come_in(ours(there, ""), verifier="w" * 64)) == "refused"


def test_the_sender_is_compared_where_it_is_told(there):
    says(there, authorization_response_iss_parameter_supported=True)
    assert why(come_in(ours(there))) == "iss"
    there.codes.clear()  # it refuses a nonce that it has seen
    assert why(come_in(ours(there), issuer="https://accounts.example.com")) == "iss"
    there.codes.clear()
    assert asyncio.run(come_in(ours(there), issuer=there.issuer)).subject == ALICE


def test_a_slash_at_the_issuers_end_makes_no_difference(there):
    there.issuer += "/"
    says(there, issuer=there.issuer)
    lacking = Provider(there.issuer.rstrip("/"), CLIENT, SECRET, name="Quarry")
    assert asyncio.run(come_in(lacking)).issuer == there.issuer


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"issuer": "https://accounts.example.com"}, "iss"),
        ({"issuer": None}, "iss"),
        ({"issuer": ["x"]}, "iss"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "address"),
        ({"authorization_endpoint": None}, "address"),
        ({"token_endpoint": "http://accounts.example.com/token"}, "address"),
        ({"token_endpoint": "file:///etc/passwd"}, "address"),
        ({"jwks_uri": 17}, "address"),
        ({"jwks_uri": "https://[::1"}, "address"),
        ({"userinfo_endpoint": "http://169.254.169.254/"}, "address"),
    ],
)
def test_what_it_says_of_itself_is_compared(there, changed, word):
    says(there, **changed)
    assert why(ours(there).about()) == word


@pytest.mark.parametrize(
    "answer",
    [(404, {}, ""), (302, {"Location": "/x"}, ""), (200, JSON, "[]"), (200, JSON, "{" * 99_999)],
    ids=["404", "redirect", "list", "deep"],
)
@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
def test_a_broken_document_is_refused(there, path, answer):
    there.instead[path] = answer
    assert why(come_in(ours(there))) in ("status", "no json")


def test_a_flood_is_not_drunk(there):
    there.instead["/keys"] = (200, JSON, "x" * (calls.MOST + 1))
    assert why(come_in(ours(there))) == "no json"


@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
def test_who_does_not_answer_is_not_waited_for(there, monkeypatch, path):
    monkeypatch.setattr(calls, "SECONDS", 0.2)
    there.slow = path
    assert why(come_in(ours(there))) == "silent"


def test_nobody_there(there):
    provider = Provider("http://127.0.0.1:1", CLIENT, SECRET, name="Quarry")
    assert why(provider.about()) == "silent"


@pytest.mark.parametrize(
    "keys", [[], "x", [17], [{"kty": "RSA"}], [{"kty": "oct", "k": "AAAA"}], [{"kty": "x"}]]
)
def test_a_set_without_keys_is_refused(there, keys):
    there.instead["/keys"] = (200, JSON, json.dumps({"keys": keys}))
    assert why(come_in(ours(there))) == "keys"


def test_a_key_that_we_cannot_read_is_left_out(there):
    known = there.key.as_dict(private=False)
    odd = [{"kty": "RSA", "n": 1}, {"kty": "new"}, known | {"use": "enc", "kid": "e"}, known]
    there.instead["/keys"] = (200, JSON, json.dumps({"keys": odd}))
    assert asyncio.run(come_in(ours(there))).subject == ALICE


def test_what_it_says_is_kept_for_an_hour(there):
    clock = Clock()
    provider = ours(there, clock=lambda: clock().timestamp())

    async def scene():
        await come_in(provider)
        there.asked.clear()
        await come_in(provider)
        assert not {DISCOVERY, "/keys"} & {path for _, path in there.asked}
        clock.go(seconds=KEEP)
        await come_in(provider)
        assert {DISCOVERY, "/keys"} <= {path for _, path in there.asked}

    asyncio.run(scene())


def test_who_failed_rests_and_is_asked_again(there):
    clock = Clock()
    provider = ours(there, clock=lambda: clock().timestamp())
    there.instead[DISCOVERY] = (500, {}, "")
    assert why(provider.about()) == "status"
    del there.instead[DISCOVERY]
    there.asked.clear()
    assert why(provider.about()) == "silent"
    assert there.asked == []
    clock.go(seconds=REST)
    assert asyncio.run(provider.about()).issuer == there.issuer


def test_many_at_once_ask_once(there):
    provider = ours(there)

    async def scene():
        await asyncio.gather(*(provider.about() for _ in range(20)))

    asyncio.run(scene())
    assert there.asked == [("GET", DISCOVERY)]


@pytest.mark.parametrize("given", [{"auth": "solo"}, {"oidc_issuer": ""}])
def test_without_login_or_issuer_there_is_none(tmp_path, given):
    about = {"auth": "accounts", "oidc_issuer": "https://id.example.org", "oidc_client_id": "c"}
    settings = Settings(home=tmp_path, **(about | given))
    assert open_provider(settings) is None
    assert missing(settings)


def examined(monkeypatch, tmp_path, **given):
    """What the doctor finds."""
    monkeypatch.setenv("CHATBOT_HOME", str(tmp_path / "home"))
    for name, value in given.items():
        monkeypatch.setenv(f"CHATBOT_{name.upper()}", value)
    return [one for one in doctor.examine().findings if one.check == "openid"]


def test_the_doctor_asks_it(there, monkeypatch, tmp_path):
    about = {"auth": "accounts", "oidc_issuer": there.issuer, "oidc_client_id": CLIENT}
    (found,) = examined(monkeypatch, tmp_path, **about)
    assert (found.level, "/oidc/back" in found.found) == ("ok", True)
    says(there, issuer="https://accounts.example.com")
    (found,) = examined(monkeypatch, tmp_path)
    assert (found.level, "writes its issuer differently" in found.found) == ("bad", True)
    (found,) = examined(monkeypatch, tmp_path, oidc_issuer="http://127.0.0.1:1")
    assert (found.level, "does not answer" in found.found) == ("bad", True)
    (found,) = examined(monkeypatch, tmp_path, auth="solo")
    assert (found.level, "`solo` has no login" in found.found) == ("warn", True)


def test_without_the_extra_the_doctor_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(openid, "find_spec", lambda name: None)
    about = {"auth": "accounts", "oidc_issuer": "https://id.example.org", "oidc_client_id": "c"}
    (found,) = examined(monkeypatch, tmp_path, **about)
    assert (found.level, "not installed" in found.found) == ("bad", True)


def test_nothing_set_up_is_nothing_to_say(monkeypatch, tmp_path):
    assert examined(monkeypatch, tmp_path) == []


def test_who_does_not_use_it_does_not_load_it():
    code = (
        "import sys, ui.oidc, chatbot.doctor; assert not {'authlib', 'joserfc'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
