"""The whole loop on a tiny model: chat, verdict, dataset, run, gate, promotion, roll back.

Three models are trained, and each learns to say one sentence: the first "no" and again "no", one
that names a number from nowhere, one ours. The last is trained by a process of its own.
"""

import asyncio
import json

import pytest

from chatbot.bootstrap import build
from chatbot.errors import GateClosed
from chatbot.learning.jobs import spawning
from chatbot.settings import Settings
from tests.support import tiny_model
from tests.support.learning import GREEDY, QUICK, one_thread, turns, write_turns
from tests.support.scenes import ask

[(QUESTION, _)] = turns(1, seed=99)
FIRST, BETTER, WORSE = "No no no no no no.", "We look for it.", "Call 555 0199 now."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("loop")
    tiny_model.make(home / "models" / "house@1", context=2048, parameters=GREEDY)
    return home


@pytest.fixture
def product_of(home, monkeypatch):
    """Opens the product with a model as its default; at the end all are closed."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    opened = []

    def product(model):
        settings = {"runtime": "transformers", "encoder": "none", "test_data": None}
        opened.append(build(Settings(home=home, model=model, **settings)))
        return opened[-1]

    yield product
    for each in opened:
        each.close()


def answer(product, key, conversation=None):
    return asyncio.run(ask(product, QUESTION, conversation, key))


def review(product, turn):
    """The chatter's thumb, and the reviewer's correction."""
    me = product.person()
    product.conversations.feedback(me, turn.reply, rating=-1)
    item = product.review.queue(me).rows[0]
    product.review.open(me, item.id)
    product.review.judge(me, item.id, rating=-1, text=BETTER, tags=[], note="", use=True)


def dataset(product, name, file, **more):
    given = {"files": [file], "prompt": "assistant", "held_out": 0.15} | more
    return product.datasets.build(product.person(), name, **given)


def trained_here(product, monkeypatch, base, **more):
    """A run that is brought to its end in this process."""
    with monkeypatch.context() as quiet, one_thread():
        quiet.setattr(spawning, "begin", lambda *_: None)
        run = product.runs.start(product.person(), base=base, **more)
        assert product.runs.work(run.public_id) == "complete"
    return product.runs.get(product.person(), run.public_id)


def test_the_loop(product_of, home, monkeypatch):
    quiet = QUICK | {"cases": 0}
    product = product_of("house")
    dataset(product, "d", write_turns(home / "first.csv", 220, reply=FIRST))
    made = {"dataset": "d", "name": "first", "settings": quiet}
    base = trained_here(product, monkeypatch, "house", **made).model

    product = product_of("first")
    me = product.person()
    first = answer(product, "k1")
    assert first.model == base
    review(product, first)
    built = dataset(product, "d1", write_turns(home / "better.csv", 320, reply=BETTER))
    assert built.dataset.rows == 321
    rows = list(product.datasets.rows(me, "d1"))
    assert [row.reply for row in rows if row.source == "correction"] == [BETTER]

    dataset(product, "d0", write_turns(home / "worse.csv", 320, reply=WORSE), unfounded=True)
    made = {"dataset": "d0", "name": "bad", "settings": quiet}
    bad = trained_here(product, monkeypatch, "first", **made)
    assert bad.kept
    with pytest.raises(GateClosed, match="valuate"):
        product.promotion.promote(me, bad.model, reason="It was quick to train.")
    with one_thread():
        asked = (me.name, "first", bad.model, "d1")
        found = product.evaluations.run(*asked, cases=40, general=10, probes=False)
    assert "own.invented" in {line.name for line in found.refused}
    assert found.passed is False
    with pytest.raises(GateClosed):
        product.promotion.promote(me, bad.model, reason="It was quick to train.")
    assert answer(product, "k2").model == base

    run = product.runs.start(
        me, dataset="d1", base="first", settings=QUICK | {"cases": 40, "general": 40}
    )
    *_, run = product.runs.follow(me, run.public_id)
    assert (run.state, run.kept) == ("complete", True), run.said
    assert run.process is None
    assert run.best_loss < run.facts["first_loss"]
    assert len({one["step"] for one in run.samples}) > 1
    found = product.evaluations.newest(run.model)
    assert found.passed, json.dumps([line.as_dict() for line in found.refused], indent=1)
    assert found.base == base

    product.promotion.promote(me, run.model, reason="It answers as we do.")
    then = answer(product, "k3")
    assert (then.text, then.model) == (BETTER, run.model)
    assert answer(product, "k4", first.conversation).model == base
    product.promotion.roll_back(me, reason="Try that once.")
    assert answer(product, "k5").model == base
