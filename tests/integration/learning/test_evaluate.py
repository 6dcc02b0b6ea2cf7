"""The whole evaluation: good replies pass, shuffled ones fail, the command says it to people."""

import json

import pytest
import torch

from chatbot import settings as configuration
from chatbot.backends.encoder import missing, open_encoder
from chatbot.backends.loading import load_to_look_inside
from chatbot.learning.evaluate import public, suite
from chatbot.learning.evaluate.cases import corpus_cases
from chatbot.learning.evaluate.perplexity import perplexity, read
from chatbot.learning.evaluate.running import answers
from chatbot.learning.evaluate.trials import Judge
from tests.support import tiny_model
from tests.support.known_replies import KnownReplies
from tests.support.shell import Shell

RULES = ("exact", "lacking", "memory", "kept", "fluent")


def silent(*_):
    """Nobody watches."""


@pytest.fixture(scope="module")
def encoder():
    settings = configuration.load()
    found = open_encoder(settings)
    if found is None:
        pytest.skip(missing(settings))
    return found


@pytest.fixture(scope="module")
def asked():
    found, _ = suite.gather(suite.Options(cases=150))
    return found


def figures(asked, shift, encoder):
    given = answers(KnownReplies.of(asked, shift), asked, silent)
    column = suite.judged("reference@1", asked, given.answers, Judge(encoder), {})
    return {measure.key: measure for measure in column.measures}


def test_good_replies_pass_every_rule(asked):
    found = figures(asked, 0, None)
    assert {key: found[key].value for key in RULES if found[key].value < 0.97} == {}
    assert found["invented"].value <= 0.02
    assert found["refused"].value <= 0.03
    assert found["topic"].count == 0


def test_shuffled_replies_fail(asked):
    found = figures(asked, 1, None)
    assert found["exact"].value < 0.2
    assert found["memory"].value < 0.2
    assert found["kept"].value < 0.4
    assert found["invented"].value > 0.5
    assert found["fluent"].value > 0.97  # they are whole sentences, after all


def test_topics_tell_good_replies_from_shuffled(asked, encoder):
    asked = asked[::2]
    assert figures(asked, 0, encoder)["topic"].value >= 0.97
    assert figures(asked, 1, encoder)["topic"].value < 0.3


def test_intents_tell_good_replies_from_shuffled(public_data, encoder):
    asked = public.intent_cases(public_data, 54, 0)
    assert len(asked) == 54
    assert figures(asked, 0, encoder)["intent"].value >= 0.97
    assert figures(asked, 2, encoder)["intent"].value < 0.3


def test_progress_and_failures_are_told(asked):
    told = []
    given = answers(KnownReplies.of(asked[:5]), asked[:9], lambda *done: told.append(done))
    assert told == [(done, 9) for done in range(1, 10)]
    assert [bool(answer.error) for answer in given.answers] == [False] * 5 + [True] * 4


def test_perplexity_of_random_weights_is_high(tmp_path):
    tiny_model.make(tmp_path, context=512)
    found = corpus_cases(40, 0)
    read = perplexity(tmp_path, 512, found, tagged=False)
    assert read.per_token > 100
    assert read.replies > 0
    with pytest.raises(ValueError, match="No case fits"):
        perplexity(tmp_path, 4, found, tagged=False)


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "home")


def run(shell, *more, **environment):
    few = ("--suite", "starter", "--cases", "10")
    return shell.run("evaluate", "scripted", *few, *more, CHATBOT_ENCODER="none", **environment)


def test_command_prints_one_object(shell):
    done = run(shell, "--json")
    assert done.code == 0, done.err
    assert done.data["suite"] == "starter"
    assert [column["model"] for column in done.data["models"]] == ["scripted@1", "copy", "quote"]
    by_key = {line["key"]: line for line in done.data["models"][0]["measures"]}
    assert by_key["exact"]["count"] > 0
    assert "--data" in by_key["limit"]["note"]
    assert "encoder" in by_key["topic"]["note"]
    assert "scripted@1: 11 of 11" in done.err


def test_command_prints_a_table_and_keeps_replies(shell, tmp_path):
    file = tmp_path / "replies.jsonl"
    done = run(shell, "--baseline", "copy", "--replies", str(file))
    assert done.code == 0, done.err
    assert "replies with a value or name from nowhere" in done.out
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {line["model"] for line in lines} == {"scripted@1", "copy"}
    assert "there already" in run(shell, "--replies", str(file)).err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["nobody"], 1, "no model"),
        (["scripted", "--baseline", "nobody@3"], 1, "no model"),
        (["scripted", "--cases", "0"], 2, "--cases"),
        (["scripted", "--suite", "other"], 2, "--suite"),
        (["scripted", "--data", "/nowhere"], 1, "no folder"),
        ([], 2, "Missing argument"),
    ],
)
def test_bad_input_is_refused(shell, arguments, code, reason):
    done = shell.run("evaluate", *arguments, CHATBOT_ENCODER="none")
    assert (done.code, done.out) == (code, "")
    assert reason in done.err
    assert "Traceback" not in done.err


def test_absent_and_damaged_data_are_named(shell, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    assert "oos_val.jsonl is not there" in run(shell, "--data", str(data)).err
    folder = data / "clinc150"
    folder.mkdir()
    (folder / "oos_val.jsonl").write_text("{broken")
    assert "damaged" in run(shell, "--data", str(data)).err


def test_an_encoder_decoder_is_asked_what_its_decoder_says(tmp_path):
    tiny_model.make_pair(tmp_path / "pair@1")
    talk = [{"role": "user", "content": "Where is my parcel?"}]
    (found,) = read(tmp_path / "pair@1", 512, [(talk, "On its way.")], tagged=False)
    model, tokens = load_to_look_inside(tmp_path / "pair@1")
    ids, labels = (torch.tensor([one]) for one in (tokens.encode(talk), said(tokens)))
    with torch.inference_mode():
        loss = float(model(input_ids=ids, labels=labels).loss)
    assert found.nats == pytest.approx(loss * found.tokens, rel=1e-3)


def said(tokens):
    return tokens.encode_text("On its way.")
