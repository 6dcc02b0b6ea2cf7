"""Who a model on a cluster answers: whoever shows its key; without one, no page of a browser."""

import asyncio
import json

import pytest

from chatbot.cluster.writing import Door


class Writers:
    """Handles of a Writer, which says which model it is."""

    @property
    def facts(self):
        return self

    async def remote(self):
        return {"label": "tiny@1", "context": 64}


def status(key, headers):
    """What GET /v1/models is answered with."""
    sent = []

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"path": "/v1/models", "method": "GET", "headers": raw}
    asyncio.run(Door(Writers(), key).serve(scope, None, send))
    assert json.loads(sent[-1]["body"])
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        ("", {}, 200),
        ("", {"authorization": "Bearer x"}, 200),
        ("", {"sec-fetch-site": "none"}, 200),
        ("", {"sec-fetch-site": "same-origin"}, 401),
        ("", {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 401),
        ("", {"origin": "null"}, 401),
        ("sesame", {"origin": "https://evil.example"}, 401),
        ("sesame", {"authorization": "Bearer sesam"}, 401),
        ("sesame", {"authorization": "Bearer sesame"}, 200),
    ],
)
def test_who_is_answered(key, headers, expected):
    pytest.importorskip("ray.exceptions")
    assert status(key, headers) == expected
