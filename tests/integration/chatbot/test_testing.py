"""Test runs: everything at once, stored as it comes, stopped, compared with the run before."""

import asyncio
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import pytest

import prompts
from chatbot.answering import CUT_OFF
from chatbot.backends.cancel import CancelToken
from chatbot.bootstrap import build
from chatbot.errors import BackendBroken, Conflict, NotAllowed, NotFound, PromptInvalid, Refused
from chatbot.testing import Column
from chatbot.testing.asking import patient
from chatbot.testing.matrix import Matrix
from prompts.cases import read_cases
from prompts.checks import Output, judged
from store import accounts
from store import prompts as rows
from store import testing as store
from tests.integration.chatbot.conftest import settings_for
from tests.support.greeting import greeting_prompt
from tests.support.scripted_server import ScriptedServer
from ui.cli_prompts_test import _stored

TESTS = """\
- description: fourteen days
  vars: {question: "!say within 14 days"}
  metadata: {critical: true}
  assert: [{type: icontains, value: 14 DAYS}, {type: tokens, threshold: 10}]
- description: sometimes short
  vars: {question: "!once !length !say one two three four"}
  assert: [{type: contains, value: four}]
- description: never
  vars: {question: "!say no"}
  metadata: {repeat: 1}
  assert: [{type: equals, value: "yes"}]
- description: broken
  vars: {question: "!500"}
  metadata: {repeat: 1}
  assert: [{type: contains, value: x}]
- description: rendered
  vars: {question: "!hang"}
  assert: [{type: prompt-contains, value: Be brief}]
"""


@pytest.fixture
def dialect():
    """One kind of database: the rows are tested on both below store/, and so is the gate."""
    return "sqlite"


def saved(product, system="Be brief.", tests=TESTS, parent=None):
    """A version with tests; its hash."""
    made = product.authoring.save(
        product.person(), "greeting", greeting_prompt(system), {}, None, parent=parent, note=""
    )
    if tests is not None:
        now = product.authoring.open(product.person(), "greeting").tests_sha
        product.authoring.save_tests(product.person(), "greeting", tests, parent=now)
    return made.version.sha


def cells(view):
    return {cell.result.name: cell.result for cell in view.cells}


@pytest.fixture
def tried(product, play):
    """The product, with one whole run of `greeting`."""
    saved(product)
    run = play(product.testing.run(product.person(), "greeting"))
    return product, product.testing.view(product.person(), run)


def test_a_run_keeps_every_cell_with_its_outputs(tried):
    product, view = tried
    found = cells(view)
    assert {name: (one.status, one.passes, one.repeats) for name, one in found.items()} == {
        "fourteen days": ("passed", 3, 3),
        "sometimes short": ("passed", 2, 3),
        "never": ("failed", 0, 1),
        "broken": ("error", 0, 1),
        "rendered": ("passed", 3, 3),
    }
    assert found["fourteen days"].critical
    [output, *_] = found["fourteen days"].outputs
    assert output["text"] == "within 14 days"
    assert output["latency_s"] >= 0
    assert output["tokens"] == 3
    assert [one["passed"] for one in output["assertions"]] == [True, True]
    assert found["broken"].outputs[0]["error"] == str(BackendBroken())
    assert (view.status, view.done, view.total, view.good) == ("complete", 5, 5, False)
    [column] = view.columns
    assert (column.seq, column.model, column.passes, column.repeats) == (1, "scripted@1", 8, 11)
    [entry] = product.audit.entries(product.person(), action="prompt_tested")
    assert entry.detail["run"] == view.id


def test_versions_models_and_some_cases_can_be_chosen(product, play):
    first = saved(product)
    second = saved(product, "Be brief!", tests=None, parent=first)
    me = product.person()
    columns = [Column("1", "scripted"), Column(second[:8], "scripted@1"), Column("v1", "scripted")]
    run = play(product.testing.run(me, "greeting", columns, cases=[2, 0], repeat=2))
    view = product.testing.view(me, run)
    assert [(one.version, one.seq) for one in view.columns] == [(first, 1), (second, 2)]
    assert {cell.result.name for cell in view.cells} == {"fourteen days", "never"}
    assert {cell.result.repeats for cell in view.cells} == {2}
    usual = product.testing.columns(me, "greeting", [], [])
    assert usual == [Column(second, "scripted@1")]


