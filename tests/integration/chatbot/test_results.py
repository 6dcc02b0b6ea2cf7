"""The matrix of a prompt and its cases in a form, and who may see them."""

import pytest

from chatbot.errors import Conflict, NotAllowed, NotFound, PromptInvalid
from chatbot.testing import Column
from store import accounts
from tests.support.greeting import greeting_prompt

TESTS = """\
# First.
- description: fourteen days
  vars: {question: "!say within 14 days"}
  metadata: {critical: true, repeat: 2}
  assert: [{type: starts-with, value: within}]
# Second.
- description: no promise
  vars: {question: "!say never"}
  metadata: {repeat: 1}
  assert: [{type: not-contains, value: free}]
"""
MODEL = "scripted@1"


@pytest.fixture
def dialect():
    """One kind of database: the rows are tested on both below store/."""
    return "sqlite"


@pytest.fixture
def greeting(product):
    """Two versions with tests; production serves the first. Their hashes."""
    me, work = product.person(), product.authoring
    first = work.save(me, "greeting", greeting_prompt(), {}, None, parent=None, note="")
    work.save_tests(me, "greeting", TESTS, parent=None)
    why = "only for this test"
    work.publish(me, "greeting", {first.version.sha: 1}, "production", override=why)
    second = work.save(
        me,
        "greeting",
        greeting_prompt("Be kind.", before="Dear, "),
        {},
        None,
        parent=first.parent,
        note="",
    )
    return first.version.sha, second.version.sha


def ran(product, play, *versions, **how):
    columns = [Column(one, MODEL) for one in versions]
    return play(product.testing.run(product.person(), "greeting", columns, **how))


def found(table):
    return {(one.version, one.case_no): (one.passes, one.repeats) for one in table.cells}


class TestTable:
    def test_begins_with_production_and_the_newest(self, product, greeting):
        table = product.results.table(product.person(), "greeting")
        assert [(one.version.sha, one.model) for one in table.columns] == [
            (sha, MODEL) for sha in greeting
        ]
        assert (table.approved, table.cells, table.last) == (greeting[0], (), None)

    def test_shows_the_newest_result_of_each_cell(self, product, greeting, play):
        first, second = greeting
        ran(product, play, first, second)
        newest = ran(product, play, second, cases=[1])
        table = product.results.table(product.person(), "greeting")
        assert found(table) == {
            (first, 0): (2, 2),
            (first, 1): (1, 1),
            (second, 0): (0, 2),
            (second, 1): (1, 1),
        }
        runs = {(one.version, one.case_no): one.run for one in table.cells}
        assert runs[second, 1] == newest != runs[second, 0]
        assert [one.passes for one in table.approved_cells] == [2, 1]
        assert table.last.public_id == newest

    def test_results_of_other_cases_are_not_shown(self, product, greeting, play):
        ran(product, play, *greeting)
        sheet = product.casework.sheet(product.person(), "greeting")
        product.casework.drop(product.person(), "greeting", 1, parent=sheet.sha)
        assert product.results.table(product.person(), "greeting").cells == ()

    def test_columns_that_are_not_there_are_left_out(self, product, greeting):
        wanted = [(greeting[1], MODEL), (greeting[1], "nobody@1"), ("0" * 64, MODEL)]
        table = product.results.table(product.person(), "greeting", wanted)
        assert [(one.version.sha, one.model) for one in table.columns] == wanted[:1]

    def test_a_cell_has_its_outputs(self, product, greeting, play):
        run = ran(product, play, greeting[0])
        cell = product.results.cell(product.person(), run, greeting[0], MODEL, 0)
        assert [one["text"] for one in cell.outputs] == ["within 14 days"] * 2
        with pytest.raises(NotFound):
            product.results.cell(product.person(), run, greeting[0], MODEL, 7)

    def test_rendered_messages_mark_the_values(self, product, greeting):
        shown = product.results.rendered(product.person(), "greeting", greeting[1], 1)
        assert [span.input for span in shown[-1].spans] == [None, "question"]
        assert shown[-1].content == "Dear, !say never"

    def test_answers_that_fell_come_first(self, product, greeting, play):
        ran(product, play, *greeting)
        pairs = product.results.answers(product.person(), *greeting, MODEL)
        assert [(one.name, one.change) for one in pairs] == [
            ("fourteen days", "worse"),
            ("no promise", ""),
        ]


CASE = {
    "description": "other",
    "vars": {"question": "Who?"},
    "assert": [{"type": "icontains", "value": "me"}],
}


class TestCases:
    def test_one_is_put_in_and_taken_out(self, product, greeting):
        me, work = product.person(), product.casework
        before = work.sheet(me, "greeting")
        work.put(me, "greeting", 0, CASE, parent=before.sha)
        sheet = work.sheet(me, "greeting")
        assert [one.description for one in sheet.cases] == ["other", "no promise"]
        assert sheet.source.startswith("# First.\n- description: other\n")
        work.drop(me, "greeting", 0, parent=sheet.sha)
        assert len(work.sheet(me, "greeting").cases) == 1

    def test_what_is_wrong_is_told(self, product, greeting):
        sheet = product.casework.sheet(product.person(), "greeting")
        wrong = CASE | {"assert": [{"type": "contians", "value": "me"}]}
        with pytest.raises(PromptInvalid, match="contains"):
            product.casework.put(product.person(), "greeting", None, wrong, parent=sheet.sha)
        assert product.casework.sheet(product.person(), "greeting") == sheet

    def test_somebody_elses_change_is_not_overwritten(self, product, greeting):
        me, work = product.person(), product.casework
        sheet = work.sheet(me, "greeting")
        work.put(me, "greeting", None, CASE, parent=sheet.sha)
        with pytest.raises(Conflict):
            work.drop(me, "greeting", 0, parent=sheet.sha)
        with pytest.raises(NotFound):
            work.drop(me, "greeting", 9, parent=work.sheet(me, "greeting").sha)


def test_others_than_authors_see_nothing(product, greeting, play):
    run = ran(product, play, greeting[0])
    with product.archive.main.writing() as session:
        account = accounts.ensure_local_person(session, "Iris")
        accounts.set_roles(session, account.id, ("chatter", "reviewer", "agent"))
    me = product.person()
    for call in (
        lambda: product.results.table(me, "greeting"),
        lambda: product.results.cell(me, run, greeting[0], MODEL, 0),
        lambda: product.results.so_far(me, run),
        lambda: product.results.answers(me, *greeting, MODEL),
        lambda: product.results.attacks(me, "greeting"),
        lambda: product.casework.sheet(me, "greeting"),
    ):
        with pytest.raises(NotAllowed):
            call()
