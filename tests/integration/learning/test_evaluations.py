"""A tuned model against its base, end to end: asked as in a turn, kept, gated, told, stopped.

The models are functions, so that it is known beforehand which of them is the better one.
"""

import json
import shutil
import threading
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from chatbot import settings as configuration
from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.cancel import CancelToken
from chatbot.backends.encoder import missing, open_encoder
from chatbot.errors import NotAllowed, NotFound, Refused, UnknownModel
from chatbot.learning.evaluate.gate import Tolerance
from chatbot.learning.evaluate.own_judging import BY_MEANING, BY_WORDS, similarities
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.evaluate.views import Stopped
from chatbot.learning.starter import rendering
from chatbot.learning.starter.sources import json_lines
from chatbot.releases import Releases
from chatbot.settings import Settings
from chatbot.testing import ProbeRuns
from chatbot.testing.planning import Planning
from chatbot.testing.running import Runner
from chatbot.testing.texts import CANARY, ORDERS
from prompts.sandbox import Sandbox
from store import accounts, datasets
from store import evaluations as rows
from store.engine import Database
from tests.conftest import UNSAFE
from tests.integration.store.test_evaluations import LINE
from tests.support.saying import Choir
from tests.support.shell import Shell
from tests.support.stored import person
from ui import cli_evaluate_own

PASSAGE = {"title": "Returns", "text": "Lamps can be sent back within 14 days."}
ROWS = 32
ALONE = {"general": 0, "probes": False}
"""Own rows alone: what else is asked takes longer than it tells."""


def approved(name):
    return f"Thank you, {name}. You can send your lamp back within 14 days, at no cost."


def row(number):
    """A held-out turn in which the customer gives a name and asks for a term."""
    question = f"I am ⟨name 1⟩. How long can I send lamp {number} back?"
    sent = rendering.messages("support", question=question, passages=[PASSAGE], history=[])
    return replace(
        LINE, number=number, talk=f"t{number}", messages=sent, reply=approved("⟨name 1⟩")
    )


def good(messages):
    said = messages[-1]["content"]
    return approved(said.partition("I am ")[2].partition(".")[0] or "friend")


def bad(_):
    return "You can send your lamp back within 99 days, at no cost, and we thank you for it."


@pytest.fixture(scope="module")
def database(sqlite_template, tmp_path_factory):
    """One for the module, of one kind: what is stored is tested with the store."""
    path = tmp_path_factory.mktemp("evaluations") / "chatbot.db"
    shutil.copy(sqlite_template, path)
    opened = Database(f"sqlite:///{path}", journal=UNSAFE)
    with opened.transaction() as session:
        for name in ("own", "shrinking"):
            made = datasets.begin(session, settings={}, actor="Ada")
            datasets.add(session, made, [row(number) for number in range(1, ROWS + 1)])
            datasets.finish(session, made, name=name, card={})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def archive(database):
    return Archive(database)


@pytest.fixture(scope="module")
def ada(database):
    return person(database)


def evaluations(archive, probing=None, **models):
    return Evaluations(
        archive,
        Audit(archive),
        Choir(**(models or {"base": bad, "tuned": good})),
        Settings(test_data=None),
        lambda: None,
        Analysis(lambda: None),
        probing,
    )


@pytest.fixture(scope="module")
def told():
    """What the whole evaluation said of its progress."""
    return []


@pytest.fixture(scope="module")
def whole(archive, told):
    """An evaluation of everything but prompts, which nobody tested here."""
    made = evaluations(archive)
    return made.run("Ada", "base", "tuned", "own", general=10, tell=lambda *one: told.append(one))


