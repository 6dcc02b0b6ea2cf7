"""Every command of every page, called with what fits its form and with what does not, over HTTP.

The server lives on, answers each call with a result or a sentence, tells nothing of its insides,
and does not grow. Forms are read from the commands themselves, so a new command is tried as soon as
its page offers it.
"""

import json

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as trying
from hypothesis import strategies as st

from tests.support.browser import Site
from tests.support.over_http import Door
from tests.support.pages import BOOKS, commands
from tests.support.raw import exchange
from tests.support.shapes import JUNK, ODD_TEXTS, given
from ui.pages.commands import BROKEN

GROWTH = 150 * 2**20
"""Bytes that a server may take more after all of this than after its first answers."""
INSIDES = ("Traceback", 'File "', "site-packages", "sqlalchemy", "pydantic")
COMMANDS = {f"{place} {name}": (place, name, form) for place, name, form in commands()}
EXAMPLES = 12

calm = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of this module alone, since it is to break."""
    alone = {"CHATBOT_ENCODER": "none", "CHATBOT_RUNTIME": "transformers"}
    server = Site(tmp_path_factory.mktemp("fuzz"), **alone)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def door(own):
    with Door(own.address) as door:
        yield door


@pytest.fixture(scope="module")
def known(door):
    """Ids that exist, so that calls get past the first question."""
    begun = door.call("send", conversation=None, text="!say hello", key="fuzz 0001")
    door.finished(begun["conversation"])
    # Loads the local model, as one of the calls will: it is no growth.
    home = door.call("send", conversation=None, text="hello", key="fuzz 0003", at_home=True)
    door.finished(home["conversation"])
    fork = door.call("fork", conversation=begun["conversation"])["conversation"]
    return (*begun.values(), fork, "fuzz 0001", "scripted@1", "assistant", "tab")


@pytest.fixture(scope="module", autouse=True)
def lives(own, door, known):
    """After all of it: the server is there, has logged no surprise, and is as large as before."""
    before = own.memory
    yield
    assert door.client.get("/healthz").json() == {"status": "ok"}
    again = door.call("send", conversation=None, text="!say still here", key="fuzz 0002")
    assert door.finished(again["conversation"], "after")["messages"][1]["text"] == "still here"
    assert "Traceback" not in own.log
    assert "broke" not in own.log
    assert own.memory - before < GROWTH


def answered(answer):
    """Check one answer, whatever was asked."""
    assert answer.status_code < 500, answer.text
    assert not any(inside in answer.text for inside in INSIDES)
    if answer.status_code == 200:
        told = answer.json()
        assert isinstance(told, dict)
        if "error" in told:
            assert told["error"] != BROKEN
            assert told["error"].endswith(".")
            assert told["code"] not in ("", "error")


def test_books_are_all_known(door):
    assert set(door.books) == set(BOOKS)


@pytest.mark.parametrize("name", COMMANDS)
def test_command_answers_whatever_it_gets(door, known, name):
    place, do, form = COMMANDS[name]

    @calm
    @trying(data=given(form, known))
    def tried(data):
        answered(door.post({"do": do, **data}, place))

    tried()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", COMMANDS)
def test_command_answers_whatever_it_gets_at_length(door, known, name):
    place, do, form = COMMANDS[name]

    @settings(calm, max_examples=400)
    @trying(data=given(form, known))
    def tried(data):
        answered(door.post({"do": do, **data}, place))

    tried()


@pytest.mark.parametrize("text", ODD_TEXTS, ids=repr)
def test_odd_texts_in_every_argument(door, known, text):
    for place, do, form in COMMANDS.values():
        if do not in ("list", "models", "start"):
            answered(door.post({"do": do} | dict.fromkeys(form, text), place))


@calm
@trying(data=JUNK)
@example(data=[])
@example(data="start")
@example(data={"do": ["start"]})
@example(data={"do": "start", "self": 1, "person": 1})
@example(data={"do": "__init__"})
@example(data={"do": "is_command"})
def test_what_is_no_command(door, data):
    for place in BOOKS:
        answered(door.post(data, place))


@calm
@trying(
    body=st.dictionaries(st.sampled_from(["data", "fn_name", "component_id", "session_hash"]), JUNK)
)
def test_junk_around_a_command(door, body):
    text = json.dumps(body)
    headers = {"content-type": "application/json"}
    for path in ("component_server", "queue/join", "cancel", "reset"):
        answered(door.client.post(f"/gradio_api/{path}", content=text, headers=headers))


@calm
@trying(look=JUNK, data=st.lists(JUNK, max_size=4))
def test_junk_for_the_listeners(door, look, data):
    for listener in door.config["dependencies"]:
        body = {
            "data": data,
            "event_data": look,
            "fn_index": listener["id"],
            "session_hash": "junk",
            "trigger_id": 0,
        }
        text = json.dumps(body)
        headers = {"content-type": "application/json"}
        answered(door.client.post("/gradio_api/queue/join", content=text, headers=headers))


@pytest.mark.parametrize("query", ["session_hash=nobody", "session_hash=", "", "session_hash=%00"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_stream_of_nobody_is_not_there(door, query, slash):
    """That it is not logged as broken is seen at the end of this module."""
    answer = door.client.get(f"/gradio_api/queue/data{slash}?{query}")
    assert 400 <= answer.status_code < 500
    assert len(answer.text) < 200


NESTED = ("[", '{"a":')
BODIES = [
    *(sign * depth for sign in NESTED for depth in (50, 500, 5_000, 500_000)),
    *(
        '{"data":' + sign * depth + "1" + end * depth + ',"fn_name":"call","component_id":11,'
        '"session_hash":"deep"}'
        for sign, end in (("[", "]"), ('{"a":', "}"))
        for depth in (50, 500, 900, 5_000, 200_000)
    ),
    '{"data": {"do": "start"}, "data": {"do": "list"}}',
    "\ufeff{}",
    "{'data': 1}",
    "NaN",
    '{"data": -1e400, "session_hash": "x", "component_id": 11, "fn_name": "call"}',
    '{"data": ' + "9" * 100_000 + ', "session_hash": "x", "component_id": 11, "fn_name": "call"}',
    '{"component_id": ' + "9" * 5000 + "}",
]


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_bodies_that_break_readers(door, own, number):
    headers = {"content-type": "application/json"}
    for path in ("component_server", "queue/join"):
        answered(door.client.post(f"/gradio_api/{path}", content=BODIES[number], headers=headers))


MULTIPART = "multipart/form-data; boundary={}"
FORMS = [
    (MULTIPART.format("x" * 10_000), b"--x\r\n" * 1000),
    (MULTIPART.format("x"), b"-" * 2**20),
    (MULTIPART.format("x"), b"--x\r\nContent-Disposition: form-data; name=data\r\n\r\n" * 2000),
    ("multipart/form-data", b"--\r\n"),
    ("application/json; charset=utf-16", "{}".encode("utf-16")),
    ("application/json", b"\xff\xfe\x00"),
    ("application/x-www-form-urlencoded", b"a=1&" * 100_000),
]


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_forms_that_break_readers(door, number):
    kind, body = FORMS[number]
    for path in ("component_server", "queue/join", "upload"):
        answer = door.client.post(
            f"/gradio_api/{path}", content=body, headers={"content-type": kind}
        )
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "head",
    [
        "POST /gradio_api/cancel HTTP/1.1\r\nContent-Length: -1",
        "POST /gradio_api/cancel HTTP/1.1\r\nContent-Length: 99999999999999999999",
        "POST /gradio_api/cancel HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        "POST /gradio_api/cancel HTTP/1.1\r\nContent-Length: 1_0",
        "POST /gradio_api/cancel HTTP/1.1\r\nTransfer-Encoding: chunked",
        "POST /gradio_api/cancel HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3",
        "POST /gradio_api/cancel HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999",
        "GET /\x01 HTTP/1.1",
        "GET / HTTP/9.9",
        "GET /" + "x" * 100_000 + " HTTP/1.1",
        "GET / HTTP/1.1\r\nX: " + "x" * 200_000,
    ],
)
def test_requests_that_break_servers(own, head):
    host = own.address.removeprefix("http://")
    said = exchange(own.address, f"{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert not said or said.split(b" ", 2)[1][:1] in (b"2", b"4")
    assert not any(inside.encode() in said for inside in INSIDES)
