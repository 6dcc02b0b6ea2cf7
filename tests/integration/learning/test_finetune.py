"""Whole runs on tiny models: what comes of them is better, is whole, and is served."""

import json
import stat
from dataclasses import replace
from random import Random

import pytest
import torch
from safetensors.torch import load_file

from chatbot.backends.checkpoint import read_manifest, verify
from chatbot.backends.fast import Fast
from chatbot.backends.loading import load_to_train
from chatbot.backends.registry import Registry
from chatbot.errors import ModelCorrupt, ModelUnavailable, Refused
from chatbot.learning.finetune import general, keeping, running, train
from chatbot.learning.finetune.encoding import Unfit, encode
from chatbot.learning.finetune.journal import Journal, read
from chatbot.learning.finetune.loop import Loop
from chatbot.learning.finetune.plan import Plan
from chatbot.learning.finetune.room import SPARE
from tests.support import tiny_model
from tests.support.tuning import losses, row, run_folder, said

PHRASES = {"openings": ["Of course."], "limits": ["I do not know."]}


def checks(folder):
    return losses(folder, "check", "validation_loss")


def test_a_full_run_lowers_the_loss_and_leaves_the_base_alone(tmp_path):
    tiny_model.make(tmp_path / "base@1", context=256, phrases=PHRASES)
    before = {path.name: path.read_bytes() for path in (tmp_path / "base@1").iterdir()}
    folder = run_folder(tmp_path, out_name="tuned", out_version="3", samples=("Hello?",))
    outcome = train(folder)
    assert outcome.loss < outcome.loss_before / 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "base@1").iterdir()} == before
    manifest, base = read_manifest(outcome.checkpoint), read_manifest(tmp_path / "base@1")
    verify(outcome.checkpoint, manifest)
    assert (manifest.name, manifest.version) == ("tuned", "3")
    for kept in ("context", "trained_on_tags", "parameters", "phrases"):
        assert getattr(manifest, kept) == getattr(base, kept)
    for same in ("tokenizer.json", "chat_template.jinja", "config.json"):
        assert (outcome.checkpoint / same).read_bytes() == before[same]
    told = json.loads((outcome.checkpoint / "manifest.json").read_text())["trained"]
    assert told["base"] == "base@1"
    assert losses(folder, "sample", "answer").keys() == checks(folder).keys()
    written = [folder / "events.jsonl", folder / "settled.json", *outcome.checkpoint.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE(outcome.checkpoint.stat().st_mode) == 0o700
    assert train(folder) == outcome  # it has ended, and does not begin again


def test_the_tuned_model_is_served_by_both_runtimes_like_transformers(tmp_path):
    outcome = train(run_folder(tmp_path, out_name="tuned", epochs=12))
    asked = row(2)["messages"]
    wanted = greedy(outcome.checkpoint, asked)
    models = tmp_path / "models"
    models.mkdir()
    outcome.checkpoint.rename(models / "tuned@1")
    for fast in (None, Fast(tmp_path / "converted", "fp32", wait=True)):
        model = Registry(models, default="tuned", fast=fast).open("tuned@1")
        said = model.bind(temperature=0.0, max_tokens=12, repetition_penalty=1.0).invoke(asked)
        model.close()
        assert said.content == wanted
        assert wanted.startswith("We are sorry that")


def greedy(folder, messages):
    model, tokens, _ = load_to_train(folder, torch.float32, "")
    ids = torch.tensor([tokens.encode(messages)])
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        found = model.generate(ids, attention_mask=mask, max_new_tokens=12, do_sample=False)
    return tokens.decode(found[0, ids.shape[1] :].tolist())


def test_a_checkpoint_on_tags_stays_one_and_keeps_its_general_talk(tmp_path, monkeypatch):
    small = replace(general.STAGE, passes={"small_talk": 0.02})
    monkeypatch.setattr(general, "STAGE", small)
    tiny_model.make(tmp_path / "base@1", context=512, trained_on_tags=True)
    rows = [row(n, reply=f"1. Ask for parcel {'abcdefg'[n % 7]}.") for n in range(12)]
    rows[5] = row(5, reply="Call 030 1234567 on Monday.")
    folder = run_folder(
        tmp_path, rows=rows, held=3, window=512, keep_general=0.3, steps=2, batch_tokens=256
    )
    outcome = train(folder)
    assert read_manifest(outcome.checkpoint).trained_on_tags
    assert outcome.bad == 1
    assert "line 6: its answer holds a value" in said(folder)[0]
    assert json.loads((folder / "bad.jsonl").read_text())["line"] == 6


def test_lora_changes_nothing_but_its_addition_and_is_merged(tmp_path):
    folder = run_folder(tmp_path, method="lora", rank=4, rate=1e-2, epochs=6)
    outcome = train(folder)
    assert outcome.loss < outcome.loss_before
    base, tuned = (load_file(one / "model.safetensors") for one in bases(tmp_path, outcome))
    assert base.keys() == tuned.keys()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    assert changed == {name for name in base if "proj" in name}
    assert (outcome.adapter / "adapter_model.safetensors").stat().st_size < 100_000


def bases(tmp_path, outcome):
    return tmp_path / "base@1", outcome.checkpoint


def test_gpt2_without_a_chat_template_learns_to_chat(tmp_path):
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    folder = tmp_path / "gpt@1"
    tiny_model.make(folder, context=256)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = None
    (folder / "chat_template.jinja").unlink()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=256, n_embd=32, n_layer=2, n_head=2,
        bos_token_id=1, eos_token_id=2, pad_token_id=None,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "manifest.json").unlink()
    outcome = train(run_folder(tmp_path, base=folder, method="lora", rate=1e-2))
    assert outcome.loss < outcome.loss_before
    manifest = read_manifest(outcome.checkpoint)
    verify(outcome.checkpoint, manifest)
    _, tokens, template = load_to_train(outcome.checkpoint, torch.float32, "")
    assert "eos_token" in template
    assert tokens.decode(tokens.encode(row(0)["messages"])).endswith("assistant\n")