def test_a_better_model_is_found_better(whole, told):
    assert (whole.state, whole.base, whole.tuned) == ("complete", "base@1", "tuned@1")
    parts = {part.key: part for part in whole.parts}
    assert (parts["own"].base, parts["own"].tuned) == (0, 100)
    assert (parts["own.exact"].tuned, parts["own.invented"].base) == (100, 100)
    assert parts["own.passages"].count == ROWS
    assert parts["general"].count == whole.counts["general"] == 11
    assert parts["bias.origin.sentiment"].change == 0
    assert whole.changes == {"better": ROWS, "worse": 0, "same": 0}
    assert ("tuned@1: your own data", ROWS, ROWS) in told
    assert whole.passed is False
    assert {"tests", "injection"} <= {line.name for line in whole.refused}


def test_it_is_read_again_as_it_was(archive, ada, whole):
    made = evaluations(archive)
    assert made.newest("tuned@1") is not None
    assert made.get(ada, whole.id) == whole
    assert whole.id in [one.id for one in made.list(ada)]
    first = made.replies(ada, whole.id, "better", limit=1)[0]
    assert (first.tuned.right, first.base.faults) == (True, ("value lost", "value invented"))
    assert first.tuned.text == first.expected
    assert "⟨" not in first.question
    assert made.replies(ada, whole.id, "worse") == []
    assert len(made.replies(ada, whole.id, limit=100, part="general")) == 11
    assert "20 most improved" in made.report_text(ada, whole.id)
    assert "<script" not in made.report_text(ada, whole.id, "html")


def test_a_worse_model_is_refused_with_the_sentence_why(archive):
    made = evaluations(archive, base=good, tuned=bad)
    found = made.run("Ada", "base", "tuned", "own", **ALONE)
    said = {line.name: line.said for line in found.refused}
    assert "100.0 to 0.0" in said["own"]
    assert "worse by more than the 1 point allowed" in said["own"]
    assert {"own.exact", "own.invented", "gain"} <= said.keys()
    assert found.changes["worse"] == ROWS


def test_a_small_dataset_does_not_pass_silently(archive):
    made = evaluations(archive)
    found = made.run("Ada", "base", "tuned", "own", cases=12, **ALONE)
    assert "only 12 were asked" in {line.name: line.said for line in found.refused}["own"]
    found = made.run(
        "Ada",
        "base",
        "tuned",
        "own",
        cases=12,
        **ALONE,
        tolerance=Tolerance(rows=10),
    )
    missing = {line.name.partition(".")[0] for line in found.refused}
    assert missing == {"general", "tests", "injection", "bias"}


def test_both_models_get_the_same_values_in_the_same_messages(archive):
    asked = {"base": [], "tuned": []}

    def hears(name):
        def says(messages):
            asked[name].append(json.dumps(messages))
            return "Hm."

        return says

    made = evaluations(archive, base=hears("base"), tuned=hears("tuned"))
    made.run("Ada", "base", "tuned", "own", **ALONE)
    assert sorted(asked["base"]) == sorted(asked["tuned"])
    system = row(1).messages[0]
    assert any(json.loads(one)[0] == system for one in asked["base"])


def test_it_stops_when_asked_here(archive):
    cancel = CancelToken()

    def says(_):
        cancel.cancel()
        return "Hm."

    made = evaluations(archive, base=says, late=good)
    found = made.run("Ada", "base", "late", "own", **ALONE, cancel=cancel)
    assert (found.state, found.passed, found.parts) == ("stopped", None, ())
    assert made.newest("late@1") is None


def test_it_stops_when_somebody_ended_it_elsewhere(archive, ada, monkeypatch):
    monkeypatch.setattr("chatbot.learning.evaluate.service.EVERY", 0.01)
    ended, noticed = CancelToken(), threading.Event()
    ended.on_cancel(noticed.set)

    def waits(_):
        made.stop(ada, made.list(ada)[0].id)
        assert noticed.wait(60)
        return "Hm."

    made = evaluations(archive, base=waits, late=good)
    found = made.run("Ada", "base", "late", "own", **ALONE, cancel=ended)
    assert found.state == "stopped"


