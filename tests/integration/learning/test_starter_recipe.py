"""The recipe end to end on a toy setting, unbroken and killed in the middle."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.backends.checkpoint import read_manifest, verify

ROOT = Path(__file__).parents[3]
TINY = ("--tiny", "--threads", "1")


def recipe(data, out, *more):
    command = [sys.executable, "-m", "chatbot.learning.starter", "--data", data, "--out", out]
    return subprocess.Popen(
        [*map(str, command), *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    said, errors = process.communicate(timeout=200)
    return process.returncode, said, errors


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    out = tmp_path_factory.mktemp("unbroken")
    code, said, errors = finish(recipe(out, out, *TINY))
    assert code == 0, errors
    return out, said


def test_toy_run_makes_a_checkpoint(unbroken):
    out, said = unbroken
    for stage in ("copying", "language", "chat"):
        assert f"{stage} step 4/4 loss" in said
    manifest = read_manifest(out / "checkpoint")
    verify(out / "checkpoint", manifest)
    assert manifest.context == 256


def test_loss_falls(unbroken):
    losses = [
        float(line.split("loss ")[1].split()[0])
        for line in unbroken[1].splitlines()
        if "loss" in line
    ]
    assert len(losses) == 12
    assert losses[-1] < losses[0]


def test_killed_run_ends_the_same(unbroken, tmp_path):
    process = recipe(tmp_path, tmp_path, *TINY)
    while "chat step 1/4" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=60)
    assert not (tmp_path / "checkpoint").exists()
    code, said, errors = finish(recipe(tmp_path, tmp_path, *TINY))
    assert code == 0, errors
    assert "going on after step 8 of 12" in said
    ended = (tmp_path / "checkpoint" / "model.safetensors").read_bytes()
    assert ended == (unbroken[0] / "checkpoint" / "model.safetensors").read_bytes()


def test_finished_run_is_not_repeated(unbroken):
    out, _ = unbroken
    before = (out / "checkpoint" / "model.safetensors").read_bytes()
    code, said, _ = finish(recipe(out, out, *TINY))
    assert code == 0
    assert "step 1/4" not in said
    assert (out / "checkpoint" / "model.safetensors").read_bytes() == before


def test_toy_checkpoint_loads(unbroken):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(unbroken[0] / "checkpoint")
    model = AutoModelForCausalLM.from_pretrained(unbroken[0] / "checkpoint")
    assert model.config.tie_word_embeddings
    assert model.generation_config.eos_token_id == tokenizer.convert_tokens_to_ids("<|end|>")
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)


def test_checkpoint_is_the_end_of_the_last_stage(unbroken):
    import torch
    from safetensors.torch import load_file

    out, _ = unbroken
    shipped = load_file(out / "checkpoint" / "model.safetensors")
    end = torch.load(out / "chat.pt", weights_only=True)
    assert all(torch.equal(shipped[key], end[key].to(torch.bfloat16)) for key in shipped)


def test_minutes_shorten_the_run(tmp_path):
    code, said, errors = finish(recipe(tmp_path, tmp_path, *TINY, "--minutes", "0.00001"))
    assert code == 0, errors
    for stage in ("copying", "language", "chat"):
        assert f"{stage} step 1/1 loss" in said


def test_missing_data_is_named(tmp_path):
    code, said, errors = finish(recipe(tmp_path / "nowhere", tmp_path))
    assert code == 1
    assert said == ""
    assert "is missing. Point --data at" in errors
    assert "Traceback" not in errors


def test_other_plan_is_refused(unbroken, tmp_path):
    for name in ("tokenizer.json", "plan.json"):
        text = (unbroken[0] / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace('"hidden": 40', '"hidden": 80'), encoding="utf-8")
    code, _, errors = finish(recipe(tmp_path, tmp_path, *TINY))
    assert code == 1
    assert "another plan" in errors