def test_what_cannot_run_is_refused_before_anything_is_asked(product, play):
    saved(product)
    me, run = product.person(), product.testing.run
    for error, prompt, columns, more in (
        (NotFound, "nobody", [], {}),
        (NotFound, "greeting", [Column("7", "scripted")], {}),
        (NotFound, "greeting", [Column("zzzzzzzz", "scripted")], {}),
        (Refused, "greeting", [Column("1", "no-such-model")], {}),
        (Refused, "greeting", [], {"cases": [9]}),
        (Refused, "greeting", [], {"repeat": 21}),
    ):
        with pytest.raises(error):
            play(run(me, prompt, columns, **more))
    with product.archive.main.reading() as session:
        assert store.runs(session, "greeting") == []


def test_only_authors_and_administrators_run_and_read(tried, play):
    product, view = tried
    with product.archive.main.writing() as session:
        chatter = accounts.add_person(session, "Chat", ("chatter",))
    testing = product.testing
    for call in (
        lambda: play(testing.run(chatter, "greeting")),
        lambda: play(testing.stop(chatter, view.id)),
        lambda: testing.view(chatter, view.id),
        lambda: testing.progress(chatter, view.id),
        lambda: testing.report(chatter, view.id, "json"),
    ):
        with pytest.raises(NotAllowed):
            call()
    with pytest.raises(NotFound):
        testing.view(product.person(), "no-such-run")


def test_a_prompt_without_cases_says_so(product, play):
    saved(product, tests=None)
    with pytest.raises(Refused, match="no test cases"):
        play(product.testing.run(product.person(), "greeting"))


def test_a_run_in_the_background_is_followed_and_stopped(product, play):
    slow = TESTS.replace("!say no", "!hang")
    saved(product, tests=slow)
    me = product.person()

    async def scene():
        run = await product.testing.begin(me, "greeting")
        while product.testing.progress(me, run).done < 4:
            await asyncio.sleep(0.02)
        standing = product.testing.progress(me, run)
        assert (standing.status, standing.total) == ("running", 5)
        await product.testing.stop(me, run)
        await product.testing.close()
        await product.testing.stop(me, run)
        return run

    view = product.testing.view(me, play(scene()))
    assert (view.status, view.done) == ("stopped", 4)
    assert "never" not in cells(view)


def test_a_run_that_is_cancelled_or_crashed_is_interrupted(product, play, database, tmp_path):
    saved(product, tests=TESTS.replace("!say no", "!hang"))
    me = product.person()

    async def scene():
        task = asyncio.create_task(product.testing.run(me, "greeting"))
        while not _runs(product) or _runs(product)[0].done < 4:
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    play(scene())
    assert [one.status for one in _runs(product)] == ["interrupted"]
    with product.archive.main.writing() as session:  # a process that died keeps its row running
        store.begin_run(
            session, prompt="greeting", suite="tests", tests_sha="x", grader="", repeat=None,
            columns=[["a", "b"]], total=1, actor="Iris",
        )  # fmt: skip
    other = build(settings_for(database, tmp_path))
    try:
        with pytest.raises(Conflict):
            play(other.testing.stop(me, _runs(product)[0].public_id))
        other.recover()
    finally:
        other.close()
    assert [one.status for one in _runs(product)] == ["interrupted", "interrupted"]


def test_the_terminal_says_that_it_is_there_while_it_tests(product, monkeypatch):
    saved(product, tests=TESTS)
    looks = []
    monkeypatch.setattr(product.replicas, "look", lambda: looks.append(1))
    view = _stored(product, None, "greeting", None, None, 1, "tests", lambda _: None)
    assert view.cells
    assert looks


def _runs(product):
    with product.archive.main.reading() as session:
        return store.runs(session, "greeting")


def test_a_cell_says_what_it_was(tried, play):
    product, _ = tried
    me = product.person()
    # The scripted model's !once is over, so the case passes every time now.
    view = product.testing.view(me, play(product.testing.run(me, "greeting")))
    was = {cell.result.name: (cell.was, cell.result.passes) for cell in view.cells}
    assert was["sometimes short"] == ((2, 3), 3)
    assert was["never"] == ((0, 1), 0)
    first = play(product.testing.run(me, "greeting", [Column("1", "scripted")], cases=[0]))
    assert [cell.was for cell in product.testing.view(me, first).cells] == [(3, 3)]


