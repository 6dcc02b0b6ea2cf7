"""Served equals trained: the same messages, the same tokens, the same greedy answer.

A conversation is had in a product; what its model read is compared with what training makes of it,
and the model's answers with those of plain transformers.
"""

import asyncio
import json
import shutil
from random import Random

import pytest

from chatbot.answering import storable
from chatbot.backends.checkpoint import read_manifest
from chatbot.backends.detokenise import Detokeniser
from chatbot.bootstrap import build
from chatbot.learning.finetune import Plan, train
from chatbot.learning.finetune.encoding import encode, filled
from chatbot.masking import Rules, mask
from chatbot.settings import Settings
from chatbot.tracing import rendered
from store import messages as rows
from tests.support import tiny_model
from tests.support.scenes import ask

ASKED = "Where is order 48213? Call Anna Weber on 030 1234567 by Friday, please."
THEN = "And how much is it? My mail is anna.weber@example.org."
GREEDY = {"temperature": 0.0, "max_tokens": 24, "repetition_penalty": 1.0}
ROW = {
    "messages": [
        {"role": "system", "content": "You answer customers."},
        {"role": "user", "content": "Is ⟨order 1⟩ late?"},
    ],
    "reply": "We are sorry that ⟨order 1⟩ is late.",
    "rejected": None,
    "label": "",
}


def made(folder, *, tags):
    """A tiny model; the one without tags has learned for a few steps, as a run trains it."""
    tiny_model.make(folder / "tiny@1", context=1024, trained_on_tags=tags, parameters=GREEDY)
    return folder / "tiny@1" if tags else tuned(folder)


def tuned(folder):
    work = folder / "run"
    work.mkdir()
    text = "".join(json.dumps(ROW | {"number": n, "talk": str(n)}) + "\n" for n in range(4))
    for name in ("train", "validation"):
        (work / f"{name}.jsonl").write_text(text, encoding="utf-8")
    Plan(
        base=folder / "tiny@1", steps=3, check_every=3, batch_tokens=256, window=512, rate=1e-3
    ).write(work)
    return train(work).checkpoint


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tags"])
def tags(request):
    return request.param


@pytest.fixture(scope="module")
def served(tags, tmp_path_factory):
    """A product that serves the model, and what its model was given to read, in tokens."""
    home = tmp_path_factory.mktemp("home")
    folder = made(tmp_path_factory.mktemp("made"), tags=tags)
    name = read_manifest(folder).name
    shutil.copytree(folder, home / "models" / f"{name}@1")
    product = build(Settings(home=home, model=name, runtime="transformers", test_data=None))
    model, orders = product.registry.open(), []
    order = model._worker.order
    model._worker.order = lambda one: (orders.append(one), order(one))[1]

    async def talk():
        first = await ask(product, ASKED, key="k1")
        return await ask(product, THEN, first.conversation, "k2")

    turn = asyncio.run(talk())
    yield product, model, orders, turn
    product.close()


def traced(product, turn):
    """The messages of an answer as a dataset gets them: rendered again by its trace."""
    with product.archive.main.reading() as session:
        conversation, reply = rows.get(session, product.person().id, turn.reply)
        trace = rows.traces(session, [reply.id])[reply.id]
        asked = rows.by_ids(session, conversation.id, [reply.parent_id, *trace.history_ids])
    by_id = {one.id: one for one in asked}
    history = [by_id[number] for number in trace.history_ids]
    sent = rendered(product.releases, trace, trace.version, by_id[reply.parent_id], history, reply)
    assert sent.rendered_hash == trace.rendered_hash
    return sent.messages


def test_messages_and_tokens_of_a_conversation_are_those_of_training(served, tags):
    product, model, orders, turn = served
    said = traced(product, turn)
    assert THEN in said[-1]["content"]
    assert len(said) > 2

    ids, learn = encode(
        {"messages": said, "reply": "We are sorry."}, model._tokens, model._swapping, Random(0)
    )

    assert [token for token, learned in zip(ids, learn, strict=True) if not learned] == (
        orders[-1].prompt
    )
    assert model._tokens.decode([t for t, learned in zip(ids, learn, strict=True) if learned]) == (
        "We are sorry."
    )
    assert (model._swapping is not None) == tags
    written = model._tokens.decode(orders[-1].prompt)
    assert ("⟨phone 1⟩" in written) == tags
    assert ("030 1234567" in written) != tags


def test_a_masked_row_is_read_as_its_made_up_values_would_be_served(served):
    product, model, _, turn = served
    said = traced(product, turn)
    hidden = mask(said, Rules(on=True)).messages[-len(said) :]
    row = {"messages": hidden, "reply": "We are sorry."}

    messages, _ = filled(row, Random(3))
    ids, learn = encode(row, model._tokens, model._swapping, Random(3))

    assert "030 1234567" not in str(messages)
    assert "⟨phone" not in str(messages)
    read = [token for token, learned in zip(ids, learn, strict=True) if not learned]
    assert read == model._prompt(messages).tokens


def test_greedy_answers_are_those_of_plain_transformers(served):
    import torch
    from transformers import AutoModelForCausalLM

    product, model, orders, turn = served
    folder = product.registry.resolve().path
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    order = orders[-1]
    prompt = torch.tensor([list(order.prompt)])

    ids = plain.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=GREEDY["max_tokens"],
        suppress_tokens=sorted(order.banned) or None,
        eos_token_id=sorted(model._tokens.ends),
        pad_token_id=0,
    )[0, prompt.shape[1] :]

    said = [int(token) for token in ids if int(token) not in model._tokens.ends]
    text = spelled(model._tokens.decode, said)
    if order.rewriter is not None:
        text = model._swapping.hide(traced(product, turn))[1].show(text)
    assert len(said) > 1
    assert turn.text == storable(text)
    assert turn.model == ("tiny@1" if order.rewriter else "tuned@1")


def spelled(decode, tokens):
    """Tokens as text, token by token: how many signs stand for broken UTF-8 depends on the cuts."""
    spelling = Detokeniser(decode)
    return "".join([*map(spelling.push, tokens), spelling.flush()])
