"""The corpus is clean, and the linter sees what it must see."""

import json

import pytest

from chatbot.learning.starter import lint
from chatbot.learning.starter.lint import Corpus


def passage(text="Returns cost {{amount:fee}} and take {{percent:cut}}% of the price.", **more):
    return {"id": "shop-p01", "title": "Returns", "text": text, **more}


def record(**more):
    return {
        "id": "shop-001",
        "skill": "answer",
        "passages": ["shop-p01"],
        "thread": [],
        "asks": ["What does a return cost?", "return fee?"],
        "instruction": None,
        "reply": "Returns cost {{amount:fee}}.",
        "facts": ["{{amount:fee}}"],
        **more,
    }


def kinds(*records, passages=None):
    """The kinds of problems; a handful of situations is never balanced."""
    found = lint.problems(Corpus(tuple(passages or [passage()]), records))
    return {problem.kind for problem in found} - {"too few"}


def test_corpus_is_clean():
    corpus = lint.read()
    assert lint.problems(corpus) == []
    totals = lint.counts(corpus)["totals"]
    assert totals["situations"] >= 4000
    assert totals["messages"] >= 10_000


def test_sound_record_has_no_problem():
    assert kinds(record()) == set()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"reply": "Returns cost {{amount:other}}.", "facts": []}, "value from nowhere"),
        ({"reply": "Returns cost {{amount:fee}} for {{shoe_lace:x}}."}, "unknown slot"),
        ({"reply": "Returns cost {{amount:fee}} or {amount:fee}."}, "broken slot"),
        ({"reply": "Returns cost {{amount:fee}} within 14 days."}, "literal value"),
        ({"reply": "Write to a@b.example about {{amount:fee}}."}, "literal value"),
        ({"reply": "{{amount:fee}}, less {{percent:cut}} today."}, "percent without sign"),
        ({"reply": "They are free."}, "fact not in reply"),
        ({"passages": ["shop-p09"]}, "unknown passage"),
        ({"skill": "singing"}, "skill"),
        ({"skill": "memory"}, "memory without thread"),
        ({"skill": "rewrite", "asks": []}, "no draft"),
        ({"asks": []}, "no wording"),
    ],
)
def test_one_slip_is_found(changed, kind):
    assert kind in kinds(record(**changed))


def test_value_must_stand_in_every_wording():
    said = {"reply": "Order {{order_number:o}} it is.", "facts": [], "passages": []}
    both = ["my order {{order_number:o}}", "{{order_number:o}}, where is it"]
    assert kinds(record(asks=both, **said)) == set()
    assert kinds(record(asks=[*both, "where is it"], **said)) == {"value from nowhere"}


def test_missing_field_and_same_id_are_found():
    short = record()
    del short["facts"]
    assert kinds(short, record()) == {"fields", "same id"}


def test_near_duplicates_are_found_whatever_their_values():
    long = (
        "We take the chair back within {{days:a}} days if it is clean and whole, for {{amount:a}}."
    )
    near = long.replace("{{days:a}}", "{{days:b}}")
    texts = [passage(long), passage(near, id="shop-p02"), passage(id="shop-p03")]
    assert kinds(passages=texts) == {"near-duplicate passage"}


def test_too_few_of_a_skill_is_found():
    found = lint.problems(Corpus((passage(),), (record(),)))
    assert {one.where for one in found if one.kind == "too few"} == set(lint.SKILLS) - {"answer"}


def test_report_is_printed(tmp_path, capsys):
    (tmp_path / "shop.passages.jsonl").write_text(json.dumps(passage()))
    (tmp_path / "shop.records.jsonl").write_text(json.dumps(record()))
    folder = ["--folder", str(tmp_path)]
    assert lint.main([*folder, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["totals"]["messages"] == 2
    assert lint.main([*folder, "--table"]) == 1
    assert "| shop | 1 |" in capsys.readouterr().out
    (tmp_path / "shop.records.jsonl").write_text("{broken")
    assert lint.main(folder) == 1
    assert "no JSON" in capsys.readouterr().err
