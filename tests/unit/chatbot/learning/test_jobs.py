"""Parts of a run that need neither a database nor a model: events, cards, checks, liveness."""

import json
import stat
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from chatbot.errors import Conflict, ModelCorrupt, Refused
from chatbot.learning.dataset import Dataset
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.jobs import card, checks, liveness, spawning
from chatbot.learning.jobs.process import _sentence, clear, empty
from chatbot.learning.jobs.progress import SAMPLES, Progress
from chatbot.settings import HostedModel, Settings
from store.runs import Point, Run

NOW = datetime(2026, 11, 30, tzinfo=UTC)
RUN = Run(
    id=1,
    public_id="0190-1",
    model="tuned@2",
    base="starter@1",
    dataset_id=1,
    dataset="d1",
    dataset_sha="a" * 64,
    method="lora",
    settings={"rate": 0.0003, "samples": ["My dog | is called Rex"]},
    state="running",
    said="",
    step=40,
    steps=50,
    kept_step=30,
    best_step=40,
    best_loss=1.25,
    checks_without_gain=0,
    tokens_s=2500.0,
    seconds=90.0,
    left_s=None,
    facts={
        "first_loss": 2.5,
        "data": {"splits": {"train": 300}, "prompts": {"support": ["f" * 64]}},
    },
    samples=[],
    host=liveness.host(),
    process=7,
    heard_at=NOW,
    actor="Anna",
    created_at=NOW,
    started_at=NOW,
    ended_at=None,
)


def told(folder, *events):
    for kind, more in events:
        Journal(folder).tell(kind, **more)


def test_events_become_columns(tmp_path):
    progress = Progress(tmp_path, RUN)
    assert progress.read() == ({}, [])
    told(
        tmp_path,
        ("begun", {"step": 0, "steps": 4, "rows": 300, "bad": 1, "mode": "sdpa"}),
        ("check", {"step": 0, "validation_loss": 3.0, "best_step": 0, "without_gain": 0}),
        ("step", {"step": 1, "train_loss": 2.9, "tokens_s": 100.0, "left_s": 3.0}),
        ("sample", {"step": 1, "question": "Hello?", "answer": "Hi."}),
        ("said", {"sentence": "One row was left out."}),
        ("kept", {"step": 1, "bytes": 5}),
        ("nothing of ours", {}),
    )
    changes, points = progress.read()
    assert changes["facts"]["first_loss"] == 3.0
    assert changes["facts"]["training"] == {"rows": 300, "bad": 1, "mode": "sdpa"}
    assert changes["samples"] == [{"step": 1, "question": "Hello?", "text": "Hi."}]
    wanted = {"step": 1, "steps": 4, "kept_step": 1, "tokens_s": 100.0, "best_step": 0}
    assert wanted.items() <= changes.items()
    assert changes["said"] == "One row was left out."
    assert points == [Point(0, None, 3.0), Point(1, 2.9, None)]
    assert progress.read() == ({}, [])


def test_what_a_model_writes_can_be_stored(tmp_path):
    line = {"kind": "sample", "step": 1, "question": "Q", "answer": "a\0b\ud800c"}
    (tmp_path / "events.jsonl").write_text(json.dumps(line) + "\n")
    changes, _ = Progress(tmp_path, RUN).read()
    assert changes["samples"][0]["text"] == "a\ufffdb?c"


def test_half_a_line_is_waited_for_and_a_broken_one_passed_over(tmp_path):
    progress = Progress(tmp_path, RUN)
    whole = json.dumps({"kind": "kept", "step": 5})
    file = tmp_path / "events.jsonl"
    file.write_text('{"kind": "step", "st\n[1]\n{"kind": "step", "step": "x"}\n' + whole)
    assert progress.read() == ({}, [])
    file.write_text(file.read_text() + "\n")
    assert progress.read() == ({"kept_step": 5}, [])


