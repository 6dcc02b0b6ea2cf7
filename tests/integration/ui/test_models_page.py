"""The Models page behind its scripts: route, roles, the registry, looks, bad input."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from chatbot.bootstrap import build
from chatbot.errors import NotAllowed
from chatbot.settings import HostedModel, Settings
from tests.support import tiny_model
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.knowledge_uploads import Uploads
from ui.pages.models_commands import SEES, ModelsCommands
from ui.pages.models_evaluating import Evaluating
from ui.pages.works import Works
from ui.web import create_app

HOSTED = HostedModel(name="cluster", model="large", base_url="http://127.0.0.1:9/v1")
SENTENCE = "The cat sat on the mat."
FIGURES = {"own": {"right": 0.715, "turns": 300}}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    folder = home / "models" / "tiny@1"
    tiny_model.make(folder, context=300, parameters={"temperature": 0.5})
    (folder / "README.md").write_text("# Tiny\n\n<img src=x onerror=alert(1)>\n")
    (folder / "evaluation.json").write_text(json.dumps(FIGURES))
    (home / "models" / "broken@1").mkdir()
    (home / "models" / "broken@1" / "manifest.json").write_text("{")
    return home


@pytest.fixture
def product(home):
    product = build(Settings(home=home, model="scripted", hosted=(HOSTED,)))
    yield product
    product.close()


@pytest.fixture
def ask(product):
    """One command of the page, or several after one another in one loop."""
    with asyncio.Runner() as runner:
        works = Works()
        book = ModelsCommands(product, works, Uploads(), Evaluating())
        call = calling(product, book, SEES)

        async def looked(**data):
            told = await call(data, None)
            while "work" in told or "running" in told:
                work = told.get("work", data.get("work"))
                data = {"do": "follow", "work": work}
                told = await call(data, None)
            return told

        yield lambda **data: runner.run(asyncio.wait_for(looked(**data), 120))
        works.close()


@pytest.fixture
def chatter(product):
    """The local person without the roles of this page."""
    with product.archive.main.writing() as session:
        session.execute(text("DELETE FROM user_roles WHERE role IN ('admin', 'reviewer')"))


def test_page_has_a_route_of_its_own(product):
    async def scene():
        app = create_app(product)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
            return [await client.get(path) for path in ("/models", "/config", "/gradio_api/info")]

    page, config, info = asyncio.run(scene())
    assert page.status_code == 200
    assert "app.js" in page.text
    names = [one["props"].get("elem_id") for one in config.json()["components"]]
    assert {"chat-meta", "models-data", "models-card-text"} <= set(names)
    assert info.json() == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_start_lists_every_model_with_its_facts(ask):
    told = ask(do="start")
    models = {one["label"]: one for one in told["models"]}
    assert set(models) == {"tiny@1", "starter@2.1", "cluster@large", "scripted@1"}
    tiny, cluster = models["tiny@1"], models["cluster@large"]
    assert (tiny["where"], tiny["state"], tiny["context"]) == ("local", "idle", 300)
    assert tiny["sampling"] == {"temperature": 0.5}
    assert tiny["figures"] == [["own · right", 0.715], ["own · turns", 300]]
    assert tiny["card"]
    assert (cluster["where"], cluster["server"]) == ("hosted", "http://127.0.0.1:9/v1")
    assert (cluster["size"], cluster["weights"], cluster["card"]) == (None, None, False)
    assert told["model"] == "scripted@1"
    assert "assistant" in told["prompts"]
    assert any("broken@1" in sentence for sentence in told["problems"])
    assert json.loads(json.dumps(told)) == told


def test_open_model_tells_its_engine(ask, product):
    product.registry.open("tiny")
    (tiny,) = [one for one in ask(do="models")["models"] if one["label"] == "tiny@1"]
    assert (tiny["state"], tiny["runtime"]) == ("ready", "transformers, float32, cpu")


def test_looks_come_back_as_json(ask):
    tokens = ask(do="tokens", model="tiny", text=SENTENCE)["result"]
    assert "".join(text for _, text, _ in tokens["tokens"]) == SENTENCE
    told = {"model": "tiny", "prompt": "assistant", "question": "Where?", "text": SENTENCE}
    answer = ask(do="answer", **told)["result"]
    assert [step["token"] for step in answer["steps"]] == tokens["tokens"]
    for step in answer["steps"]:
        shares = [one[3] for one in step["likely"]]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) == 10
        assert 0 <= step["p"] <= 1
    attention = ask(do="attention", model="tiny", text=SENTENCE, layer=2)["result"]
    assert attention["tokens"] == tokens["tokens"]
    assert (attention["layer"], attention["layers"], len(attention["heads"])) == (2, 2, 4)
    assert sum(attention["heads"][0][-1]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"model": "tiny", "text": " "}, "empty_text"),
        ({"model": "tiny", "text": "x" * 8001}, "text_too_long"),
        ({"model": "tiny", "text": "ß" * 900}, "text_too_long"),
        ({"model": "tiny", "text": "\ud800"}, "refused"),
        ({"model": "nobody", "text": "x"}, "unknown_model"),
        ({"model": "cluster", "text": "x"}, "refused"),
        ({"model": "scripted", "text": "x"}, "refused"),
    ],
)
def test_bad_input_gets_a_sentence(ask, data, code):
    for more in ({"do": "tokens"}, {"do": "attention", "layer": 1}):
        told = ask(**data, **more)
        assert told["code"] == code
        assert told["error"].endswith(".")


@pytest.mark.parametrize(
    "data",
    [
        {"do": "tokens", "model": "tiny"},
        {"do": "tokens", "model": "x" * 201, "text": "x"},
        {"do": "tokens", "model": "tiny", "text": ["x"]},
        {"do": "attention", "model": "tiny", "text": "x", "layer": "1"},
        {"do": "attention", "model": "tiny", "text": "x", "layer": 1.5},
        {"do": "follow", "work": 7},
        {"do": "card"},
    ],
)
def test_odd_calls_are_not_understood(ask, data):
    assert ask(**data) == {"error": NOT_UNDERSTOOD, "code": "refused"}


def test_prompt_and_work_that_are_not_there(ask):
    told = ask(do="answer", model="tiny", prompt="nothing", question="x", text="")
    assert told["code"] == "not_found"
    assert ask(do="follow", work="gone")["code"] == "not_found"


@pytest.mark.parametrize("do", ["start", "models", "tokens", "answer", "attention", "follow"])
def test_other_roles_are_refused_in_every_command(ask, chatter, do):
    told = ask(do=do, model="tiny", text="x", layer=1)
    assert told == {"error": NotAllowed.sentence, "code": "not_allowed"}


def read_card(product, given):
    commands = ModelsCommands(product, Works(), Uploads(), Evaluating())
    return asyncio.run(commands.card(SimpleNamespace(_data=given), None))


def test_card_is_markdown_without_html(product):
    shown = read_card(product, {"model": "tiny@1"})
    assert shown.startswith("# Tiny")
    assert "<img" not in shown
    assert "&lt;img" in shown


@pytest.mark.parametrize("given", [None, [], {}, {"model": 3}, {"model": "cluster"}])
def test_model_without_a_card_shows_none(product, given):
    assert read_card(product, given) == ""


def test_card_of_a_model_that_is_not_there(product):
    assert "no model" in read_card(product, {"model": "nobody"})


def test_card_asks_for_the_role_too(product, chatter):
    assert read_card(product, {"model": "tiny@1"}) == NotAllowed.sentence
