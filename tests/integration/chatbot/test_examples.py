"""Examples that are chosen by likeness: the same in the turn, in its trace and in what leaves."""

from collections.abc import Awaitable, Callable
from typing import Any

from chatbot.bootstrap import Product
from store import prompts as rows
from tests.support.scenes import ask

SOURCE = """---
name: shop
description: Answers like the examples.
inputs:
  - {name: history, kind: thread, description: What was said.}
  - {name: question, kind: text, required: true, description: What is asked.}
metadata:
  chatbot:
    kind: chat
    examples: {select: similar, k: 1, by: question}
---
{{ examples }}
{{ history }}
user:
{{ question }}
"""
EXAMPLES = [
    {"user": "Where is my parcel?", "assistant": "On its way."},
    {"user": "How do I return shoes?", "assistant": "Within 30 days."},
]


def published(product: Product) -> None:
    """Save the prompt and let it serve; the gate is not what is tested here."""
    person = product.person()
    saved = product.authoring.save(person, "shop", SOURCE, {}, EXAMPLES, parent=None, note="")
    with product.archive.main.writing() as session:
        rows.publish(
            session,
            prompt="shop",
            environment="production",
            weights={saved.version.sha: 1},
            actor=person.name,
            reason="",
        )


def test_a_turn_shows_the_likest_and_its_trace_the_same(
    product: Product, play: Callable[[Awaitable[Any]], Any]
) -> None:
    published(product)
    for key, question, answer in (
        ("first", "Can I return these shoes?", "Within 30 days."),
        ("second", "The parcel is late, where is it?", "On its way."),
    ):
        turn = play(ask(product, question, key=key, prompt="shop"))
        trace = product.traces.of(product.person(), turn.reply)
        assert [one["content"] for one in trace.messages][1:] == [answer, question]
        assert trace.exact
