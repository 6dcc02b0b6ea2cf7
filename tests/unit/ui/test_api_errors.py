"""Errors of the doors for programs: every one has OpenAI's shape and one of its statuses."""

import pytest

import chatbot.completions.errors
import chatbot.drafting
import chatbot.keys.errors  # noqa: F401
from chatbot.errors import ChatbotError, ContextTooSmall, StoreUnavailable, TooManyTurns
from ui.api import errors
from ui.api.asked import ChatRequest, ResponseRequest
from ui.api.fields import read

STATUSES = {400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504}


def tree(kind=ChatbotError):
    return [kind, *(one for each in kind.__subclasses__() for one in tree(each))]


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_of_openais(kind):
    error = kind.__new__(kind)
    Exception.__init__(error, kind.__dict__.get("sentence") or "Something.")
    assert errors.status_of(error) in STATUSES
    [told] = errors.body_of(error).values()
    assert told["message"]
    assert told["type"].endswith("error") or told["type"] == "insufficient_quota"


def test_when_to_try_again():
    assert errors.headers_of(TooManyTurns(retry_after=0.2))["retry-after"] == "1"
    assert errors.headers_of(StoreUnavailable())["retry-after"] == "5"
    late = errors.headers_of(TooManyTurns(retry_after=86400))
    assert (late["retry-after"], late["x-should-retry"]) == ("86400", "false")
    assert "retry-after" not in errors.headers_of(ContextTooSmall())


def test_a_broken_sign_in_a_sentence_is_sent():
    answer = errors.answer_of(ChatbotError("half \ud800 a pair"))
    assert answer.body.decode("utf-8")


def test_requests_become_calls():
    body = b"""{"model": "prompt:support", "metadata": {"company": "Lamps", "tags": ["a"]},
        "messages": [{"role": "developer", "content": [{"type": "text", "text": "Hi"}]}],
        "max_completion_tokens": 5, "stop": "x", "user": "u1",
        "response_format": {"type": "json_object"}}"""
    ask = read(ChatRequest, body).ask()
    assert (ask.inputs, ask.metadata) == ({"company": "Lamps", "tags": ["a"]}, {"user": "u1"})
    assert (ask.max_tokens, ask.stop, ask.shape) == (5, ("x",), "json")
    body = b"""{"model": "m", "instructions": "Be kind", "input": [{"role": "user",
        "content": [{"type": "input_text", "text": "Hi"}]}], "text": {"format": {"type":
        "json_schema", "name": "n", "schema": {"type": "object"}}}}"""
    ask = read(ResponseRequest, body).ask()
    assert [(one.role, one.content) for one in ask.messages] == [
        ("system", "Be kind"),
        ("user", "Hi"),
    ]
    assert ask.shape.schema == {"type": "object"}
