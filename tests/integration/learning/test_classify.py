"""Heads trained on a tiny encoder: learned, written, read again, resumed; bad rows are named."""

import json

import pytest
from typer.testing import CliRunner

from chatbot.analysis import Analysis
from chatbot.backends.encoder import Encoder
from chatbot.backends.heads import Heads, read_about
from chatbot.errors import ModelCorrupt, ModelUnavailable, Refused
from chatbot.learning.classify import rows as rows_module
from chatbot.learning.classify import training, tuning
from chatbot.learning.classify.rows import read
from chatbot.learning.classify.training import train
from chatbot.learning.classify.tuning import Plan
from tests.support import tiny_encoder
from ui.cli import app

PLAN = Plan(epochs=8, lower=1, rank=4, rate=1e-2, batch=8)
GOOD = ["thank you", "thank you the parcel", "thank you when", "thank thank you"]
BAD = ["where is my order", "when will it arrive", "where is the parcel", "where will my order"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Steps of a few thousand numbers: threads would only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return Encoder(tiny_encoder.make(tmp_path_factory.mktemp("encoder") / "tiny"))


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def moods(folder):
    path = folder / "moods.csv"
    lines = ["text,label"]
    for number in range(30):
        lines += [f"{GOOD[number % 4]} {number},happy", f"{BAD[number % 4]} {number},angry"]
    path.write_text("\n".join(lines), "utf-8")
    return path


def intents(folder):
    rows = []
    for number in range(30):
        rows += [
            {"text": f"{GOOD[number % 4]} {number}", "intent": "thanks"},
            {"text": f"{BAD[number % 4]} {number}", "intent": "parcel"},
            {"text": f"café 東京 {number}", "intent": "none"},
        ]
    return written(folder / "intents.jsonl", rows)


def names(folder):
    rows = []
    for number in range(40):
        name = ["Anna", "Tom", "Iris", "Kofi"][number % 4]
        tokens = ["thank", "you", name, "where", "is", "my", "parcel", str(number)]
        rows.append({"tokens": tokens, "tags": ["O", "O", "B-person", *["O"] * 5]})
    return written(folder / "names.jsonl", rows)


def test_a_mood_is_learned_and_read_again(encoder, tmp_path):
    trained = train(encoder, "sentiment", moods(tmp_path), tmp_path / "head", plan=PLAN)
    assert trained.scores["polarity"] > 0.9
    heads = Heads(encoder)
    heads.add("sentiment", tmp_path / "head")
    found = heads.read(["thank you", "where is my order"], ["sentiment"])["sentiment"]
    assert found[0][0] > 0 > found[1][0]


def test_intents_are_learned_and_none_is_told(encoder, tmp_path):
    trained = train(encoder, "intent", intents(tmp_path), tmp_path / "intent", plan=PLAN)
    assert trained.labels == ("parcel", "thanks")
    assert trained.scores["accuracy"] > 0.9
    analysis = Analysis(lambda: encoder, tmp_path)
    assert analysis.intent("where is my order").name == "parcel"
    assert analysis.why_not() == ""


def test_names_are_learned_by_how_they_are_written(encoder, tmp_path):
    trained = train(encoder, "entities", names(tmp_path), tmp_path / "entities", plan=PLAN)
    assert trained.scores["F1"] > 0.9
    found = Analysis(lambda: encoder, tmp_path).entities("thank you Petra where is my parcel 7")
    assert [(one.kind, one.text) for one in found] == [("person", "Petra")]


def test_heads_together_say_what_they_say_alone(encoder, tmp_path):
    train(encoder, "sentiment", moods(tmp_path), tmp_path / "sentiment", plan=PLAN)
    deep = Plan(epochs=1, lower=0, rank=2, batch=8)
    train(encoder, "intent", intents(tmp_path), tmp_path / "intent", plan=deep)
    heads = Heads(encoder)
    for name in ("sentiment", "intent"):
        heads.add(name, tmp_path / name)
    texts = [*GOOD, "where " * 60, *BAD]
    both = heads.read(texts, ["sentiment", "intent"])
    for name in ("sentiment", "intent"):
        alone = [heads.read([text], [name])[name][0] for text in texts]
        for one, other in zip(both[name], alone, strict=True):
            assert one == pytest.approx(other, abs=1e-4)


def test_a_killed_run_goes_on_where_it_was(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "EVERY", -1.0)
    data = moods(tmp_path)
    begun = []

    def kill(done, _steps, _loss):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(encoder, "sentiment", data, tmp_path / "head", plan=PLAN, tell=kill)
    assert not (tmp_path / "head" / "head.json").exists()
    train(
        encoder,
        "sentiment",
        data,
        tmp_path / "head",
        plan=PLAN,
        tell=lambda done, _steps, _loss: begun.append(done),
    )
    assert begun[0] == 6
    assert not (tmp_path / "head" / tuning.STATE).exists()


def test_a_state_of_other_rows_is_not_gone_on_from(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "EVERY", -1.0)

    def kill(_done, _steps, _loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(encoder, "sentiment", moods(tmp_path), tmp_path / "x", plan=PLAN, tell=kill)
    begun = []
    data = intents(tmp_path)
    train(encoder, "intent", data, tmp_path / "x", plan=PLAN, tell=lambda *at: begun.append(at[0]))
    assert begun[0] == 1


def test_bad_rows_are_named_and_the_rest_is_learned(encoder, tmp_path):
    path = moods(tmp_path)
    path.write_text(path.read_text("utf-8") + "\n,happy\nnice,purple\n", "utf-8")
    good, bad = read(path, "sentiment")
    assert len(good) == 60
    assert [row.row for row in bad] == [62, 63]
    assert "text" in bad[0].reason
    assert "mood" in bad[1].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "JSON"),
        ("[1]", "object"),
        ('{"text": "a", "entities": [{"start": 0, "end": 9, "label": "x"}]}', "inside the text"),
        ('{"tokens": ["a"], "tags": []}', "each token"),
        ('{"tokens": ["a"], "tags": ["X"]}', "B-label"),
        ('{"text": "a", "entities": "{"}', "JSON"),
        ('{"text": ""}', "no text"),
    ],
)
def test_every_bad_row_has_its_reason(tmp_path, line, reason):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"tokens": ["a"], "tags": ["O"]}\n' + line + "\n", "utf-8")
    [bad] = read(path, "entities")[1]
    assert bad.row == 2
    assert reason in bad.reason


