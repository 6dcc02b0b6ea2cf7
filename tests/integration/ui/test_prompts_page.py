"""The Prompts page behind its scripts: tools, looks, runs, saving, stored turns, bad input."""

import asyncio

import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from ui.pages.commands import NOT_UNDERSTOOD, calling
from ui.pages.frame import PROMPTS
from ui.pages.prompts_commands import AUTHORS, PromptsCommands
from ui.pages.prompts_edit_commands import PromptsEditCommands
from ui.pages.prompts_runs import MOST_EACH, Runs

SOURCE = """---
name: greeting
description: Greets.
inputs:
  - {name: question, kind: text, required: true, description: What is asked.}
  - {name: age, kind: number, description: How old.}
metadata:
  chatbot: {kind: task}
---
system:
{% include "partials/tone.j2" %}

user:
{{ question }}{% if age %} I am {{ age }}.{% endif %}
"""
TEXTS = {"source": SOURCE, "partials": {"partials/tone.j2": "Be kind."}, "examples": ""}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    product = build(Settings(home=home, model="scripted", scripted=True, workspace="Lamps"))
    product.registry.open("scripted")
    yield product
    product.close()


@pytest.fixture(scope="module")
def ask(product):
    """One command of the page, as the local person."""
    runs = Runs()
    everybody = calling(product, PromptsCommands(product, runs), PROMPTS.roles)
    authors = calling(product, PromptsEditCommands(product, runs), AUTHORS)
    with asyncio.Runner() as runner:

        def asked(do, **data):
            call = everybody if do in everybody.commands else authors
            return runner.run(call({"do": do, **data}, None))

        yield asked


def look(ask, values=None, **texts):
    return ask("look", **(TEXTS | texts), values=values)


def answer(ask, begun):
    """The whole answer of a run, and its figures."""
    text, told = "", {"ended": None}
    while told["ended"] is None:
        told = ask("follow", work=begun["work"], have=len(text))
        assert "error" not in told, told
        text += told["text"]
    return text, told["ended"]


def written(message):
    return "".join(text for text, _, _ in message["spans"])


class TestLooking:
    def test_samples_fill_the_first_preview(self, ask):
        told = look(ask)
        assert told["problems"] == []
        assert [one["kind"] for one in told["fields"]] == ["text", "number"]
        assert set(told["values"]) == {"question", "age"}
        assert written(told["messages"][0]) == "Be kind."
        assert [span for span in told["messages"][1]["spans"] if span[1] == "age"]
        assert told["total"] == sum(one["tokens"] for one in told["messages"]) > 0

    def test_a_missing_value_is_a_hole_and_a_wrong_one_is_named(self, ask):
        assert look(ask, {})["messages"][1]["spans"] == [["question", "question", True]]
        told = look(ask, {"question": "x", "age": "old"})
        assert (told["messages"], told["input"]) == (None, "age")
        assert "must be a number" in told["refusal"]

    def test_every_error_is_placed(self, ask):
        told = look(ask, {}, source=SOURCE.replace("question }}", "queston }} {{ nobody }}"))
        errors = [one for one in told["problems"] if one["severity"] == "error"]
        assert [(one["line"], one["column"]) for one in errors] == [(14, 4), (14, 18)]
        holes = [text for text, _, missing in told["messages"][1]["spans"] if missing]
        assert holes == ["queston", "nobody"]
        assert [one["name"] for one in told["fields"]] == ["question", "age"]
        told = look(ask, {}, source=SOURCE.replace("{% if age %}", "{% if age"))
        assert told["fields"] is told["messages"] is None
        [error] = look(ask, {}, examples='{"user": 1}\n')["problems"]
        assert (error["partial"], error["line"]) == ("examples.jsonl", 1)
        for source in ("", "\0", "x" * 100_000):
            assert look(ask, {}, source=source)["problems"][0]["severity"] == "error"
        assert look(ask, {}, source="\ud800")["error"] == NOT_UNDERSTOOD

    def test_what_is_no_text_is_not_understood(self, ask):
        for wrong in ({"source": 7}, {"partials": {"a": 1}}, {"values": []}, {"model": None}):
            told = ask("look", **(TEXTS | {"values": {}} | wrong))
            assert told == {"error": NOT_UNDERSTOOD, "code": "refused"}
        assert ask("look", **TEXTS, values={}, model="nobody")["code"] == "unknown_model"


