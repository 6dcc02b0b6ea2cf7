"""Runs as processes: killed and going on to the same bit, and two that train as one."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from chatbot.learning.finetune import train
from chatbot.learning.finetune.journal import read
from tests.support.tuning import losses, run_folder

MODULE = "chatbot.learning.finetune"
PATIENCE = 120.0


def started(folder, *launcher):
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-m", *(launcher or (MODULE,)), str(folder)]
    return subprocess.Popen(command, env=os.environ | threads, stderr=subprocess.PIPE, text=True)


def wait_for(folder, process, kind, step):
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if any(e["kind"] == kind and e["step"] >= step for e in read(folder)[0]):
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    raise AssertionError(f"no {kind} at step {step}")


def weights(folder):
    return load_file(folder / "checkpoint" / "model.safetensors")


def test_killed_and_resumed_it_comes_to_the_same_bits(tmp_path):
    settings = {"steps": 60, "epochs": 100, "check_every": 5, "patience": 100}
    whole = train(run_folder(tmp_path, name="whole", **settings))
    folder = run_folder(tmp_path, **settings)
    process = started(folder)
    wait_for(folder, process, "kept", 10)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (folder / "outcome.json").exists()
    outcome = train(folder)
    begun = [event for event in read(folder)[0] if event["kind"] == "begun"]
    assert [event["resumed"] for event in begun] == [False, True]
    assert begun[1]["step"] >= 10
    assert outcome.loss == whole.loss
    assert losses(folder) == losses(tmp_path / "whole")
    one, two = weights(tmp_path / "whole"), weights(folder)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_two_processes_train_as_one(tmp_path):
    settings = {"batch_tokens": 1024, "steps": 6, "check_every": 3, "window": 256}
    train(run_folder(tmp_path, name="one", **settings))
    folder = run_folder(tmp_path, name="two", **settings)
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", MODULE)
    process = started(folder, *launcher)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    assert next(e for e in read(folder)[0] if e["kind"] == "begun")["processes"] == 2
    for kind, name in (("step", "train_loss"), ("check", "validation_loss")):
        one, two = losses(tmp_path / "one", kind, name), losses(folder, kind, name)
        assert list(two) == list(one)
        assert list(two.values()) == pytest.approx(list(one.values()), rel=1e-3)


def test_the_process_says_what_is_wrong_in_one_line(tmp_path):
    process = started(tmp_path)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert told.count("\n") == 1
    assert "no folder of a run" in told
