"""The scripted server through OpenAI's own client."""

import json
import subprocess
import sys
import urllib.error
import urllib.request

import openai
import pytest

from tests.support.scripted_server import ScriptedServer


@pytest.fixture(scope="module")
def client():
    with (
        ScriptedServer() as server,
        openai.OpenAI(base_url=server.url, api_key="any", max_retries=0) as client,
    ):
        yield client


def create(client, text, **options):
    talk = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="scripted", messages=talk, **options)


def test_lists_its_model(client):
    assert [model.id for model in client.models.list()] == ["scripted"]


def test_answers_whole(client):
    answer = create(client, "!say one two")
    assert answer.choices[0].message.content == "one two"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 2


def test_answers_in_a_stream(client):
    chunks = list(create(client, "!say one two", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one two"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True])
def test_status_and_retry_after(client, stream):
    with pytest.raises(openai.RateLimitError) as caught:
        create(client, "!429 3", stream=stream)
    assert caught.value.response.headers["retry-after"] == "3"
    with pytest.raises(openai.InternalServerError):
        create(client, "!500", stream=stream)


def test_broken_connection(client):
    with pytest.raises(openai.APIConnectionError):
        list(create(client, "!break 2", stream=True))
    with pytest.raises(openai.APIConnectionError):
        create(client, "!break 2")


def test_garbage_is_no_json(client):
    with pytest.raises(json.JSONDecodeError):
        list(create(client, "!garbage", stream=True))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"messages": 3}', b'{"messages": []}'])
def test_bad_request_is_told(client, body):
    request = urllib.request.Request(f"{client.base_url}chat/completions", body)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as error:
        assert error.code == 400


def test_runs_by_hand():
    command = [sys.executable, "-m", "tests.support.scripted_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}/models", timeout=10) as answer:
            assert json.load(answer)["data"][0]["id"] == "scripted"
        process.terminate()
