"""A model on this machine that is damaged or too large: told in words, and the others go on.

That a thread which dies is told is in tests/unit/backends/test_worker.py, that the oldest history
makes room in tests/unit/chatbot/test_chain.py.
"""

import asyncio

import pytest

from chatbot.backends import reference
from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support import tiny_model
from tests.support.scenes import ask, texts


@pytest.fixture
def product(tmp_path):
    for version in (1, 2):
        tiny_model.make(tmp_path / "models" / f"tiny@{version}", parameters={"max_tokens": 4})
    weights = tmp_path / "models" / "tiny@2" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    product = build(Settings(home=tmp_path, model="tiny@1", runtime="transformers"))
    yield product
    product.close()


def test_a_damaged_model_is_refused_and_the_old_one_stays(product):
    async def scene():
        first = await ask(product, "hello", key="model 001")
        bad = await ask(product, "hello", first.conversation, "model 002", model="tiny@2")
        good = await ask(product, "hello", first.conversation, "model 003", model="tiny@1")
        return first, bad, good

    first, bad, good = asyncio.run(asyncio.wait_for(scene(), 200))
    assert first.model == good.model == "tiny@1"
    assert (bad.status, bad.text) == ("failed", "")
    assert "model.safetensors does not have its checksum" in bad.error
    assert good.status in ("complete", "truncated")
    asked = [text for role, text, _ in texts(product, good.conversation) if role == "user"]
    assert asked == ["hello"] * 3


def test_a_model_without_room_is_told_and_the_next_turn_works(product, monkeypatch):
    async def scene():
        with monkeypatch.context() as small:
            small.setattr(reference, "available_bytes", lambda: 1000)
            full = await ask(product, "hello", key="memory 01")
        return full, await ask(product, "hello", full.conversation, "memory 02")

    full, after = asyncio.run(asyncio.wait_for(scene(), 200))
    assert (full.status, full.text) == ("failed", "")
    assert "memory" in full.error
    assert after.status in ("complete", "truncated")
