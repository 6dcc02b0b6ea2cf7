"""Spans of turns at a real collector: their shape, their figures, and no text in them."""

import asyncio
import sys

import pytest

from chatbot.bootstrap import build
from chatbot.errors import SettingsInvalid
from chatbot.monitoring import spans
from chatbot.settings import Settings
from tests.support.calling import call, caller
from tests.support.collector import collector, values_of
from tests.support.scenes import ask

SECRET = "Anna Schmidt in Kiel"


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("spans")
    product = build(Settings(home=home, model="scripted", encoder="none", test_data=None))
    yield product
    product.close()


@pytest.fixture
def collected():
    with collector() as (collected, address):
        spans.begin(address, lambda: 3)
        yield collected
        spans.end()


def arrived(collected, count):
    """Spans by name: those that wait leave at the end."""
    spans.end()
    return collected.wait_for(count)


def test_a_turn_has_its_parts(product, collected, play):
    turn = play(ask(product, f"!say {SECRET}", key="one"))
    found = arrived(collected, 5)
    assert sorted(found) == ["model", "render", "retrieve", "save", "turn"]
    whole = found["turn"]
    parts = [found[name] for name in ("retrieve", "render", "model", "save")]
    assert all(each.parent_span_id == whole.span_id for each in parts)
    assert len({each.trace_id for each in collected.spans}) == 1
    starts = [each.start_time_unix_nano for each in parts]
    assert starts == sorted(starts)
    assert whole.start_time_unix_nano <= starts[0]
    assert parts[-1].end_time_unix_nano <= whole.end_time_unix_nano
    said = values_of(whole.attributes)
    assert (said["chatbot.turn"], said["chatbot.status"]) == (turn.reply, "complete")
    called = values_of(found["model"].attributes)
    assert called["gen_ai.request.model"] == "scripted@1"
    assert called["gen_ai.usage.input_tokens"] > 0
    assert [each.name for each in found["model"].events] == ["first token"]
    assert (collected.about["service.name"], collected.paths[0]) == ("chatbot", "/v1/traces")
    assert collected.about["service.instance.id"] == "3"
    assert b"Anna" not in collected.raw
    assert b"Kiel" not in collected.raw


def test_a_turn_that_fails_says_of_which_kind(product, collected, play):
    play(ask(product, f"!429 9 {SECRET}", key="two"))
    found = arrived(collected, 4)
    assert (found["turn"].status.code, found["turn"].status.message) == (2, "busy")
    assert b"Anna" not in collected.raw


def test_calls_of_the_api_and_their_log(product, collected, play, caplog):
    who = caller(product)
    with caplog.at_level("INFO", "chatbot.monitoring.ends"):
        kept = play(call(product, who, f"!say {SECRET}", n=2))
        unkept = caller(product, stores=False)
        play(call(product, unkept, f"!say {SECRET}"))
    facts = [each.facts for each in caplog.records]
    assert [each["channel"] for each in facts] == ["api"] * 3
    assert facts[0]["conversation"] == kept.ended.conversation
    assert facts[0]["turn"] == kept.ended.message
    assert "turn" not in facts[2]
    arrived(collected, 6)
    turns = {each.span_id for each in collected.spans if each.name == "turn"}
    called = [each for each in collected.spans if each.name == "model"]
    assert {each.parent_span_id for each in called} == turns
    assert len(turns) == len(called) == 3
    assert "Anna" not in str(facts)
    assert b"Anna" not in collected.raw


def test_two_turns_at_once_are_two_traces(product, collected, play):
    async def both():
        await asyncio.gather(ask(product, "hello", key="a"), ask(product, "hello", key="b"))

    play(both())
    arrived(collected, 10)
    assert len({each.trace_id for each in collected.spans}) == 2
    assert [each.name for each in collected.spans].count("turn") == 2


def test_what_breaks_inside_is_told_by_its_type(collected):
    def broken():
        with spans.span("part"):
            raise ValueError(SECRET)

    with pytest.raises(ValueError, match="Anna"):
        broken()
    found = arrived(collected, 1)["part"]
    assert (found.status.message, list(found.events)) == ("ValueError", [])


def test_without_an_address_nothing_is_made(product, play):
    spans.begin("")
    renderer = product.releases.renderer
    assert spans.rendering(renderer) is renderer
    assert play(ask(product, "hello", key="off")).status == "complete"


def test_a_collector_that_is_gone_costs_no_turn(product, play, monkeypatch):
    monkeypatch.setattr(spans, "LEAVE_WITHIN", 0.1)
    spans.begin("http://127.0.0.1:1")
    try:
        assert play(ask(product, "hello", key="gone")).status == "complete"
    finally:
        spans.end()


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://collector.example/", "https://collector.example/v1/traces"),
        ("https://collector.example/otlp/v1/traces", "https://collector.example/otlp/v1/traces"),
    ],
)
def test_an_address_may_be_that_of_the_collector_or_of_its_path(address, endpoint):
    assert spans.endpoint_of(address) == endpoint


@pytest.mark.parametrize("address", ["collector:4318", "grpc://collector", "http://", "http://[x"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SettingsInvalid, match="CHATBOT_OTEL"):
        spans.begin(address)


def test_without_the_library_a_sentence_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsInvalid, match=r"chatbot\[otel\]"):
        spans.begin("http://127.0.0.1:4318")
