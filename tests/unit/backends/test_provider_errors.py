import openai
import pytest

from chatbot import errors
from chatbot.backends.hosted import _client, _finish, _other, host_of
from chatbot.backends.provider_errors import classify, retry_after
from chatbot.settings import HostedModel

httpx = pytest.importorskip("httpx2", reason="openai's own HTTP library has another name here")
REQUEST = httpx.Request("POST", "http://h/v1/chat/completions")
SECRET = "what the customer said"


def failed(status, code=None, headers=None):
    """The error that openai's client raises for such a response."""
    body = {"message": SECRET, "type": code, "code": code}
    response = httpx.Response(status, request=REQUEST, headers=headers or {})
    return openai.APIStatusError(SECRET, response=response, body=body)


@pytest.mark.parametrize(
    ("status", "code", "error", "again"),
    [
        (400, "bad_value", errors.BackendRefused, False),
        (400, "context_length_exceeded", errors.ContextTooSmall, False),
        (401, "invalid_api_key", errors.BackendRefused, False),
        (402, None, errors.BackendQuota, False),
        (403, None, errors.BackendRefused, False),
        (404, "model_not_found", errors.BackendRefused, False),
        (408, None, errors.BackendTimeout, True),
        (413, None, errors.ContextTooSmall, False),
        (422, None, errors.BackendRefused, False),
        (429, "rate_limit_exceeded", errors.BackendRateLimited, True),
        (429, "insufficient_quota", errors.BackendQuota, False),
        (429, "billing_hard_limit_reached", errors.BackendQuota, False),
        (500, None, errors.BackendBroken, True),
        (502, None, errors.BackendBroken, True),
        (503, None, errors.ModelUnavailable, True),
        (529, None, errors.ModelUnavailable, True),
    ],
)
def test_every_status_is_one_error(status, code, error, again):
    wrong = classify(failed(status, code), "big", "host")
    assert type(wrong.error) is error
    assert wrong.again is again
    assert SECRET not in str(wrong.error)


def test_a_code_that_is_a_name_is_shown_and_a_sentence_is_not():
    assert "bad_value" in str(classify(failed(400, "bad_value"), "m", "h").error)
    assert "the key" not in str(classify(failed(400, "the key is sk-1"), "m", "h").error)


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        (openai.APITimeoutError(REQUEST), errors.BackendTimeout, False),
        (openai.APIConnectionError(request=REQUEST), errors.BackendBroken, True),
        (ValueError(SECRET), errors.BackendBroken, True),
        (errors.BackendTimeout(), errors.BackendTimeout, False),
        (errors.BackendBroken(), errors.BackendBroken, True),
    ],
)
def test_errors_without_a_status(error, kind, again):
    wrong = classify(error, "big", "host")
    assert (type(wrong.error), wrong.again) == (kind, again)
    assert SECRET not in str(wrong.error)


def test_a_refused_connection_names_the_host():
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx.ConnectError("refused")
    wrong = classify(error, "big", "host:1")
    assert type(wrong.error) is errors.BackendRefused
    assert "host:1" in str(wrong.error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", errors.BackendQuota),
        ("rate_limit_exceeded", errors.BackendRateLimited),
        ("context_length_exceeded", errors.ContextTooSmall),
        ("server_error", errors.BackendBroken),
    ],
)
def test_errors_told_inside_a_stream(code, kind):
    error = openai.APIError(SECRET, request=REQUEST, body={"code": code, "message": SECRET})
    assert type(classify(error, "big", "host").error) is kind


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
    ],
)
def test_retry_after_in_both_its_forms(value, seconds):
    assert retry_after(failed(429, headers={"retry-after": value})) == seconds


def test_retry_after_without_a_response():
    assert retry_after(ValueError()) is None


@pytest.mark.parametrize(
    ("metadata", "finish"),
    [
        ({"finish_reason": "stop"}, "stop"),
        ({"finish_reason": "MAX_TOKENS"}, "length"),
        ({"stop_reason": "end_turn"}, "stop"),
        ({"finish_reason": "content_filter"}, None),
        ({"finish_reason": None}, None),
        ({}, None),
    ],
)
def test_only_a_known_reason_is_an_end(metadata, finish):
    from langchain_core.messages import AIMessageChunk

    assert _finish(AIMessageChunk(content="", response_metadata=metadata)) == finish


@pytest.mark.parametrize(
    ("base_url", "name"), [(None, "max_completion_tokens"), ("http://h/v1", "max_tokens")]
)
def test_the_limit_goes_by_the_name_that_the_server_knows(base_url, name):
    client = _client(HostedModel(name="big", model="m", base_url=base_url))
    payload = client._get_request_payload([("user", "hello")], max_tokens=5)
    assert payload[name] == 5
    assert {"max_tokens", "max_completion_tokens"} & payload.keys() == {name}


def test_surroundings_do_not_redirect_the_client(monkeypatch):
    for variable in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.setenv(variable, "http://evil.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    client = _client(HostedModel(name="big", model="m"))
    assert str(client.root_async_client.base_url) == "https://api.openai.com/v1/"
    assert client.root_async_client.api_key == "none"


def test_other_providers_come_through_langchain():
    pytest.importorskip("langchain", reason="the extra `providers` is not installed")
    record = HostedModel(name="big", model="m", base_url="http://h/v1", api_key="k")
    client = _other(record)
    assert (client.model_name, client.max_retries) == ("m", 0)
    assert client.openai_api_base == "http://h/v1"


@pytest.mark.parametrize(
    ("fields", "host"),
    [
        ({"base_url": "http://user:pass@h:8000/v1"}, "h:8000"),
        ({}, "api.openai.com"),
        ({"provider": "anthropic"}, "anthropic"),
        ({"provider": "anthropic", "base_url": "https://own/"}, "own"),
    ],
)
def test_host_for_people_holds_no_password(fields, host):
    assert host_of(HostedModel(name="big", model="m", **fields)) == host