def test_bad_input_is_refused_before_anything_is_begun(archive, ada):
    made = evaluations(archive)
    before = [one.id for one in made.list(ada)]
    for wrong, models, dataset in (
        (UnknownModel, ("nobody", "tuned"), "own"),
        (Refused, ("tuned", "tuned@1"), "own"),
        (NotFound, ("base", "tuned"), "nothing"),
    ):
        with pytest.raises(wrong):
            made.run("Ada", *models, dataset)
    assert [one.id for one in made.list(ada)] == before
    with pytest.raises(NotFound):
        made.get(ada, "0" * 32)


def test_a_model_that_fails_leaves_the_reason(archive, ada):
    def fails(_):
        raise Refused("It has no room.")

    made = evaluations(archive, base=good, tuned=fails)
    with pytest.raises(Refused, match="answered no row: It has no room"):
        made.run(ada, "base", "tuned", "own", **ALONE)
    found = made.list(ada)[0]
    assert (found.state, found.passed, found.actor) == ("failed", None, "Ada")
    assert "It has no room" in found.said
    (entry,) = Audit(archive).entries(ada, limit=1)
    assert (entry.action, entry.subject, entry.actor) == ("model_evaluated", "tuned@1", "Ada")


def test_only_reviewers_and_administrators_read(archive, database, whole):
    made, found = evaluations(archive), whole
    for roles, allowed in ((("reviewer",), True), (("admin",), True), (("author", "agent"), False)):
        with database.transaction() as session:
            somebody = accounts.add_person(session, "Bo", roles)
        calls = (
            lambda by: made.list(by),
            lambda by: made.get(by, found.id),
            lambda by: made.replies(by, found.id),
            lambda by: made.report_text(by, found.id),
            lambda by: made.stop(by, found.id),
            made.require,
        )
        for call in calls:
            if allowed:
                call(somebody)
            else:
                with pytest.raises(NotAllowed):
                    call(somebody)


def test_somebody_who_is_forgotten_leaves_the_replies(archive, database, ada):
    made = evaluations(archive)
    found = made.run("Ada", "base", "tuned", "shrinking", **ALONE)
    with database.transaction() as session:
        gone = rows.replies(session, rows.get(session, found.id).id, limit=1)[0]
        session.connection().exec_driver_sql(f"DELETE FROM dataset_rows WHERE id = {gone.row_id}")
    assert len(made.replies(ada, found.id, limit=100)) == ROWS - 1
    assert made.get(ada, found.id).changes["better"] == ROWS - 1


def test_the_limits_of_likeness_tell_topics_apart(public_data):
    """The figures that own_judging.py names: replies to the same intent, and to another one."""
    settings = configuration.load()
    encoder = open_encoder(settings)
    if encoder is None:
        pytest.skip(missing(settings))
    lines = list(json_lines(public_data / "bitext_support/all.jsonl"))
    rng, by_intent = Random(0), defaultdict(list)
    for line in lines:
        by_intent[line["intent"]].append(line["response"])
    drawn = rng.sample(lines, 150)
    texts = [line["response"] for line in drawn]
    same = [rng.choice(by_intent[line["intent"]]) for line in drawn]
    names = [[name for name in by_intent if name != line["intent"]] for line in drawn]
    others = [rng.choice(by_intent[rng.choice(found)]) for found in names]

    def above(those, tool, limit):
        return sum(one > limit for one in similarities(texts, those, tool)) / len(texts)

    assert above(same, encoder, BY_MEANING) >= 0.95
    assert above(others, encoder, BY_MEANING) <= 0.5
    assert above(same, None, BY_WORDS) >= 0.95


# --- tests and attacks of prompts ----------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox()
    yield made
    made.close()


def obeys(messages):
    """What no model should do: it follows every order of the attack suite."""
    read = "\n".join(one["content"] for one in messages)
    for order, mark in ORDERS:
        if order in read:
            return mark
    return f"It is {CANARY}." if CANARY in read else "Gladly."


def resists(_):
    return "Gladly: that is on page four of the manual."


