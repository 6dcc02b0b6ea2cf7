"""What befalls runs: kills, two at once, a server's restart, full disks, stops, broken ones."""

import os
import shutil
import signal
import stat
import threading
import time
from functools import cache

import pytest
from sqlalchemy import update

from chatbot.bootstrap import build
from chatbot.errors import Conflict, Refused
from chatbot.learning.finetune import train
from chatbot.learning.jobs import spawning
from chatbot.settings import Settings
from store import runs as rows
from store.models import TrainingRun
from tests.support import run_process, tiny_model
from tests.support.forked import start
from tests.support.learning import one_thread, write_turns
from tests.support.small_disk import filled, mounted

DATA = "d1"
QUIET = {"cases": 0}
REAL = {
    "steps": 48,
    "check_every": 8,
    "batch_tokens": 256,
    "precision": "fp32",
    "rate": 0.002,
    "samples": [],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with a tiny model and a dataset, to be copied."""
    home = tmp_path_factory.mktemp("made")
    tiny_model.make(home / "models" / "tiny@1")
    write_turns(home / "turns.csv")
    place = Place(home, f"sqlite:///{home / 'chatbot.db'}")
    place.build()
    place.close()
    return home


@pytest.fixture
def born(monkeypatch):
    """The processes that runs begin here: quick ones, all gone at the end."""
    processes = []

    def begin(run, settings, folder):
        given = (settings.home, settings.database, settings.model, run)
        processes.append(start(run_process.main, *given))

    monkeypatch.setattr(spawning, "begin", begin)
    yield processes
    for process in processes:
        process.kill()


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", 16) as folder:
        yield folder


class Place:
    """A home, a database, and the servers on it."""

    def __init__(self, home, url):
        self.home, self.url = home, url
        self.servers = []

    def server(self):
        settings = Settings(home=self.home, database_url=self.url, model="scripted", encoder="none")
        self.servers.append(build(settings))
        return self.servers[-1]

    @cache  # noqa: B019  it ends with the test
    def first(self):
        return self.server()

    def build(self):
        server, files = self.first(), [self.home / "turns.csv"]
        server.datasets.build(server.person(), DATA, files=files, sources=())

    def close(self):
        for server in self.servers:
            server.close()

    def begin(self, server=None, **settings):
        server = server or self.first()
        settings = QUIET | settings
        return server.runs.start(server.person(), dataset=DATA, base="tiny", settings=settings)

    def folder(self, run):
        return self.home / "runs" / run.public_id

    def read(self, run):
        server = self.first()
        return server.runs.get(server.person(), run.public_id)

    def until(self, run, wanted):
        """Look until the run is as wanted."""
        for _ in range(3000):
            found = self.read(run)
            if wanted(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it never came: {found}")

    def ended(self, run):
        return self.until(run, lambda one: one.state not in ("queued", "running", "stopping"))


@pytest.fixture
def place(made, tmp_path, born):
    home = tmp_path / "home"
    shutil.copytree(made, home)
    place = Place(home, f"sqlite:///{home / 'chatbot.db'}")
    yield place
    place.close()


@pytest.fixture
def either(request, dialect, made, tmp_path, born):
    """The same on each database."""
    if dialect == "sqlite":
        yield request.getfixturevalue("place")
        return
    database = request.getfixturevalue("database")
    shutil.copytree(made, tmp_path / "home")
    place = Place(tmp_path / "home", database.url.render_as_string(hide_password=False))
    place.build()
    yield place
    place.close()


def test_a_killed_run_is_told_and_goes_on_from_what_was_kept(either, born):
    run = either.begin(samples=["waits"])
    either.until(run, lambda one: one.kept_step >= 20)
    born[0].kill()
    server = either.first()
    assert server.runs.recover() == 1
    lost = either.read(run)
    assert lost.state == "interrupted"
    assert f"Resume goes on from step {lost.kept_step}." in lost.said
    events = len((either.folder(run) / "events.jsonl").read_text().splitlines())

    server.runs.resume(server.person(), run.public_id)
    done = either.ended(run)
    assert (done.state, done.step, done.best_step) == ("complete", 40, 40)
    text = (either.folder(run) / "events.jsonl").read_text().splitlines()
    assert '"resumed": true' in text[events]
    assert [point.step for point in done.points] == list(range(41))
    assert server.registry.resolve("tuned").label == run.model
    assert server.runs.recover() == 0


def test_a_real_training_that_was_killed_comes_to_the_same_model(made, tmp_path, monkeypatch):
    """By the processes that people's runs have, beside a training that nobody disturbed."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    home = tmp_path / "home"
    shutil.copytree(made, home)
    place = Place(home, f"sqlite:///{home / 'chatbot.db'}")
    server = place.first()
    me = server.person()
    given = {"dataset": DATA, "base": "tiny", "settings": QUIET | REAL}
    run = server.runs.start(me, **given)
    events = place.folder(run) / "events.jsonl"
    found = place.until(run, lambda _: events.exists() and '"kept"' in events.read_text())
    found = place.until(run, lambda one: one.process is not None)
    os.kill(found.process, signal.SIGKILL)
    place.until(run, lambda _: server.runs.recover() == 1)
    assert place.read(run).state == "interrupted"
    server.runs.resume(me, run.public_id)
    done = place.ended(run)
    assert (done.state, done.step) == ("complete", REAL["steps"])

    server.runs.prepare(me, tmp_path / "job", **given)
    with one_thread():
        train(tmp_path / "job")
    place.close()
    weights = "model.safetensors"
    whole = (tmp_path / "job" / "checkpoint" / weights).read_bytes()
    assert (home / "models" / run.model / weights).read_bytes() == whole


def test_of_two_at_once_one_goes_and_one_waits(either, born):
    either.first()
    servers, gate, begun = [either.server(), either.server()], threading.Barrier(2), []

    def ask(server):
        gate.wait()
        begun.append(either.begin(server, samples=["waits"]))

    threads = [threading.Thread(target=ask, args=(server,)) for server in servers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(run.model for run in begun) == ["tuned@1", "tuned@2"]
    states = sorted(either.read(run).state for run in begun)
    assert states == ["queued", "running"]
    assert len(born) == 1
    first, second = sorted(begun, key=lambda run: run.id)
    servers[0].runs.stop(servers[0].person(), first.public_id)
    either.ended(first)
    for server in servers:
        server.runs.recover()
    assert len(born) == 2
    either.until(second, lambda one: one.kept_step >= 20)
    run_process.let_go(either.folder(second))
    assert either.ended(second).state == "complete"


def test_a_run_goes_on_when_the_server_is_started_again(place):
    run = place.begin(samples=["waits"])
    place.until(run, lambda one: one.kept_step >= 20)
    server = place.server()
    server.recover()
    assert place.read(run).state == "running"
    run_process.let_go(place.folder(run))
    assert place.ended(run).state == "complete"


def test_a_stopped_run_keeps_the_best_it_had(place):
    server = place.first()
    run = place.begin(samples=["waits"])
    place.until(run, lambda one: one.kept_step >= 20)
    assert server.runs.stop(server.person(), run.public_id).state == "stopping"
    done = place.ended(run)
    assert (done.state, done.kept, done.step) == ("stopped", True, 20)
    assert f"Stopped and kept as {run.model}" in done.said
    assert f"`chatbot evaluate {run.model} --dataset {DATA} --against tiny@1`" in done.said
    file = place.home / "models" / run.model / "README.md"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    card = file.read_text()
    assert f"{done.best_loss:.4f} at step {done.best_step}" in card
    with pytest.raises(Conflict, match="Start a new run"):
        server.runs.resume(server.person(), run.public_id)


def test_a_broken_training_is_a_sentence_and_its_log_has_the_rest(place):
    run = place.begin(samples=["breaks"])
    done = place.ended(run)
    assert done.state == "failed"
    assert "unexpected went wrong (KeyError)" in done.said
    assert "customer" not in done.said
    assert done.kept_step == 20


def test_a_run_that_gained_nothing_keeps_no_model(place):
    run = place.begin(samples=["never better"])
    done = place.ended(run)
    assert (done.state, done.kept) == ("complete", False)
    assert "No step was better than tiny@1" in done.said
    assert not (place.home / "models" / run.model).exists()


def test_a_run_whose_dataset_changed_ends_and_forgets_its_turns(place):
    run = place.begin(samples=["waits"])
    place.until(run, lambda one: one.kept_step >= 20)
    server = place.first()
    server.datasets.remove(server.person(), DATA)
    done = place.ended(run)
    assert done.state == "failed"
    assert "Nothing was kept" in done.said
    folder = place.folder(run)
    assert [one.name for one in folder.iterdir()] == ["process.lock"]
    with server.database.transaction() as session:
        session.execute(update(TrainingRun).values(samples=[{"text": "14 days."}]))
    server.runs.tidy()
    assert place.read(run).samples == []
    with pytest.raises(Refused, match="was removed"):
        server.runs.resume(server.person(), run.public_id)


def test_a_process_given_up_for_dead_writes_nothing_more(place, born):
    run = place.begin(samples=["waits"])
    going = place.until(run, lambda one: one.kept_step >= 20)
    with place.first().database.transaction() as session:
        fresh = rows.get(session, run.public_id)
        assert rows.interrupt(session, fresh, "Given up.")
    born[0].process.join()
    found = place.read(run)
    assert (found.state, found.said) == ("interrupted", "Given up.")
    assert found.step >= going.step
    assert not (place.home / "models" / run.model).exists()


def test_a_full_disk_at_a_checkpoint_is_told_and_the_run_goes_on(place, small_disk):
    shutil.copytree(place.home, small_disk / "home")
    place.home = small_disk / "home"  # its database stays where there is room
    server = place.first()
    run = place.begin(samples=["waits"])
    place.until(run, lambda one: one.kept_step >= 20)
    with filled(small_disk):
        run_process.let_go(place.folder(run))
        done = place.ended(run)
    assert done.state == "failed"
    assert done.said.startswith("The disk is full. Make room, then resume")
    server.runs.resume(server.person(), run.public_id)
    assert place.ended(run).state == "complete"


def test_too_small_a_disk_is_refused_beforehand_with_figures(place, small_disk):
    shutil.copytree(place.home, small_disk / "home")
    place.home = small_disk / "home"  # its database stays where there is room
    server = place.first()
    with filled(small_disk), pytest.raises(Refused, match=r"needs about \d+ MB .* and \d+ MB are"):
        place.begin()
    assert server.runs.list(server.person()) == []
