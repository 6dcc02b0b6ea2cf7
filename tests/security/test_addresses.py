"""Addresses in every place that takes text: the server asks none of them for anything.

A canary listens on loopback; a second one sends everybody on to it. Addresses are spelled in the
ways that slip past a check of the text. The one address that the server may ask is a hosted model's
`base_url`, which its operator wrote; that model's answers and redirects lead nowhere else.
"""

import asyncio
import json
from urllib.parse import quote

import httpx
import pytest

from chatbot.bootstrap import build
from chatbot.settings import HostedModel, Settings
from tests.support.canary import Canary, forms
from tests.support.over_http import Door
from tests.support.pages import BOOKS, commands, takes_text
from tests.support.scenes import ask

HEADERS = (
    "referer",
    "x-forwarded-host",
    "x-forwarded-for",
    "x-original-url",
    "x-rewrite-url",
    "x-gradio-server",
    "x-hf-authorization",
    "forwarded",
    "location",
)
QUERY = ("__theme", "deep_link", "url", "file", "path", "proxy_url", "theme", "view", "src", "root")
PLACES = (
    "/gradio_api/file={}",
    "/gradio_api/file/{}",
    "/gradio_api/proxy={}",
    "/gradio_api/stream/x/y/{}",
    "/gradio_api/upload_progress?upload_id={}",
    "/gradio_api/custom_component/{}/client/component/index.js",
    "/file={}",
    "/proxy={}",
    "/svelte/{}",
    "/assets/{}",
    "/static/{}",
    "/{}",
)


@pytest.fixture(scope="module")
def canary():
    with Canary() as canary:
        yield canary


@pytest.fixture(scope="module")
def hop(canary):
    """Sends everybody on to the canary."""
    with Canary(f"http://{canary.address}/after-a-redirect") as hop:
        yield hop


@pytest.fixture(scope="module")
def addresses(canary, hop):
    return [*forms(canary.port), f"http://{hop.address}/hop", f"http://[::ffff:7f00:1]:{hop.port}/"]


@pytest.fixture(scope="module")
def chosen(canary, hop):
    """Direct, disguised and by a redirect."""
    return [
        f"http://{canary.address}/canary",
        f"http://[::ffff:7f00:1]:{canary.port}/",
        f"http://2130706433:{canary.port}/",
        f"http://{hop.address}/hop",
    ]


@pytest.fixture(autouse=True)
def nobody_asked(canary, hop):
    yield
    assert canary.asked == []
    assert hop.asked == []


@pytest.fixture(scope="module")
def door(site):
    with Door(site.address) as door:
        yield door


def test_the_canaries_themselves_see():
    with Canary() as canary, Canary(f"http://{canary.address}/there") as hop:
        httpx.post(
            f"http://{hop.address}/here", follow_redirects=True, trust_env=False, content="x"
        )
        httpx.get(f"http://{canary.address}/direct", trust_env=False)
        assert hop.asked == [b"POST /here HTTP/1.1\r\n"]
        assert canary.asked == [b"POST /there HTTP/1.1\r\n", b"GET /direct HTTP/1.1\r\n"]


@pytest.mark.parametrize("place", PLACES)
def test_no_route_fetches(door, addresses, place):
    for address in addresses:
        for spelled in (quote(address, safe=""), quote(address, safe=":/@[]#")):
            answer = door.client.get(place.format(spelled))
            assert answer.status_code in (400, 403, 404, 405), spelled
            assert "location" not in answer.headers


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_fetches_or_stands_in_a_page(door, canary, name):
    for path in ("/", "/config"):
        answer = door.client.get(path, headers={name: f"http://{canary.address}/header"})
        assert answer.status_code == 200
        assert canary.address not in answer.text
        assert "location" not in answer.headers


def test_no_query_fetches_or_stands_in_a_page(door, addresses):
    for address in addresses:
        answer = door.client.get("/", params=dict.fromkeys(QUERY, address))
        assert answer.status_code == 200
        assert address not in answer.text
        assert "location" not in answer.headers