def test_reports_hold_every_cell(tried):
    product, view = tried
    plain = json.loads(product.testing.report(product.person(), view.id, "json"))
    [column] = plain["columns"]
    assert (plain["passed"], column["passes"], column["repeats"]) == (False, 8, 11)
    assert [one["status"] for one in column["results"]] == [
        "passed", "passed", "failed", "error", "passed",
    ]  # fmt: skip
    root = ET.fromstring(product.testing.report(product.person(), view.id, "junit"))
    [suite] = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")
    assert suite.get("name") == "v1 · scripted@1"
    [failure] = suite.findall("testcase/failure")
    assert "equals “yes”" in failure.get("message")
    assert "Answer 1: no" in failure.text


def test_a_report_holds_what_xml_cannot(product, play):
    text = '- description: "<b> & \\u00e9"\n  vars: {question: "!say \\x1b[31m\\uffff </b>"}\n'
    saved(product, tests=f"{text}  assert: [{{type: contains, value: x}}]\n")
    me = product.person()
    run = play(product.testing.run(me, "greeting"))
    root = ET.fromstring(product.testing.report(me, run, "junit"))
    assert root.find("testsuite/testcase").get("name") == "<b> & é"
    assert "\ufffd[31m\ufffd </b>" in root.find("testsuite/testcase/failure").text


def test_a_grader_is_asked_and_read_strictly(product, play):
    saved(
        product,
        tests="""\
- description: friendly
  vars: {question: "!say Thank you, gladly."}
  metadata: {repeat: 2}
  assert:
    - {type: llm-rubric, value: '!say {"reason": "It thanks.", "pass": true, "score": 0.9}'}
- description: unclear
  vars: {question: "!say Thank you."}
  metadata: {repeat: 1}
  assert: [{type: not-llm-rubric, value: is rude}]
""",
    )
    me = product.person()
    _grade_by_criterion(product)
    run = play(product.testing.run(me, "greeting"))
    view = product.testing.view(me, run)
    found = cells(view)
    assert (found["friendly"].status, found["friendly"].passes) == ("passed", 2)
    assert "It thanks." in found["friendly"].outputs[0]["assertions"][0]["sentence"]
    assert found["unclear"].status == "error"
    assert "did not answer in its form" in found["unclear"].outputs[0]["assertions"][0]["sentence"]
    assert view.grader == f"{product.releases.current('grader').weights.popitem()[0]} scripted@1"


def _grade_by_criterion(product):
    """Publish a grader whose message is the criterion: the scripted model says what it orders."""
    source = greeting_prompt("Judge.", name="grader")
    source = source.replace("question", "criterion")
    me = product.person()
    newest = product.authoring.open(me, "grader").version.sha
    made = product.authoring.save(me, "grader", source, {}, None, parent=newest, note="")
    with product.archive.main.writing() as session:
        served = {made.version.sha: 1}
        rows.publish(session, prompt="grader", environment="production", weights=served,
                     actor="Iris", reason="")  # fmt: skip


def test_a_case_that_does_not_fit_a_version_is_an_error_of_its_cell(product, play):
    saved(product, tests=TESTS.replace('{question: "!say no"}', "{query: x}"))
    me = product.person()
    view = product.testing.view(me, play(product.testing.run(me, "greeting")))
    never = cells(view)["never"]
    assert never.status == "error"
    assert never.outputs[0]["error"] == "Input `question` needs a value. Fill it in."


def test_tests_that_cannot_be_read_are_refused_when_saved(product):
    saved(product)
    with pytest.raises(PromptInvalid, match="line 1"):
        product.authoring.save_tests(
            product.person(), "greeting", "- {}",
            parent=product.authoring.open(product.person(), "greeting").tests_sha,
        )  # fmt: skip


# --- the matrix alone ----------------------------------------------------------------------------

SUITE = read_cases(
    "".join(
        f"- {{description: c{n}, metadata: {{repeat: 1}}, assert: [{{type: equals, value: x}}]}}\n"
        for n in range(50)
    )
)
COLUMNS = [Column(version, model) for version in "abc" for model in ("one", "two")]


def matrix(ask, threads, on_cell, **more):
    return Matrix(
        COLUMNS, dict(enumerate(SUITE.cases)), ask, judged, on_cell, lambda _: 5, threads, **more
    )


async def _nowhere(_cell):
    pass


