"""A route is found by its whole path and its method, and by nothing like it."""

import pytest

from ui.routes import FORM_LIMIT, LOGIN_ROUTES, ROUTES, find


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/", "/"),
        ("GET", "/models", "/models"),
        ("GET", "/models/", "/models"),
        ("POST", "/models", None),
        ("GET", "/modelsx", None),
        ("GET", "/login", None),
        ("GET", "/assets/a/b.js", "/assets/{path:path}"),
        ("GET", "/gradio_api/heartbeat/abc", "/gradio_api/heartbeat/{session_hash}"),
        ("GET", "/gradio_api/heartbeat/abc/", "/gradio_api/heartbeat/{session_hash}"),
        ("GET", "/gradio_api/heartbeat/a/b", None),
        ("GET", "/gradio_api/heartbeat/", None),
        ("POST", "/gradio_api/queue/join/", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/join", None),
        ("GET", "/gradio_api//queue/data", None),
        ("GET", "/gradio_api/queue/data\n", None),
        ("GET", "/GRADIO_API/info", None),
        ("POST", "/gradio_api/upload", None),
        ("GET", "/gradio_api/file=/etc/passwd", None),
    ],
)
def test_routes_are_found_exactly(method, path, found):
    route = find(ROUTES, method, path)
    assert (route and route.path) == found


def test_logins_have_routes_of_their_own():
    route = find(ROUTES + LOGIN_ROUTES, "POST", "/login")
    assert (route.who, route.limit) == ("open", FORM_LIMIT)


def test_everything_open_is_without_anybodys_data():
    assert not any(one.hash_in for one in ROUTES + LOGIN_ROUTES if one.who == "open")
