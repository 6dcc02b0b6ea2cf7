"""`/metrics`: open to this machine, and with an administrator's key from elsewhere."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from chatbot.bootstrap import build
from chatbot.settings import Settings
from ui.api import metrics

HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = build(Settings(home=tmp_path_factory.mktemp("home"), model="scripted"))
    yield product
    product.close()


@pytest.fixture(scope="module")
def get(product):
    app = FastAPI()
    metrics.add(app, product)

    async def asked(address, headers):
        transport = ASGITransport(app, client=(address, 50_000))
        async with AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/metrics", headers=headers)

    return lambda address, **headers: asyncio.run(asked(address, headers))


def test_this_machine_reads_it(get):
    for address in (HERE, "::1"):
        found = get(address)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/plain")
        assert found.headers["cache-control"] == "no-store"
        assert "\nchatbot_database_up 1.0\n" in found.text


@pytest.mark.parametrize("address", [HERE, ELSEWHERE])
def test_through_a_proxy_and_from_elsewhere_a_key_is_needed(get, product, address):
    passed = {"x-forwarded-for": ELSEWHERE} if address == HERE else {}
    refused = get(address, **passed)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "chatbot_" not in refused.text
    me = product.person()
    for roles, status in ((("chatter",), 403), (("admin",), 200)):
        key = product.keys.add(me, name=f"{roles[0]} of {address}", roles=roles)
        found = get(address, authorization=f"Bearer {key.token}", **passed)
        assert found.status_code == status
    assert get(address, authorization="Bearer x", **passed).status_code == 401