def test_an_encoder_decoder_learns_its_answers(tmp_path):
    tiny_model.make_pair(tmp_path / "pair@1")
    outcome = train(run_folder(tmp_path, base=tmp_path / "pair@1", rate=1e-2))
    assert outcome.loss < outcome.loss_before
    assert "reads and writes apart" in said(tmp_path / "run")[0]
    manifest = read_manifest(outcome.checkpoint)
    verify(outcome.checkpoint, manifest)


def test_half_precision_and_no_validation_rows(tmp_path):
    outcome = train(run_folder(tmp_path, precision="bf16", held=0, steps=3))
    assert outcome.best_step == outcome.steps == 3
    assert outcome.loss is None


def test_it_stops_by_itself_when_nothing_gets_better(tmp_path):
    folder = run_folder(tmp_path, rate=0.1, warm_up=0.0, epochs=20, patience=2, check_every=1)
    outcome = train(folder)
    assert outcome.ended == "early"
    found = checks(folder)
    assert outcome.best_step == min(found, key=found.get)
    assert max(found) == outcome.best_step + 2
    assert outcome.loss == pytest.approx(min(found.values()), abs=1e-4)


def test_a_wish_to_stop_keeps_the_best(tmp_path):
    folder = run_folder(tmp_path)
    (folder / "stop").touch()
    outcome = train(folder)
    assert outcome.ended == "stopped"
    assert outcome.steps == 1
    assert (outcome.checkpoint / "model.safetensors").exists()


def test_a_rate_that_breaks_the_model_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("chatbot.learning.finetune.stepping.gradients", lambda *_: float("nan"))
    with pytest.raises(Refused, match="lower rate"):
        train(run_folder(tmp_path))


def test_too_little_memory_is_a_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("chatbot.learning.finetune.stepping.gradients", full)
    with pytest.raises(Refused, match="memory is too small"):
        train(run_folder(tmp_path))


def test_minutes_shorten_a_run(tmp_path):
    outcome = train(run_folder(tmp_path, epochs=1000, minutes=0.01))
    assert 1 <= outcome.steps < 1000