class TestRunning:
    def test_a_text_that_is_written_is_answered(self, ask):
        values = {"question": "!say It is open.", "age": 7}
        text, ended = answer(ask, ask("run", **TEXTS, values=values))
        assert text == "It is open. I am 7."
        assert (ended["status"], ended["model"]) == ("complete", "scripted@1")
        assert ended["tokens"] > 0
        assert ended["total_s"] >= ended["first_s"]
        assert ask("follow", work="0" * 32)["code"] == "not_found"

    def test_errors_come_as_sentences(self, ask):
        told = ask("run", **TEXTS | {"source": "x"}, values={})
        assert told["code"] == "prompt_invalid"
        for values, code in (({}, "prompt_invalid"), ({"question": "!500"}, "broken")):
            told = ask("follow", work=ask("run", **TEXTS, values=values)["work"])
            assert told["code"] == code
            assert told["error"].endswith(".")

    def test_stopping_keeps_what_was_written(self, ask):
        begun = ask("run", **TEXTS, values={"question": "!rate 20 !tokens 400"})
        told = ask("follow", work=begun["work"])
        assert ask("stop", work=begun["work"]) == {}
        text, ended = answer(ask, begun)
        assert ended["status"] == "stopped"
        assert text.startswith(told["text"])

    def test_one_person_has_no_more_than_a_few_at_once(self, ask):
        slow = {"question": "!delay 60"}
        begun = [ask("run", **TEXTS, values=slow) for _ in range(MOST_EACH)]
        assert ask("run", **TEXTS, values=slow)["code"] == "busy"
        for one in begun:
            ask("stop", work=one["work"])
            answer(ask, one)


class TestTools:
    def test_published_task_prompts_are_forms(self, ask):
        names = {one["name"] for one in ask("tools")["tools"]}
        assert {"rewrite", "summary"} <= names
        assert names.isdisjoint({"support", "grader"})
        tool = ask("tool", name="rewrite")["tool"]
        assert tool["title"] == "Rewrite"
        assert tool["fields"][0]["required"]
        text, _ = answer(ask, ask("use", name="rewrite", values={"text": "helo"}))
        assert "helo" in text

    def test_what_is_not_published_is_no_tool(self, ask):
        ask("save", prompt="greeting", **TEXTS, note="", parent=None)
        for name in ("greeting", "support", "grader", "nobody"):
            assert ask("tool", name=name)["code"] == "not_found"
            assert ask("use", name=name, values={})["code"] == "not_found"


class TestSaving:
    def test_conflict_tells_theirs_and_errors_tell_all(self, ask):
        first = ask("save", prompt="greeting", **TEXTS, note="one", parent=None)
        known = first.get("prompt") or first["theirs"]
        changed = TEXTS | {"source": SOURCE + "Bye."}
        saved = ask("save", prompt="greeting", **changed, note="two", parent=known["version"])
        assert saved["new"]
        told = ask(
            "save",
            prompt="greeting",
            **TEXTS | {"source": SOURCE + "Mine."},
            note="",
            parent=known["version"],
        )
        assert told["code"] == "version_conflict"
        assert told["theirs"]["source"].endswith("Bye.")
        assert told["theirs"]["version"] == saved["prompt"]["version"]
        wrong = changed | {"source": SOURCE + "{{ nobody }}"}
        told = ask("save", prompt="greeting", **wrong, note="", parent=told["theirs"]["version"])
        assert (told["code"], told["problems"][0]["line"]) == ("prompt_invalid", 15)
        names = [one["name"] for one in ask("prompts")["prompts"]]
        assert names.count("greeting") == 1

    def test_a_file_goes_out_and_comes_in(self, ask):
        version = ask("open", prompt="rewrite")["prompt"]["version"]
        text = ask("give", version=version, form="prompty")["text"]
        taken = ask("take", text=text)["prompt"]
        assert taken["name"] == "rewrite"
        assert taken["version"] is None
        assert ask("take", text="\0")["code"] in ("refused", "prompt_invalid")

    def test_the_head_counts_cases_however_they_are_written(self, ask, product):
        named = TEXTS | {"source": SOURCE.replace("name: greeting", "name: counted")}
        ask("save", prompt="counted", **named, note="", parent=None)
        check = "assert: [{type: contains, value: hi}]"
        tests = f"""
  # One list, indented.
  - description: a
    vars: {{question: hi}}
    {check}
  - {{description: b, vars: {{question: ho}}, {check}}}
"""
        product.authoring.save_tests(product.person(), "counted", tests, parent=None)
        assert ask("head", prompt="counted")["head"]["counts"] == {"tests": 2, "history": 1}
