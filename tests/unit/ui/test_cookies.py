"""The cookies are for the server alone, and a form's word fits one browser."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import Response

from ui.cookies import Cookies, fits, form_token, new_secret


def sent(cookies, secure=False):
    response = Response()
    Cookies(secure=secure).set_session(response, "t0ken", datetime.now(UTC) + timedelta(days=14))
    return [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]


def test_session_cookie_is_for_this_server_alone():
    [session, form] = sent(Cookies)
    assert session.startswith("chatbot_session=t0ken;")
    parts = {part.strip().lower() for part in session.split(";")}
    assert {"httponly", "path=/", "samesite=lax"} <= parts
    assert "secure" not in parts
    assert not any(part.startswith("domain") for part in parts)
    assert "max-age=0" in form.lower()


def test_behind_https_it_is_secure_and_bound_to_the_host():
    [session, _] = sent(Cookies, secure=True)
    assert session.startswith("__Host-chatbot_session=t0ken;")
    assert "secure" in session.lower()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("chatbot_session=abc", "abc"),
        ("a=1; chatbot_session=abc; b=2", "abc"),
        ("chatbot_sessio=abc", ""),
        ("__Host-chatbot_session=abc", ""),
        ("", ""),
    ],
)
def test_session_is_read_by_its_whole_name(header, token):
    assert Cookies(secure=False).session({"cookie": header}) == token


def test_a_forms_word_fits_its_secret_only():
    secret, other = new_secret(), new_secret()
    assert fits(secret, form_token(secret))
    assert secret not in form_token(secret)
    for one, word in [
        (other, form_token(secret)),
        ("", form_token("")),
        (secret, ""),
        (secret, "ä"),
    ]:
        assert not fits(one, word)