def test_rows_that_are_too_long_are_named_and_never_cut(tmp_path):
    rows = [row(0), row(1, reply="word " * 200), row(2, messages=[row(2)["messages"][1]] * 40)]
    folder = run_folder(tmp_path, rows=rows, steps=1)
    assert train(folder).bad == 2
    assert "line 2: it has 430 tokens with its answer, and 128 fit" in said(folder)[0]


def test_without_one_good_row_nothing_begins(tmp_path):
    folder = run_folder(tmp_path, rows=[row(0, reply="")])
    with pytest.raises(Refused, match=r"line 1: its answer is empty"):
        train(folder)
    assert said_last(folder).startswith("None of the training rows")


def said_last(folder):
    return json.loads((folder / "events.jsonl").read_text().splitlines()[-1])["sentence"]


def broken(base):
    (base / "model.safetensors").write_bytes(b"no weights")


def other_kind(base):
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))


def quantised(base):
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"quantization_config": {"bits": 4}}))


def pickled(base):
    (base / "manifest.json").unlink()
    (base / "pytorch_model.bin").write_bytes(b"program")


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (broken, ModelCorrupt, "checksum"),
        (other_kind, Refused, "writes no text"),
        (quantised, Refused, "quantised"),
        (pickled, ModelUnavailable, "pickle"),
    ],
)
def test_a_base_that_cannot_be_trained_is_refused(wrong, error, sentence, tmp_path):
    folder = run_folder(tmp_path)
    wrong(tmp_path / "base@1")
    with pytest.raises(error, match=sentence):
        train(folder)
    assert sentence in said_last(folder)


def test_a_base_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="no model"):
        train(run_folder(tmp_path, base=tmp_path / "nothing@1"))


def test_other_settings_do_not_go_on_from_a_run(tmp_path):
    folder = run_folder(tmp_path, steps=1)
    train(folder)
    (folder / "outcome.json").unlink()
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps(plan | {"seed": 9}))
    with pytest.raises(Refused, match="settings of this run have changed"):
        train(folder)


def test_a_run_that_the_disk_cannot_hold_does_not_begin(tmp_path, monkeypatch):
    folder = run_folder(tmp_path)
    free_bytes(monkeypatch, SPARE)
    with pytest.raises(Refused, match="too full for this run"):
        train(folder)
    assert not (folder / "settled.json").exists()


def free_bytes(monkeypatch, size):
    usage = type("Usage", (), {"free": size})
    monkeypatch.setattr("chatbot.learning.finetune.room.shutil.disk_usage", lambda _: usage)


def test_a_disk_that_fills_up_costs_a_sentence_and_no_result(tmp_path, monkeypatch):
    whole = train(run_folder(tmp_path, name="whole"))
    folder, real, tries = run_folder(tmp_path), keeping.torch.save, []

    def full(value, path):
        tries.append(path)
        if len(tries) in (2, 3, 4):
            path.write_bytes(b"half of it")
            raise OSError(28, "No space left on device")
        real(value, path)

    monkeypatch.setattr(keeping.torch, "save", full)
    outcome = train(folder)
    assert any("disk is full" in sentence for sentence in said(folder))
    assert outcome.loss == whole.loss
    one, two = (load_file(o.checkpoint / "model.safetensors") for o in (whole, outcome))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_is_learned_is_what_serving_reads(tmp_path):
    from chatbot.backends.local import LocalModel

    base = tmp_path / "base@1"
    manifest = tiny_model.make(base, context=512, trained_on_tags=True)
    example = row(0, reply="Order 48213 is late, we are sorry.")
    example["messages"][1]["content"] = "Where is order 48213? I am Anna Weber."
    model = LocalModel.load(base, manifest)
    ids, learn = encode(example, model._tokens, model._swapping, Random(0))
    prompt = model._prompt(example["messages"])
    model.close()
    assert ids[: learn.index(True)] == prompt.tokens
    assert "⟨order 1⟩" in model._tokens.decode(ids[learn.index(True) :])
    assert ids[-1] in model._tokens.ends
    assert not prompt.banned.intersection(ids[learn.index(True) :])
    with pytest.raises(Unfit, match="nowhere before it"):
        encode(example | {"reply": "Order 99887 is."}, model._tokens, model._swapping, Random(0))