def test_long_runs_keep_a_thousand_points_and_the_latest_samples(tmp_path):
    lines = [{"kind": "begun", "step": 0, "steps": 5000}]
    lines += [{"kind": "step", "step": step, "train_loss": 1.0} for step in range(1, 5001)]
    lines += [
        {"kind": "sample", "step": step, "question": "Q", "answer": ""} for step in range(100)
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    changes, points = Progress(tmp_path, RUN).read()
    assert len(points) == 1000
    assert [one["step"] for one in changes["samples"]] == list(range(100 - SAMPLES, 100))


def test_the_card_tells_where_a_model_comes_from_and_can_forget_a_name():
    text = card.card(RUN)
    for said in ("starter@1", "d1", "a" * 64, "300", "0.0003", "1.2500 at step 40", "2.5000"):
        assert said in text, said
    assert "Rex" not in text
    assert "Started by Anna, 2026-11-30." in text
    forgotten = card.renamed(text, replace(RUN, actor="Somebody"))
    assert "Anna" not in forgotten
    assert card.renamed(forgotten, RUN) == text


def test_silence_tells_of_processes_that_cannot_be_looked_at(tmp_path):
    elsewhere = replace(RUN, host="another")
    assert not liveness.is_gone(elsewhere, tmp_path, NOW + timedelta(seconds=60))
    assert liveness.is_gone(elsewhere, tmp_path, NOW + timedelta(seconds=120))
    assert liveness.is_gone(replace(RUN, process=None), tmp_path, NOW + timedelta(seconds=120))


def test_a_lock_tells_of_a_process_of_this_machine(tmp_path):
    lock = liveness.hold(tmp_path)
    assert not liveness.is_gone(RUN, tmp_path, NOW + timedelta(days=1))
    lock.release()
    assert liveness.is_gone(RUN, tmp_path, NOW)


def test_two_processes_do_not_hold_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(liveness, "LOOKED", 0.05)
    lock = liveness.hold(tmp_path)
    with pytest.raises(Conflict):
        liveness.hold(tmp_path)
    lock.release()


def test_a_process_gets_the_settings_that_it_would_not_find(tmp_path, monkeypatch):
    for name in ("CHATBOT_HOME", "CHATBOT_MODEL", "CHATBOT_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert spawning.environment(Settings()) == {}
    hosted = HostedModel(name="big", model="m", api_key="s3cret", headers={"X-Team": "t"})
    given = Settings(home=tmp_path, model="scripted", hosted=(hosted,), fallback=("starter",))
    made = spawning.environment(given)
    with monkeypatch.context() as inside:
        for name, value in made.items():
            inside.setenv(name, value)
        assert Settings() == given
    assert made["CHATBOT_HOME"] == str(tmp_path)


def data(**more):
    known = {
        "id": "1",
        "name": "d1",
        "sha": "a" * 64,
        "first_sha": "a" * 64,
        "changed": "",
        "rows": 300,
        "preference": 0,
        "splits": {"train": 240, "validation": 30, "test": 30},
        "settings": {},
        "card": {},
        "actor": "Anna",
        "created_at": NOW,
    }
    return Dataset(**known | more)


@pytest.mark.parametrize(
    ("more", "method", "said"),
    [
        ({"rows": 0, "splits": {}}, "full", "is empty"),
        ({"rows": 84}, "full", "needs 200 reviewed turns; d1 has 84"),
        ({"splits": {"test": 300}}, "lora", "no turns to train on"),
        ({"preference": 12}, "preference", "d1 has 12"),
    ],
)
def test_datasets_that_are_too_small_are_refused(more, method, said):
    with pytest.raises(Refused, match=said):
        checks.data_of(data(**more), method)


def test_a_dataset_that_fits_tells_how_much_there_is():
    assert checks.data_of(data(), "full") == 240
    checks.unchanged(RUN, RUN.dataset_sha)
    for sha, said in ((None, "removed"), ("b" * 64, "forgotten")):
        with pytest.raises(Refused, match=said):
            checks.unchanged(RUN, sha)


def test_weights_are_counted_by_the_heads_of_files(tmp_path):
    head = {"__metadata__": {}, "a": {"shape": [2, 3]}, "b": {"shape": []}}
    text = json.dumps(head).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    assert checks.weights_of(tmp_path) == 7
    (tmp_path / "m.safetensors").write_bytes(b"short")
    with pytest.raises(ModelCorrupt):
        checks.weights_of(tmp_path)


class OutOfMemoryError(RuntimeError):
    pass


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "disk is full"),
        (RuntimeError("PytorchStreamWriter: No space left on device"), "disk is full"),
        (MemoryError(), "not enough memory"),
        (OutOfMemoryError("CUDA out of it"), "not enough memory"),
        (PermissionError(13, "Permission denied", "/x/y"), "/x/y: Permission denied."),
        (KeyError("a customer's text"), "unexpected went wrong (KeyError)"),
    ],
)
def test_what_goes_wrong_is_a_sentence_without_what_was_said(error, said, tmp_path):
    sentence = _sentence(error, tmp_path)
    assert said in sentence
    assert "customer" not in sentence
    assert "\n" not in sentence


def test_emptied_folder_keeps_its_lock_alone(tmp_path):
    for name in ("events.jsonl", "log.txt", "bad.jsonl", liveness.LOCK):
        (tmp_path / name).write_text("x")
    (tmp_path / "state").mkdir()
    empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [liveness.LOCK]


def test_log_of_a_run_is_its_owners_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(spawning.subprocess, "Popen", lambda *_, **__: SimpleNamespace(wait=int))
    spawning.begin("r1", Settings(home=tmp_path), tmp_path / "runs" / "r1")
    log = tmp_path / "runs" / "r1" / spawning.LOG
    assert [stat.S_IMODE(path.stat().st_mode) for path in (log, log.parent)] == [0o600, 0o700]


def test_clearing_leaves_the_log(tmp_path):
    for name in ("train.jsonl", "log.txt", "events.jsonl"):
        (tmp_path / name).write_text("x")
    (tmp_path / "state").mkdir()
    clear(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "log.txt"]
