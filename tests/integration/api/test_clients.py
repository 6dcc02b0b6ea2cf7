"""Clients that others wrote: LangChain, the `llm` command, curl with every example of ours."""

import json
import os
import subprocess
import sys

import pytest

from ui.api.schema import DOORS, curl

TEXT = "Hello there, friend."


@pytest.fixture(scope="module")
def langchain(server):
    chat = pytest.importorskip("langchain_openai").ChatOpenAI
    key = server.key()
    return lambda **more: chat(base_url=server.url, api_key=key, model="scripted", **more)


def test_langchain_asks_and_streams(langchain):
    model = langchain(temperature=0, stream_usage=True)
    answer = model.invoke([("system", "Be kind."), ("human", f"!say {TEXT}")])
    assert answer.content == TEXT
    assert answer.usage_metadata["output_tokens"] > 0
    assert answer.response_metadata["model_name"] == "scripted@1"
    whole = None
    for chunk in model.stream(f"!say {TEXT}"):
        whole = chunk if whole is None else whole + chunk
    assert whole.content == TEXT
    assert whole.usage_metadata["output_tokens"] > 0
    assert whole.response_metadata["finish_reason"] == "stop"


def test_langchain_reads_a_shape(langchain):
    schema = {
        "title": "Ticket",
        "type": "object",
        "properties": {"topic": {"type": "string"}},
        "required": ["topic"],
    }
    model = langchain().with_structured_output(schema, method="json_schema")
    assert model.invoke('!say {"topic": "refund"}') == {"topic": "refund"}


def test_langchain_speaks_responses(langchain):
    answer = langchain(use_responses_api=True).invoke(f"!say {TEXT}")
    assert answer.text == TEXT


def test_the_llm_command(server, key, tmp_path):
    models = [
        {
            "model_id": "ours",
            "model_name": "scripted",
            "api_base": server.url,
            "api_key_name": "chatbot",
        }
    ]
    (tmp_path / "keys.json").write_text(json.dumps({"chatbot": key}), "utf-8")
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(models), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "ours", "-s", "Be kind", f"!say {TEXT}"],
        env={"LLM_USER_PATH": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == TEXT, done.stderr


def encoder_of(server):
    caller = server.product.keys.of_token(server.key())
    kinds = {one.kind: one.id for one in server.product.completions.models(caller)}
    return kinds["embedding"]


@pytest.mark.parametrize("door", [door for door in DOORS if "{" not in door.path])
def test_curl_runs_every_example(server, door):
    """As the document has it, but for the model's name: this server has another."""
    line = curl(door).replace('"model": "starter"', '"model": "tiny"')
    line = line.replace('"model": "minilm"', f'"model": "{encoder_of(server)}"')
    done = subprocess.run(
        ["bash", "-c", line + ' -w "\\n%{http_code}"'],
        env={
            "CHATBOT_URL": server.address,
            "CHATBOT_KEY": server.key(roles=("chatter", "agent")),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    body, _, status = done.stdout.rpartition("\n")
    assert status == "200", done.stdout + done.stderr
    assert json.loads(body)