def test_mask_tags_become_new_values_at_every_pass(tmp_path):
    tiny_model.make(tmp_path / "base@1")
    _, tokens, _ = load_to_train(tmp_path / "base@1", torch.float32, "")
    example = row(0, reply="Call ⟨phone 1⟩.")
    example["messages"][1]["content"] = "My number is ⟨phone 1⟩."
    texts = {tokens.decode(encode(example, tokens, None, Random(n))[0]) for n in range(3)}
    assert len(texts) == 3
    assert not any("⟨" in text for text in texts)


def test_preference_tuning_learns_the_better_answer(tmp_path):
    pytest.importorskip("trl")
    rows = [row(n, rejected="Go away.") for n in range(8)]
    folder = run_folder(
        tmp_path, rows=rows, held=0, method="preference", steps=2, rate=1e-4, batch_tokens=512
    )
    outcome = train(folder)
    assert outcome.steps == 2
    found = losses(folder)
    assert found[max(found)] < 0.6931
    verify(outcome.checkpoint, read_manifest(outcome.checkpoint))


def test_patience_with_preferences_outlives_a_kill(tmp_path):
    from transformers import TrainerControl, TrainerState

    from chatbot.learning.finetune.preference import _teller

    plan = Plan.read(run_folder(tmp_path, method="preference", patience=2))
    looks = [{"step": step, "eval_loss": loss} for step, loss in ((3, 0.7), (6, 0.6), (9, 0.6))]
    kept = TrainerState(global_step=9, log_history=[{"loss": 1.0}, *looks])
    kept.save_to_json(tmp_path / "state.json")

    state = TrainerState.load_from_json(tmp_path / "state.json")
    state.global_step = 12
    state.log_history.append({"step": 12, "eval_loss": 0.65})
    teller = _teller(Journal(tmp_path), tmp_path, plan)
    control = teller.on_evaluate(None, state, TrainerControl(), {"eval_loss": 0.65})

    assert control.should_training_stop
    (event,) = read(tmp_path)[0]
    assert (event["best_step"], event["best_loss"], event["without_gain"]) == (6, 0.6, 2)
    better = TrainerState(global_step=3, log_history=looks[:1])
    assert not teller.on_evaluate(
        None, better, TrainerControl(), {"eval_loss": 0.7}
    ).should_training_stop


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    folder = run_folder(tmp_path)
    (folder / "settled.json").mkdir()
    with pytest.raises(Refused, match=r"settled\.json: Is a directory\. Mend that"):
        train(folder)
    assert read(folder)[0][-1]["ended"] == "failed"


def test_a_run_that_goes_on_looks_at_the_same_validation_rows(tmp_path, monkeypatch):
    seen = []

    def killed(loop, pace):
        seen.append([part.real for part in loop.held])
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "FEWEST_CHECKED", 1)
    monkeypatch.setattr(Loop, "run", killed)
    folder = run_folder(tmp_path, held=60, check_every=100, steps=8)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train(folder)
    assert seen[0] == seen[1]


class Full:
    """A disk that takes nothing."""

    def save_best(self, *_):
        raise Refused("The disk is full.")

    save = save_best


def test_the_best_that_the_disk_did_not_take_stays_what_it_was(tmp_path):
    learner = torch.nn.Linear(2, 2)
    loop = Loop(None, learner, None, None, (), Journal(tmp_path), Full(), None, None)
    loop._waiting = keeping.state_of(learner), loop.course.told()
    best = learner.weight.detach().clone()
    loop._save()
    with torch.no_grad():
        learner.weight.add_(1)
    assert torch.equal(loop.best()[0]["weight"], best)


def test_a_checkpoint_that_a_kill_cut_off_is_no_place_to_go_on_from(tmp_path):
    from chatbot.learning.finetune.preference import _drop_torn

    for name, text in (("1", "{}"), ("2", '{"epoch'), ("3", None)):
        folder = tmp_path / f"checkpoint-{name}"
        folder.mkdir()
        if text is not None:
            (folder / "trainer_state.json").write_text(text)
    _drop_torn(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["checkpoint-1"]