def test_three_versions_two_models_and_fifty_cases_run_at_once_and_tell(play):
    """Each model is asked exactly five times at a time: fewer would wait for ever, more is seen."""
    running, most, told, kept = Counter(), Counter(), [], []

    async def scene():
        together = {model: asyncio.Barrier(5) for model in ("one", "two")}

        async def ask(column, number, case):
            running[column.model] += 1
            most[column.model] = max(most[column.model], running[column.model])
            await together[column.model].wait()
            running[column.model] -= 1
            return Output("x" if number % 2 else "y")

        async def keep(cell):
            kept.append(cell)

        with ThreadPoolExecutor(4) as threads:
            return await matrix(ask, threads, keep, tell=told.append).run()

    assert play(scene())
    assert most == {"one": 5, "two": 5}
    assert len(kept) == len({(cell.column, cell.number) for cell in kept}) == 300
    assert told[-1].done == told[-1].total == told[-1].answers == told[-1].of == 300
    assert told[-1].passed == 150
    answers = [one.answers for one in told]
    assert answers == sorted(answers)
    assert len(set(answers)) == 300


def test_a_stop_leaves_no_half_cells_and_an_error_of_the_store_ends_all(play):
    cancel, asked, kept = CancelToken(), [], []

    async def ask(column, number, case):
        asked.append(number)
        if len(asked) == 20:
            cancel.cancel()
        await asyncio.sleep(0)
        return Output("x")

    async def keep(cell):
        kept.append(cell)

    async def full(_cell):
        raise OSError("disk full")

    async def scene(on_cell, cancel):
        with ThreadPoolExecutor(4) as threads:
            return await matrix(ask, threads, on_cell, cancel=cancel).run()

    assert not play(scene(keep, cancel))
    assert len(asked) < 40
    assert all(cell.attempts[0].output.text == "x" for cell in kept)
    with pytest.raises(OSError, match="disk full"):
        play(scene(full, CancelToken()))


def test_renderings_wait_for_one_another_and_are_tried_again():
    """Two places for twenty callers; each is too slow the first time."""
    running, most, seen, lock = 0, 0, Counter(), threading.Lock()

    def render(prompt, values, chosen=None):
        nonlocal running, most
        with lock:
            running, seen[values["n"]] = running + 1, seen[values["n"]] + 1
            most = max(most, running)
        time.sleep(0.001)
        with lock:
            running -= 1
        if values["n"] == "never" or seen[values["n"]] == 1:
            raise prompts.PromptError("Stopped after 250 ms.")
        return [{"role": "user", "content": str(values["n"])}]

    asked = patient(render, 2)
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda n: asked(None, {"n": n}), range(20)))
    assert [one[0]["content"] for one in found] == [str(n) for n in range(20)]
    assert most <= 2
    with pytest.raises(prompts.PromptError, match="250 ms"):
        asked(None, {"n": "never"})
    assert seen["never"] == 3


def test_models_behind_an_api_have_a_price_and_stand_beside_others(database, tmp_path, play):
    """Two models at once: one over HTTP with a price, one here, which costs nothing."""
    text = """\
- description: cheap
  vars: {question: "!say one two three four"}
  metadata: {repeat: 2}
  assert: [{type: cost, threshold: 0.0001}, {type: tokens, threshold: 4}]
- description: cut off
  vars: {question: "!no-end !say one two"}
  metadata: {repeat: 1}
  assert: [{type: contains, value: one}]
"""
    with ScriptedServer() as server:
        far = {"name": "far", "model": "scripted", "base_url": server.url, "mask": False}
        product = build(
            settings_for(
                database,
                tmp_path,
                scripted=True,
                hosted=[{**far, "price": [1, 10]}, {**far, "name": "unpriced"}],
            )
        )
        try:
            version = saved(product, tests=text)
            me = product.person()
            names = ("far", "scripted", "unpriced")
            columns = [Column(version, name) for name in names]
            view = product.testing.view(me, play(product.testing.run(me, "greeting", columns)))
        finally:
            product.close()
    found = {
        (cell.result.model.split("@")[0], cell.result.name): cell.result for cell in view.cells
    }
    output = found["far", "cheap"].outputs[0]
    assert output["cost"] == (output["prompt_tokens"] * 1 + output["tokens"] * 10) / 1_000_000
    assert found["far", "cheap"].status == "passed"
    assert [one["cost"] for one in found["scripted", "cheap"].outputs] == [0.0, 0.0]
    assert found["unpriced", "cheap"].status == "error"
    assert "names no price" in found["unpriced", "cheap"].outputs[0]["assertions"][0]["sentence"]
    for name in names:
        assert found[name, "cut off"].outputs[0]["error"] == CUT_OFF
