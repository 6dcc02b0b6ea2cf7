"""Tests, History, Releases and Use behind their scripts: who may override, what a page is told."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import accounts
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.prompts_commands import AUTHORS
from ui.pages.prompts_tests_commands import PromptsTestsCommands

MODEL = "scripted@1"
TESTS = """\
- description: asks first
  metadata: {critical: true}
  vars: {text: "Is it late?"}
  assert: [{type: icontains, value: "wrote: is it late?"}]
"""
REASON = "The shop opens in an hour"


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = build(Settings(home=tmp_path_factory.mktemp("home"), model="scripted"))
    yield product
    product.close()


@pytest.fixture(scope="module")
def ask(product):
    """One command of these tabs, as the local person."""
    call = calling(product, PromptsTestsCommands(product), AUTHORS)
    with asyncio.Runner() as runner:

        def asked(do, **data):
            return runner.run(call({"do": do, **data}, None))

        def ran(**data):
            """Run tests to their end, and tell the last of them."""

            async def run():
                begun = await call({"do": "run", **data}, None)
                while True:
                    told = await call({"do": "progress", "run": begun["run"]}, None)
                    if told["status"] != "running":
                        return begun | told
                    await asyncio.sleep(0.02)

            return runner.run(asyncio.wait_for(run(), 60))

        asked.ran = ran
        yield asked


@pytest.fixture
def as_author(product):
    """Make the local person an author who administers nothing, for one test."""

    def set_roles(roles):
        with product.archive.main.writing() as session:
            accounts.set_roles(session, product.local_person, roles)

    before = product.person().roles
    set_roles(("author",))
    yield
    set_roles(before)


@pytest.fixture(scope="module")
def versions(product, ask):
    """The title prompt: version 1 in production, 2 saved. Their hashes."""
    me = product.person()
    first = product.authoring.open(me, "title")
    source = first.source.replace("{{ text }}", "Free: {{ text }}")
    saved = product.authoring.save(
        me, "title", source, first.partials, first.examples, parent=first.parent, note="Free"
    )
    told = ask("save_tests", prompt="title", source=TESTS, parent=first.tests_sha)
    assert set(told) == {"tests"}
    return first.parent, saved.version.sha


def test_a_run_tells_its_cells_and_its_files(ask, versions):
    told = ask.ran(prompt="title", columns=[[sha, MODEL] for sha in versions])
    assert (told["status"], told["done"], told["total"]) == ("complete", 2, 2)
    passes = {column: cells["0"]["passes"] for column, cells in told["results"].items()}
    assert passes == {f"{versions[0]} {MODEL}": 3, f"{versions[1]} {MODEL}": 0}
    matrix = ask("matrix", prompt="title", columns=[])
    assert matrix["results"][f"{versions[1]} {MODEL}"]["0"]["was"] == "3/3"
    assert matrix["last"]["columns"].startswith("v1 ")
    report = ask("report", run=told["run"], form="junit")["text"]
    assert ET.fromstring(report).find("testsuite").get("tests") == "1"


def test_an_author_does_not_publish_against_the_gate(ask, versions, as_author):
    ask.ran(prompt="title", columns=[[sha, MODEL] for sha in versions])
    shown = ask("publishing", prompt="title", version=versions[1])
    assert (shown["may_override"], shown["gate"]["open"], shown["note"]) == (False, False, "Free")
    asked = {"prompt": "title", "version": versions[1], "environment": "production", "share": 100}
    told = ask("publish", **asked, note="")
    assert told["code"] == "gate_closed"
    assert [one["ok"] for one in told["gate"]["lines"]] == [True, True, False, False]
    assert told["gate"]["lines"][2]["link"] == "case:asks first"
    assert ask("publish", **asked, note="", override=REASON)["code"] == "not_allowed"
    assert ask("publishing", prompt="title", version=versions[1])["serving"]["production"] == [
        {"sha": versions[0], "seq": 1, "share": 1.0}
    ]


def test_an_administrator_gives_a_reason_and_goes_back(product, ask, versions):
    asked = {"prompt": "title", "version": versions[1], "environment": "production"}
    short = ask("publish", **asked, share=20, note="", override="because")
    assert short["code"] == "refused"
    made = ask("publish", **asked, share=20, note="A try", override=REASON)["release"]
    assert [(one["seq"], one["share"]) for one in made["weights"]] == [(1, 0.8), (2, 0.2)]
    assert made["override"] == REASON
    now = ask("publishing", prompt="title", version=versions[1])
    assert now["gate"]["lines"][0]["sentence"] == "Production serves this version already."
    back = ask("earlier", prompt="title")
    assert [one["seq"] for one in back["to"]["weights"]] == [1]
    assert ask("roll_back", prompt="title", to=back["to"]["id"])["release"]["by"]
    listed = ask("releases", prompt="title")
    assert [one["current"] for one in listed["releases"]] == [True, False, False]
    assert listed["before"] is None
    actions = [one.action for one in product.audit.entries(product.person(), limit=5)]
    assert {"prompt_published", "prompt_rolled_back"} <= set(actions)


def test_two_versions_are_compared(ask, versions):
    told = ask("compare", prompt="title", old=versions[0], new=versions[1])
    changed = [line for line in told["files"][0]["lines"] if line[0] != " "]
    assert [line[0] for line in changed] == ["-", "+"]
    assert ["Free: ", True] in changed[1][3]
    assert told["rendered"][-1]["role"] == "user"
    assert told["answers"][0]["change"] == "worse"


def test_history_is_paged_and_snippets_run(product, ask, versions):
    page = ask("history", prompt="title", before=2)
    assert ([one["seq"] for one in page["versions"]], page["more"]) == ([1], False)
    text = ask("use", prompt="title")["snippets"][0]["text"]
    built = "product = build(load())\n"
    assert built in text
    found = {"product": product}
    exec(text.replace(built, ""), found)
    assert found["messages"][-1] == {"role": "user", "content": "the text"}


@pytest.mark.parametrize(
    ("do", "data"),
    [
        ("publish", {"version": "x", "environment": "production", "share": 101, "note": ""}),
        ("publish", {"version": "x", "environment": "moon", "share": 1, "note": ""}),
        ("run", {"columns": [["x"]]}),
        ("cell", {"run": "x", "version": "x", "model": "x", "no": -1}),
        ("history", {"before": 0}),
        ("put_case", {"no": None, "case": [], "parent": None}),
    ],
)
def test_what_does_not_fit_is_refused(ask, do, data):
    assert ask(do, prompt="title", **data) == {"error": NOT_UNDERSTOOD, "code": "refused"}


def test_what_is_not_there_is_not_found(ask):
    for do, data in {
        "matrix": {"columns": []},
        "history": {},
        "releases": {},
        "measured": {},
        "use": {},
        "injection": {},
        "publishing": {"version": "1"},
        "drop_case": {"no": 0, "parent": None},
    }.items():
        assert ask(do, prompt="nobody", **data)["code"] == "not_found", do
    assert ask("progress", run="0" * 32)["code"] == "not_found"
