"""Plans: defaults for any size, sentences for each setting, nonsense refused, files that last."""

from dataclasses import fields

import pytest

from chatbot.errors import Refused
from chatbot.learning.finetune import EXPLAINED, Plan, defaults
from chatbot.learning.finetune.journal import EVENTS, Journal, read
from chatbot.learning.finetune.loop import Pace
from chatbot.learning.finetune.room import needed


def test_every_setting_is_explained():
    assert set(EXPLAINED) == {field.name for field in fields(Plan)}
    assert all(sentence.endswith(".") for sentence in EXPLAINED.values())


@pytest.mark.parametrize("examples", [1, 200, 2_000, 20_000, 200_000])
@pytest.mark.parametrize("weights", [100_000, 13_770_000, 500_000_000, 8_000_000_000])
@pytest.mark.parametrize("method", ["full", "lora", "preference"])
def test_the_defaults_make_a_plan(examples, weights, method, tmp_path):
    chosen = defaults(examples, weights, method)
    Plan(base=tmp_path, method=method, **chosen)
    assert chosen["batch_tokens"] & (chosen["batch_tokens"] - 1) == 0


def test_more_rows_are_passed_less_often_and_larger_bases_move_less():
    few, many = defaults(200, 13_770_000), defaults(200_000, 13_770_000)
    assert few["epochs"] > many["epochs"]
    assert few["batch_tokens"] < many["batch_tokens"]
    assert defaults(200, 8_000_000_000)["rate"] < few["rate"]


def test_a_plan_outlives_its_file(tmp_path):
    plan = Plan(base=tmp_path / "base@1", minutes=2.5, samples=("Größe?",), steps=7)
    plan.write(tmp_path)
    assert Plan.read(tmp_path) == plan


@pytest.mark.parametrize(
    "wrong",
    [{"method": "magic"}, {"rate": -1.0}, {"rate": float("nan")}, {"epochs": "many"}, {"rank": 0}],
)
def test_nonsense_is_refused_with_a_sentence(wrong, tmp_path):
    with pytest.raises(Refused, match=r"\.$"):
        Plan(base=tmp_path, **wrong)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"base": "x", "strange": 1}', '{"rate": 1}'])
def test_a_damaged_plan_is_refused(text, tmp_path):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(Refused, match="Start a new run"):
        Plan.read(tmp_path)


def test_the_rate_rises_and_falls():
    pace = Pace(steps=100, rate=1.0, warm_up=10, check_every=5, patience=3)
    rates = [pace.at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


def test_a_line_that_a_kill_cut_is_skipped(tmp_path):
    journal = Journal(tmp_path)
    journal.tell("step", step=1)
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(b'{"kind": "step", "st')
    events, at = read(tmp_path)
    assert [event["step"] for event in events] == [1]
    journal.tell("step", step=2)
    events, _ = read(tmp_path, at)
    assert [event["step"] for event in events] == [2]


def test_a_loss_that_is_no_number_is_told_as_none(tmp_path):
    Journal(tmp_path).tell("check", step=1, validation_loss=float("nan"), best_loss=1.5)
    assert "NaN" not in (tmp_path / EVENTS).read_text()
    (event,), _ = read(tmp_path)
    assert (event["validation_loss"], event["best_loss"]) == (None, 1.5)


def test_three_checkpoints_of_preference_tuning_need_more_room_than_two(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    size = {name: needed(Plan(tmp_path, method=name)) for name in ("lora", "full", "preference")}
    assert size["lora"] < size["full"] < size["preference"]