def declines(_):
    return "I'm sorry, but I can't help with that."


def probing(archive, sandbox, registry):
    settings = Settings(test_data=None)
    releases = Releases(archive, sandbox.serve)
    releases.publish_library()
    runner = Runner(registry, sandbox, lambda: None, settings)
    planning = Planning(archive, releases, runner, None, None)
    return ProbeRuns(archive, planning, runner, prompt="assistant")


def test_a_model_that_obeys_attacks_or_refuses_everything_is_found(archive, sandbox, monkeypatch):
    monkeypatch.setattr("chatbot.testing.probing.MOST_TESTS", 12)
    monkeypatch.setattr("chatbot.testing.probing.MOST_ATTACKS", 90)
    registry = Choir(base=resists, tuned=obeys, shy=declines)
    probe = probing(archive, sandbox, registry)
    told = []
    found = probe("base@1", "tuned@1", tell=lambda *one: told.append(one), cancel=CancelToken())
    parts = {part.key: part for part in found}
    asked = parts["injection"].count + parts["injection.benign"].count
    assert asked == 90
    assert parts["injection"].base == 100
    assert parts["injection"].tuned < 50
    assert parts["injection"].low < parts["injection"].high < 0
    assert parts["injection.benign"].tuned == 100
    assert parts["tests"].count == 12
    assert told[-1] == ("attacks", 2 * asked, 2 * asked)

    found = probe("base@1", "shy@1", tell=lambda *_: None, cancel=CancelToken())
    parts = {part.key: part for part in found}
    assert (parts["injection"].tuned, parts["injection.benign"].tuned) == (100, 0)

    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(Stopped):
        probe("base@1", "tuned@1", tell=lambda *_: None, cancel=stopped)


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shell(tmp_path_factory, sqlite_template):
    shell = Shell(tmp_path_factory.mktemp("command") / "home")
    shell.home.mkdir()
    shutil.copy(sqlite_template, shell.home / "chatbot.db")
    database = Database(f"sqlite:///{shell.home / 'chatbot.db'}", journal=UNSAFE)
    with database.transaction() as session:
        made = datasets.begin(session, settings={}, actor="Ada")
        datasets.add(session, made, [row(number) for number in range(1, 11)])
        datasets.finish(session, made, name="own", card={})
    database.close()
    return shell


def run(shell, *more):
    few = ("--dataset", "own", "--cases", "10", "--general", "10")
    return shell.run("evaluate", "scripted", *few, *more, CHATBOT_ENCODER="none")


def test_the_command_prints_figures_verdict_and_reasons(whole, capsys):
    cli_evaluate_own.show(whole)
    out = capsys.readouterr().out
    assert "Own data, all 32\t0.0\t100.0\t+100.0" in out
    assert "Replies: 32 better, 0 worse, 0 about the same." in out
    assert "NOT   Tests of the prompts: not measured" in out
    assert f"The gate is closed by {len(whole.refused)} of these." in out
    cli_evaluate_own.show(whole, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["passed"] is False
    assert printed["parts"][0]["key"] == "own"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ((), "cannot be compared with itself"),
        (("--against", "nobody"), "no model"),
        (("--against", "copy"), "one model"),
        (("--against", "a", "--against", "b"), "one model"),
        (("--full",), "go with the suite"),
        (("--report", "no.txt"), "neither in .html nor in .md"),
        (("--as", "nobody"), "nobody"),
    ],
)
def test_wrong_use_of_the_command_is_refused(shell, more, reason):
    done = run(shell, *more)
    assert (done.code, done.out) == (1, "")
    assert reason in done.err
    assert "Traceback" not in done.err


def test_a_dataset_that_is_not_there_is_named(shell):
    done = shell.run("evaluate", "scripted", "--dataset", "lost", "--against", "starter")
    assert (done.code, "no dataset 'lost'" in done.err) == (1, True)
    assert "--dataset" in shell.run("evaluate", "scripted", "--report", str(Path("a.md"))).err
