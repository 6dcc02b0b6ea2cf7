"""A model on Ray: OpenAI's contract, an answer that outlives its machine, nothing leaves loopback.

Ray runs in processes of its own, started as people start it.
"""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from ipaddress import ip_address

import openai
import psutil
import pytest

from tests.support.shell import COMMAND, Shell

LONG = "!rate 12 !tokens 40"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """An application on Ray, its process and its port."""

    def __init__(self, command, port, shell, **environment):
        self.url = f"http://127.0.0.1:{port}/v1"
        self.process = subprocess.Popen(
            command,
            cwd=shell.home.parent,
            env=shell.environment(**environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.first = self.process.stdout.readline()
        self.client = openai.OpenAI(base_url=self.url, api_key="sesame", max_retries=0)

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def ask(self, text, **more):
        talk = [{"role": "user", "content": text}]
        return self.client.chat.completions.create(model="scripted", messages=talk, **more)

    def end(self, how):
        left = self.family()
        self.client.close()
        try:
            how()
            self.process.wait(60)
        finally:
            self.process.stdin.close()
            self.process.stdout.close()
            for one in [*left, self.process]:
                try:
                    one.kill()
                except (psutil.NoSuchProcess, ProcessLookupError):
                    continue


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    home = tmp_path_factory.mktemp("cluster") / "home"
    home.mkdir()
    return Shell(home)


@pytest.fixture(scope="module")
def served(shell):
    port = free_port()
    more = ["cluster", "serve", "--model", "scripted", "--least", "2", "--port", str(port)]
    made = Served([*COMMAND, *more], port, shell, CHATBOT_CLUSTER_KEY="sesame")
    yield made
    made.end(lambda: made.process.send_signal(2))


def read_along(served, said, failed):
    """Read a long answer into `said`."""
    try:
        for piece in served.ask(LONG, stream=True):
            said.extend(choice.delta.content or "" for choice in piece.choices)
    except openai.OpenAIError as error:
        failed.append(error)


def writers(served):
    return [one for one in served.family() if ":Writer" in "".join(one.cmdline())]


def test_cluster_speaks_openai_and_outlives_a_writer(served):
    assert served.first == f"scripted answers at {served.url}\n"
    assert [one.id for one in served.client.models.list()] == ["scripted@1"]
    whole = served.ask("!say one two")
    assert (whole.choices[0].message.content, whole.usage.completion_tokens) == ("one two", 2)
    pieces = list(served.ask("!say one two", stream=True, stream_options={"include_usage": True}))
    assert "".join(one.choices[0].delta.content or "" for one in pieces[:-1]) == "one two"
    assert (pieces[-2].choices[0].finish_reason, pieces[-1].usage.total_tokens > 2) == (
        "stop",
        True,
    )

    said, failed = [[] for _ in range(4)], []
    reading = [threading.Thread(target=read_along, args=(served, one, failed)) for one in said]
    for one in reading:
        one.start()
    while min(map(len, said)) < 5:
        assert not failed
        time.sleep(0.02)
    before = writers(served)
    assert len(before) == 2
    before[0].kill()
    for one in reading:
        one.join()
    expected = served.ask(LONG.replace("!rate 12 ", "")).choices[0].message.content
    assert (failed, {"".join(one) for one in said}) == ([], {expected})

    far = [
        each.raddr.ip
        for one in served.family()
        for each in one.net_connections()
        if each.raddr and not ip_address(each.raddr.ip.removeprefix("::ffff:")).is_loopback
    ]
    assert far == []


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"junk", 400, None),
        (b'{"model": "scripted"}', 400, "messages"),
        (b'{"model": "scripted", "messages": [], "tools": []}', 400, "messages"),
        (b'{"model": "other", "messages": [{"role": "user", "content": "x"}]}', 400, "model"),
    ],
)
def test_junk_is_refused_in_openais_shape(served, body, status, param):
    asked = urllib.request.Request(f"{served.url}/chat/completions", data=body)
    asked.add_header("authorization", "Bearer sesame")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    told = json.load(refused.value)["error"]
    refused.value.close()
    assert (refused.value.code, told["param"]) == (status, param)
    assert told["message"]


def test_strangers_are_refused(served):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served.url}/models")
    refused.value.close()
    assert refused.value.code == 401


def test_needs_a_key_to_listen_to_others(shell):
    done = shell.run("cluster", "serve", "--host", "0.0.0.0")
    assert (done.code, done.out) == (1, "")
    assert "needs a key: set CHATBOT_CLUSTER_KEY" in done.err


@pytest.mark.slow
def test_machine_killed_under_load_costs_nobody_an_answer(shell):
    port = free_port()
    command = [sys.executable, "-m", "tests.support.ray_nodes", str(port)]
    served = Served(command, port, shell)
    assert served.first == "ready\n"
    try:
        said, failed = [[] for _ in range(12)], []
        reading = [threading.Thread(target=read_along, args=(served, one, failed)) for one in said]
        for one in reading:
            one.start()
        while min(map(len, said)) < 3:
            assert not failed
            time.sleep(0.02)
        served.process.stdin.write("kill\n")
        served.process.stdin.flush()
        assert "killed\n" in iter(served.process.stdout.readline, "")  # behind what Ray says of it
        for one in reading:
            one.join()
        expected = served.ask(LONG.replace("!rate 12 ", "")).choices[0].message.content
        assert failed == []
        assert {"".join(one) for one in said} == {expected}
    finally:
        served.end(served.process.stdin.close)


@pytest.mark.slow
def test_rows_on_ray_data(shell, tmp_path):
    rows = tmp_path / "rows.jsonl"
    talk = [
        {"role": "user", "content": "!say It leaves today."},
        {"role": "assistant", "content": "It leaves today."},
    ]
    rows.write_text("".join(json.dumps({"id": n, "messages": talk}) + "\n" for n in range(100)))
    out = tmp_path / "out.jsonl"
    command = ["evaluate", "scripted", "--batch", str(rows), "--out", str(out), "--on", "ray"]
    done = shell.spawn(*command, "--json", CHATBOT_ENCODER="none")
    assert done.code == 0, done
    assert (done.data["rows"], done.data["right"]) == (100, 1.0)
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == list(range(100))
