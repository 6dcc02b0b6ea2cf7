"""A look inside as the product offers it: models, prompts, limits, one at a time, released."""

import json
import threading
import time

import pytest

from chatbot.bootstrap import build
from chatbot.errors import (
    ContextTooSmall,
    EmptyText,
    ModelCorrupt,
    NotFound,
    Refused,
    TextTooLong,
    UnknownModel,
    UnstorableText,
)
from chatbot.learning.inside import service
from chatbot.learning.inside.service import MOST_ATTENDED, MOST_TOKENS, Inside
from chatbot.learning.inside.views import Work
from chatbot.settings import HostedModel, Settings
from tests.support import tiny_model

HOSTED = HostedModel(name="cluster", model="large", base_url="http://127.0.0.1:9/v1")
SENTENCE = "The cat sat on the mat."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    tiny_model.make(home / "models" / "tiny@1", context=600)
    tiny_model.make(home / "models" / "tagged@1", trained_on_tags=True)
    return home


@pytest.fixture(scope="module")
def product(home):
    product = build(Settings(home=home, model="scripted", hosted=(HOSTED,)))
    yield product
    product.close()


@pytest.fixture(scope="module")
def inside(product):
    return product.inside


def texts(steps_or_pieces):
    return "".join(getattr(one, "piece", one).text for one in steps_or_pieces)


def test_tokens_of_a_text(inside):
    shown = inside.tokens("tiny", SENTENCE, Work())
    assert texts(shown.pieces) == SENTENCE
    assert shown.tags == {}
    assert inside.held == "tiny@1"


def test_typed_answer_is_judged_as_it_stands(inside):
    shown = inside.answer("tiny", "assistant", "Where is it?", SENTENCE, Work())
    assert texts(shown.steps) == SENTENCE
    assert (shown.written, shown.cut) == (False, False)
    alone = inside.answer("tiny", "", "Where is it?", SENTENCE, Work())
    assert alone.prompt_tokens < shown.prompt_tokens
    assert [a.probability for a in alone.steps] != [s.probability for s in shown.steps]


def test_model_writes_where_no_answer_is_given(inside):
    work = Work()
    shown = inside.answer("tiny", "", "Where is it?", "", work)
    assert shown.written
    assert {step.rank for step in shown.steps} == {1}
    assert work.stage == "Computing probabilities"


def test_attention_of_a_layer(inside):
    shown = inside.attention("tiny", SENTENCE, 2, Work())
    assert (shown.layer, shown.layers, len(shown.heads)) == (2, 2, 4)
    assert texts(shown.pieces) == SENTENCE
    assert len(shown.heads[0]) == len(shown.pieces)


def test_tagged_model_sees_tags(inside):
    shown = inside.answer("tagged", "", "My order is 10482-77.", "Order 10482-77 is late.", Work())
    (tag,) = shown.tags
    assert shown.tags[tag] == "10482-77"
    assert texts(shown.steps) == f"Order {tag} is late."


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyText),
        (" \n\t", EmptyText),
        ("x" * 8001, TextTooLong),
        ("é" * 7000, TextTooLong),
        ("half \ud800", UnstorableText),
    ],
)
def test_text_that_cannot_be_looked_at(inside, text, error):
    with pytest.raises(error):
        inside.tokens("tiny", text, Work())
    with pytest.raises(error):
        inside.attention("tiny", text, 1, Work())
    with pytest.raises(error):
        inside.answer("tiny", "", text if error is not TextTooLong else "x" * 8001, "", Work())


def test_limits_in_tokens_are_told(inside):
    word = "ß"  # several tokens of this vocabulary
    long = word * MOST_TOKENS
    with pytest.raises(TextTooLong, match=f"{MOST_TOKENS} are the most"):
        inside.tokens("tiny", long, Work())
    with pytest.raises(TextTooLong, match=f"{MOST_ATTENDED} are the most"):
        inside.attention("tiny", word * MOST_ATTENDED, 1, Work())
    with pytest.raises(ContextTooSmall):
        inside.answer("tiny", "", long, "", Work())
    with pytest.raises(ContextTooSmall):
        inside.answer("tiny", "", word * 200, word * 200, Work())


@pytest.mark.parametrize("layer", [-1, 0, 3])
def test_layer_that_is_not_there(inside, layer):
    with pytest.raises(Refused, match="the layers 1 to 2"):
        inside.attention("tiny", SENTENCE, layer, Work())


@pytest.mark.parametrize(
    ("model", "error", "why"),
    [
        ("nobody", UnknownModel, "no model"),
        ("cluster", Refused, "does not run on this machine"),
        ("scripted", Refused, "a fake"),
    ],
)
def test_model_that_cannot_be_looked_into(inside, model, error, why):
    with pytest.raises(error, match=why):
        inside.tokens(model, SENTENCE, Work())


def test_prompt_that_is_not_there(inside):
    with pytest.raises(NotFound):
        inside.answer("tiny", "nothing", "Where?", "", Work())


def test_damaged_model_is_not_opened(inside, home):
    folder = home / "models" / "damaged@1"
    tiny_model.make(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 7}))
    with pytest.raises(ModelCorrupt, match="checksum"):
        inside.tokens("damaged", SENTENCE, Work())
    assert inside.held is None


def test_one_look_at_a_time(inside, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()
    real = service._load

    def slow(info):
        begun.set()
        may_end.wait(60)
        return real(info)

    monkeypatch.setattr(service, "_load", slow)
    inside.close()
    first, second = Work(), Work()
    threads = [
        threading.Thread(target=inside.tokens, args=("tiny", SENTENCE, work))
        for work in (first, second)
    ]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    assert first.stage == "Loading tiny@1"
    assert second.stage.startswith("Waiting")
    may_end.set()
    for thread in threads:
        thread.join(60)
    assert (first.stage, second.stage) == ("Computing", "Computing")


def test_idle_model_is_released(product):
    inside = Inside(product.registry, product.releases, "", idle=0.05)
    inside.tokens("tiny", SENTENCE, Work())
    deadline = time.monotonic() + 60
    while inside.held is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert inside.held is None
    assert inside.tokens("tiny", SENTENCE, Work()).pieces


def test_chat_goes_on_with_its_own_copy(product, inside):
    inside.tokens("tiny", SENTENCE, Work())
    assert product.registry.state("tiny@1").state == "idle"
