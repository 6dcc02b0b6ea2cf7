"""The tests that ship beside the built-in prompts: enough, fitting, and true of the messages."""

import pytest

import prompts
from prompts.cases import Case, misfits, read_cases
from prompts.checks import Output, judge

NAMES = prompts.library_names()


def cases(name: str) -> tuple[Case, ...]:
    source = prompts.library_tests(name)
    assert source is not None
    return read_cases(source).cases


@pytest.mark.parametrize("name", NAMES)
def test_each_prompt_ships_with_enough_cases(name: str) -> None:
    suite = cases(name)
    assert len(suite) >= 12
    assert any(case.critical for case in suite)
    assert any(one.needs_answer for case in suite for one in case.assertions)


@pytest.mark.parametrize("name", NAMES)
def test_cases_give_what_the_prompt_takes(name: str) -> None:
    source = prompts.library_tests(name)
    assert source is not None
    assert misfits(read_cases(source), prompts.library()[name].inputs) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_cases_say_of_the_messages_is_true(name: str) -> None:
    prompt, judged = prompts.library()[name], 0
    for case in cases(name):
        wanted = [
            one
            for one in case.assertions
            if not one.needs_answer and one.type != "prompt-tokens"  # a model counts those
        ]
        messages = prompts.render(prompt, case.vars)
        for one in wanted:
            verdict = judge(one, Output("", messages=messages))
            assert verdict.passed, f"{case.description}: {verdict.sentence}"
        judged += len(wanted)
    assert judged >= 2


@pytest.mark.parametrize("name", NAMES)
def test_built_in_prompts_have_nothing_to_mend(name: str) -> None:
    prompt = prompts.library()[name]
    examples = [example.stored for example in prompt.examples]
    assert prompts.lint(prompt.source, prompt.partials, examples) == []


def test_names_without_tests_have_none() -> None:
    assert prompts.library_tests("nothing-of-this-name") is None
    assert prompts.library_tests("../partials") is None