def test_files_that_cannot_be_used_are_refused(encoder, tmp_path, monkeypatch):
    with pytest.raises(Refused, match="no file"):
        read(tmp_path / "none.csv", "intent")
    (tmp_path / "latin.csv").write_bytes("text,label\ncafé,a\n".encode("latin-1"))
    with pytest.raises(Refused, match="UTF-8"):
        read(tmp_path / "latin.csv", "intent")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    with pytest.raises(Refused, match="no usable row"):
        read(tmp_path / "empty.csv", "intent")
    few = written(tmp_path / "few.jsonl", [{"text": "a", "label": "b"}] * 3)
    with pytest.raises(Refused, match=str(training.FEWEST)):
        train(encoder, "intent", few, tmp_path / "head")
    same = written(tmp_path / "same.jsonl", [{"text": f"a {n}", "label": "b"} for n in range(60)])
    with pytest.raises(Refused, match="same label"):
        train(encoder, "intent", same, tmp_path / "head")
    monkeypatch.setattr(rows_module, "LARGEST", 10)
    with pytest.raises(Refused, match="over"):
        read(same, "intent")


def test_stars_and_large_scores_are_brought_to_one_scale(tmp_path):
    stars = written(tmp_path / "a.jsonl", [{"text": "a", "label": n} for n in (1, 3, 5)])
    assert [row.score for row in read(stars, "sentiment")[0]] == [-1, 0, 1]
    large = written(tmp_path / "b.jsonl", [{"text": "a", "score": n} for n in (-4, 0, 2)])
    assert [row.score for row in read(large, "sentiment")[0]] == [-1, 0, 0.5]


def test_a_head_of_another_encoder_is_refused_and_done_without(encoder, tmp_path):
    train(encoder, "sentiment", moods(tmp_path), tmp_path / "sentiment", plan=PLAN)
    about = json.loads((tmp_path / "sentiment" / "head.json").read_text("utf-8"))
    about["encoder"] = "0" * 64
    (tmp_path / "sentiment" / "head.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelUnavailable, match="another encoder"):
        Heads(encoder).add("sentiment", tmp_path / "sentiment")
    assert Analysis(lambda: encoder, tmp_path).mood("wonderful, perfect").word == "happy"


def test_broken_heads_say_so(encoder, tmp_path):
    with pytest.raises(ModelUnavailable, match="no head"):
        read_about(tmp_path)
    (tmp_path / "head.json").write_text("{", "utf-8")
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        read_about(tmp_path)
    (tmp_path / "head.json").write_text("{}", "utf-8")
    with pytest.raises(ModelCorrupt, match="incomplete"):
        read_about(tmp_path)
    train(encoder, "sentiment", moods(tmp_path), tmp_path / "x", plan=PLAN)
    (tmp_path / "x" / "head.safetensors").write_bytes(b"no")
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        Heads(encoder).add("sentiment", tmp_path / "x")


def test_the_command_trains_and_prints_json(encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("CHATBOT_ENCODER", str(tmp_path / "tiny"))
    tiny_encoder.make(tmp_path / "tiny")
    path = moods(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nnice,purple\n", "utf-8")
    asked = ["train", "classifier", "--task", "sentiment", "--data", str(path), "--epochs", "1"]
    done = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["bad"] == 1
    assert told["learned"] + told["held_out"] == 60
    assert "Row 62" in done.stderr
    assert read_about(tmp_path / "out").scores == told["scores"]