def file_at(address):
    """What Gradio takes for a file that lies elsewhere."""
    return {
        "path": address,
        "url": address,
        "orig_name": address,
        "mime_type": "image/png",
        "is_stream": True,
        "meta": {"_type": "gradio.FileData"},
    }


def shapes(address):
    """The ways in which Gradio's pages hand over a file."""
    plain = file_at(address)
    message = {"role": "user", "content": [{"type": "file", "file": plain}]}
    return address, plain, [plain], {"file": plain}, [message], {"text": "x", "files": [plain]}


def test_joining_fetches_nothing(door, chosen):
    listeners = [one["id"] for one in door.config["dependencies"]]
    for address in chosen:
        for shape in shapes(address):
            for number in listeners:
                body = {
                    "fn_index": number,
                    "data": [shape, shape, shape],
                    "event_data": shape,
                    "session_hash": "addresses",
                    "trigger_id": 11,
                }
                answer = door.client.post("/gradio_api/queue/join", json=body)
                assert answer.status_code in (200, 400, 403, 404, 422, 429)


@pytest.mark.parametrize("place", sorted(BOOKS))
def test_commands_fetch_nothing(door, chosen, place):
    mine = [(name, forms) for where, name, forms in commands() if where == place]
    for address in chosen:
        for name, arguments in mine:
            given = {what: address[:60] for what, form in arguments.items() if takes_text(form)}
            given |= {"number": 1, "offset": 0, "rerun": True, "layer": 1, "pinned": True}
            kept = {what: one for what, one in given.items() if what in arguments}
            assert door.post({"do": name, **kept}, place).status_code == 200
        for shape in shapes(address)[1:]:
            door.post({"do": "send", "text": shape, "key": address[:60], "conversation": None})
            door.post(shape, place)
            door.post(None, place, data_file=shape)


def test_messages_fetch_nothing(door, addresses):
    """Pictures and links in questions and answers: drawn, exported, searched."""
    text = "\n".join(f'![x]({one}) [x]({one}) <img src="{one}"> <{one}>' for one in addresses)
    begun = door.call(
        "send", conversation=None, text=f"!say {text}", key="addresses", model="scripted"
    )
    facts = door.finished(begun["conversation"])
    assert facts["messages"][1]["text"] == text
    for form in ("markdown", "json"):
        assert "text" in door.call("export", conversation=begun["conversation"], form=form)
    assert door.call("search", text="canary")["hits"]
    assert door.call("trace", message=begun["reply"])["exact"]


def asked_of(model, home, text):
    """One answer of a hosted model, as it is stored."""
    product = build(Settings(home=home, model=model.name, hosted=(model,)))

    async def scene():
        turn = await ask(product, text)
        await product.registry.open(model.label).release()
        return turn

    try:
        return asyncio.run(asyncio.wait_for(scene(), 60))
    finally:
        product.close()


def test_a_hosted_model_cannot_send_the_conversation_on(tmp_path, canary):
    """A redirect with method and body would hand the whole talk to a server nobody chose."""
    with Canary(f"http://{canary.address}/v1/chat/completions") as elsewhere:
        model = HostedModel(
            name="big", model="m", base_url=f"http://{elsewhere.address}/v1", retries=0
        )
        turn = asked_of(model, tmp_path, "the secret of the house")
        assert elsewhere.asked
    assert turn.status == "failed"
    assert turn.error.endswith("sends requests on elsewhere. Check its base URL.")


def test_addresses_in_an_answer_are_text(tmp_path, addresses):
    from tests.support.scripted_server import ScriptedServer

    shape = json.dumps({"image_url": {"url": addresses[0]}, "tool": "fetch", "file": addresses[1]})
    with ScriptedServer() as server:
        model = HostedModel(name="big", model="scripted", base_url=server.url)
        turn = asked_of(model, tmp_path, f"!say ![x]({addresses[0]}) {shape}")
    assert (turn.status, turn.text) == ("complete", f"![x]({addresses[0]}) {shape}")
