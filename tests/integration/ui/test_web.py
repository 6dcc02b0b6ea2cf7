"""The whole application over HTTP, without a socket: health, pages, what Gradio leaves open."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store.errors import Unavailable
from ui.pages import frame
from ui.web import create_app


@pytest.fixture
def product(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", person="Iris", workspace="Lamps"))
    yield product
    product.close()


@pytest.fixture
def get(product):
    """One request to the application, by a browser on this machine."""
    with asyncio.Runner() as runner:

        async def made():
            return create_app(product)

        app = runner.run(made())  # Gradio opens a loop of its own where none runs

        async def asked(path, method, **more):
            transport = ASGITransport(app)
            async with AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **more)

        yield lambda path, method="GET", **more: runner.run(asked(path, method, **more))


def test_page_has_our_head_and_policy(get):
    page = get("/")
    assert page.status_code == 200
    assert frame.static_path() in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"].split("style-src")[0]
    assert "<script>" not in page.text
    assert "huggingface" not in page.headers["content-security-policy"]


def test_health_is_told_in_words(get):
    assert get("/healthz").json() == {"status": "ok"}
    ready = get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "database": "ok", "schema": "ok", "model": "idle"}


def test_lost_database_is_not_ready(get, product, monkeypatch):
    def lost(_):
        raise Unavailable("lost")

    monkeypatch.setattr(type(product.database), "schema", lost)
    ready = get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["database"] == "no answer"


def test_scripts_may_be_kept_for_good(get):
    script = get(f"{frame.static_path()}/app.js")
    assert script.status_code == 200
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]
    assert get(f"{frame.static_path()}/../frame.py").status_code == 404


def test_no_event_is_a_public_endpoint(get):
    told = get("/gradio_api/info").json()
    assert told == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_no_other_origin_is_let_in(get):
    page = get("/config", headers={"origin": "http://evil.example"})
    assert "access-control-allow-origin" not in page.headers


def test_config_keeps_no_history_and_no_template_with_data(get):
    config = get("/config").json()
    assert config["run_history"] is False
    islands = [one for one in config["components"] if one["type"] == "html"]
    assert {one["props"]["elem_id"] for one in islands} >= {"top", "chat-meta", "chat-foot"}
    for one in islands:
        assert "{{" not in one["props"]["html_template"]
        assert "${" not in one["props"]["html_template"]
