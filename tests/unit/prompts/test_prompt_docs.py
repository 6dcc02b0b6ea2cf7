"""docs/prompts.md is true: its example reads and renders, its lists are complete."""

import re
from pathlib import Path

import prompts
from prompts.asserting import KINDS as ASSERTIONS
from prompts.cases import read_cases
from prompts.examples import read_examples
from prompts.filters import FILTERS, TESTS
from prompts.options import OPTIONS
from prompts.schema import _KEYS as SCHEMA

PAGE = (Path(__file__).parents[3] / "docs" / "prompts.md").read_text("utf-8")


def test_the_example_works() -> None:
    [source] = re.findall(r"```prompty\n(.*?)```", PAGE, re.DOTALL)
    prompt = prompts.parse(source, {"partials/tone.j2": "Be kind.\n"})
    values = {"question": "Why?", "tier": "member", "passages": [{"title": "A", "text": "B"}]}
    system, user = prompts.render(prompt, values)
    assert system["content"].startswith("Be kind.\nYou answer for Halden Lamps.")
    assert system["content"].endswith("five year guarantee when it helps.\n[1] A: B")
    assert user == {"role": "user", "content": "Why?"}
    assert prompt.parameters == {"temperature": 0.2, "max_tokens": 300}


def test_the_lists_are_complete() -> None:
    assert f"Filters: `{' '.join(sorted(FILTERS))}`" in PAGE
    assert f"Tests: `{' '.join(sorted(TESTS))}`" in PAGE
    assert all(f"`{kind}`" in PAGE for kind in prompts.KINDS)
    built_in = PAGE[PAGE.index("## Built in") :]
    rows = re.findall(r"^\| `([a-z-]+)` .* (\d+) of (\d+) \|", built_in, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == sorted(prompts.library_names())
    for name, passed, count in rows:
        cases = read_cases(prompts.library_tests(name) or "").cases
        assert int(count) == len(cases), name
        assert int(passed) >= sum(case.critical for case in cases), name
    tests = PAGE[PAGE.index("## Tests") : PAGE.index("## The gate")]
    assert all(f"`{name}`" in tests for name in ASSERTIONS)
    assert f"settings (`{' '.join(OPTIONS)}`)" in PAGE
    output = PAGE[PAGE.index("| `output` |") :].partition("\n")[0]
    assert set(re.findall(r"\w+", output.partition(":")[2])) == SCHEMA.keys() - SAYS_NOTHING


SAYS_NOTHING = {"description", "title"}


def test_the_examples_of_cases_and_examples_work() -> None:
    [case] = re.findall(r"```yaml\n(- description.*?)```", PAGE, re.DOTALL)
    [read] = read_cases(case).cases
    assert prompts.render(prompts.library()["support"], read.vars)
    [lines] = re.findall(r"```\n(\{\"user\".*?)```", PAGE, re.DOTALL)
    assert len(read_examples(lines)) == 1
