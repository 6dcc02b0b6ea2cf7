"""Three servers on one PostgreSQL behind nginx, all real, which nobody can tell apart."""

import json
import threading
import time
from collections import Counter
from contextlib import closing

import httpx
import pytest

from chatbot.bootstrap import build
from chatbot.options import Limits
from chatbot.settings import Settings
from tests.support.over_http import Door
from tests.support.replicated import NGINX, replicated

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(NGINX is None, reason="no nginx here: apt-get install nginx-light"),
]

PASSWORD = "nine lamps in a row"
SOON = 60
"""Seconds in which anything here has long happened."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("replicas")


@pytest.fixture(scope="module")
def product(folder, empty_postgresql):
    """Beside the servers: an administrator's terminal."""
    url = empty_postgresql("replicas")
    settings = Settings(
        home=folder, database_url=url, model="scripted", auth="accounts", drain_seconds=30
    )
    with closing(build(settings)) as product:
        product.options.set(product.person(), Limits(turns_per_minute=0, turns_per_day=0), 0)
        yield product


@pytest.fixture(scope="module")
def house(folder, product):
    url = str(product.settings.database_url)
    with replicated(folder, url, auth="accounts", drain_seconds=30) as house:
        yield house


@pytest.fixture(scope="module")
def people(product):
    """Logins by name: one is made for each name that is asked for."""
    accounts, known = product.accounts, {}

    def token(name):
        if name not in known:
            new = {"login": name, "name": name.title(), "roles": ("chatter",)}
            accounts.add(product.person(), **new, password=PASSWORD)
            known[name] = accounts.sign_in(name, PASSWORD, address="", agent="").token
        return known[name]

    return token


@pytest.fixture
def tab(house, people):
    """A tab of somebody, at nginx or at one server."""
    opened = []

    def open_tab(name, address=house.address):
        client = httpx.Client(
            base_url=address,
            cookies={"chatbot_session": people(name)},
            headers={"origin": address},
            timeout=SOON,
        )
        opened.append(client)
        return Door(address, client)

    yield open_tab
    for client in opened:
        client.close()


def asked(door, text, conversation=None):
    key = f"key {time.monotonic_ns()}"
    return door.call("send", conversation=conversation, text=text, key=key)


def growing(facts, length=20):
    """Whether an answer is being written, and there is something of it."""
    now = facts["now"]
    return bool(facts["running"] and now and len(json.dumps(now[-1])) > length)


def test_a_kill_in_mid_answer_costs_nobody_a_message(house, product, tab):
    door = tab("ada")
    begun = asked(door, "!tokens 5000 !rate 50 word")
    reply = begun["reply"]
    seen = door.watch(begun["conversation"])
    next(facts for facts in seen if growing(facts, 300))
    writer = house.writer_of(product.database, reply)

    writer.kill()
    with pytest.raises(httpx.HTTPError):
        list(seen)
    shown = door.finished(begun["conversation"])

    question, answer = shown["messages"]
    assert question["text"] == "!tokens 5000 !rate 50 word"
    assert (answer["status"], "Answer again" in answer["note"]) == ("interrupted", True)
    repeated = asked(door, "!say still here", begun["conversation"])
    assert house.writer_of(product.database, repeated["reply"]) is not writer
    writer.start()


def test_a_tab_on_another_server_sees_and_stops_what_one_writes(house, tab):
    first, second, _ = house.servers
    here, there = tab("bo", first.address), tab("bo", second.address)
    begun = asked(here, "!say hello")
    talk = begun["conversation"]
    here.finished(talk)
    seen = there.watch(talk)
    assert len(next(seen)["messages"]) == 2

    answer = asked(here, "!tokens 5000 !rate 50 word", talk)
    shown = next(facts for facts in seen if growing(facts, 300))
    assert shown["running"] == [answer["reply"]]
    assert "error" in asked(there, "me too", talk), "one answer at a time, wherever it is written"
    there.call("stop", message=answer["reply"])
    stopped = next(facts for facts in here.watch(talk, "b") if not facts["running"])

    assert stopped["messages"][-1]["status"] == "stopped"
    assert next(facts for facts in seen if not facts["running"])["messages"][-1]["text"]


def test_limits_are_counted_together_and_seen_soon(house, product, tab):
    doors = [tab("cy", one.address) for one in house.servers]
    version = product.options.stored(Limits).version
    version = product.options.set(product.person(), Limits(turns_per_minute=6), version)
    # Until a server has read the limit it lets more than six a minute through.
    for _ in range(200):
        told = [asked(door, "!say x") for door in doors]
        if all(one.get("code") == "too_many_turns" for one in told):
            break
    else:
        pytest.fail("a server did not come to know the new limit")
    product.options.set(product.person(), Limits(turns_per_minute=0, turns_per_day=0), version)


@pytest.mark.parametrize(
    "clients", [6, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_rolling_restart_lets_every_stream_end(house, product, clients):
    made = product.keys.add(product.person(), name=f"rolling {clients}", requests_minute=0)
    over, ended, wrong = threading.Event(), [], []
    with httpx.Client(base_url=house.address, timeout=SOON) as client:
        whole = streamed(client, made.token, "!tokens 40 !rate 400 n0")

    def stream(number):
        with httpx.Client(base_url=house.address, timeout=SOON) as client:
            while not over.is_set():
                try:
                    ended.append(streamed(client, made.token, f"!tokens 40 !rate 40 n{number}"))
                except Exception as error:  # noqa: BLE001  whatever it was, it is counted
                    wrong.append(repr(error))

    threads = [threading.Thread(target=stream, args=[number]) for number in range(clients)]
    for one in threads:
        one.start()
    for one in house.servers:
        one.stop()
        one.start()
    over.set()
    for one in threads:
        one.join(SOON)

    assert Counter(wrong) == {}
    assert len(ended) >= clients
    assert set(ended) == {whole}


def streamed(client, token, text):
    """The number of words of a streamed answer, which ended as it should."""
    body = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": text}]}
    words, done = "", False
    headers = {"authorization": f"Bearer {token}"}
    with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            if line == "data: [DONE]":
                done = True
            elif line.startswith("data: "):
                for choice in json.loads(line[6:])["choices"]:
                    words += choice["delta"].get("content") or ""
    assert done
    return len(words.split())
