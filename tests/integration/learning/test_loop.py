"""The whole loop on a tiny model: chat, verdict, dataset, run, gate, promotion, roll back.

The first model is random; two more are trained from it here, and each learns to say one sentence:
ours, and one with a number from nowhere. The better one is trained by a process of its own.
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
BETTER, WORSE = "We look for it.", "Call 555 0199 now."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("loop")
    tiny_model.make(home / "models" / "house@1", context=2048, parameters=GREEDY)
    return home


@pytest.fixture
def product(home, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = {"model": "house", "runtime": "transformers", "encoder": "none", "test_data": None}
    product = build(Settings(home=home, **settings))
    yield product
    product.close()


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


def trained_here(product, monkeypatch, **more):
    """A run that is brought to its end in this process."""
    with monkeypatch.context() as quiet, one_thread():
        quiet.setattr(spawning, "begin", lambda *_: None)
        run = product.runs.start(product.person(), base="house", **more)
        assert product.runs.work(run.public_id) == "complete"
    return product.runs.get(product.person(), run.public_id)


def test_the_loop(product, home, monkeypatch):
    me = product.person()
    first = answer(product, "k1")
    assert first.model == "house@1"
    review(product, first)
    made = dataset(product, "d1", write_turns(home / "better.csv", 320, reply=BETTER))
    assert made.dataset.rows == 321
    rows = list(product.datasets.rows(me, "d1"))
    assert [row.reply for row in rows if row.source == "correction"] == [BETTER]

    dataset(product, "d0", write_turns(home / "worse.csv", 320, reply=WORSE), unfounded=True)
    quiet = QUICK | {"cases": 0}
    bad = trained_here(product, monkeypatch, dataset="d0", name="bad", settings=quiet)
    assert bad.kept
    with pytest.raises(GateClosed, match="valuate"):
        product.promotion.promote(me, bad.model, reason="It was quick to train.")
    with one_thread():
        found = product.evaluations.run(me.name, "house", bad.model, "d1", cases=40, general=40)
    assert found.passed is False
    with pytest.raises(GateClosed):
        product.promotion.promote(me, bad.model, reason="It was quick to train.")
    assert answer(product, "k2").model == "house@1"

    run = product.runs.start(
        me, dataset="d1", base="house", settings=QUICK | {"cases": 40, "general": 40}
    )
    *_, run = product.runs.follow(me, run.public_id)
    assert (run.state, run.kept) == ("complete", True), run.said
    assert run.process is None
    assert run.best_loss < run.facts["first_loss"]
    assert len({one["step"] for one in run.samples}) > 1
    found = product.evaluations.newest(run.model)
    assert found.passed, json.dumps([line.as_dict() for line in found.refused], indent=1)
    assert found.base == "house@1"

    product.promotion.promote(me, run.model, reason="It answers as we do.")
    then = answer(product, "k3")
    assert (then.text, then.model) == (BETTER, run.model)
    assert answer(product, "k4", first.conversation).model == "house@1"
    product.promotion.roll_back(me, reason="Try that once.")
    assert answer(product, "k5").model == "house@1"
