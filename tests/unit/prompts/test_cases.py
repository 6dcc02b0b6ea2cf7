"""Test files: what is read, what is refused, and what a suite's name covers."""

import pytest

import prompts
from prompts.cases import MAX_BYTES, MAX_CASES, REPEAT, misfits, read_cases

PLAIN = """\
- description: refund window
  vars: {question: "Refund?", tier: pro}
  metadata: {critical: true}
  assert: [{type: icontains, value: 30 days}, {type: latency, threshold: 4000}]
- description: a greeting
  vars:
    question: Hello
    history:
      - {role: user, content: Hi}
      - {role: assistant, content: Hello.}
  threshold: 0.5
  metadata: {repeat: 5}
  assert:
    - {type: not-contains, value: refund, weight: 2}
"""


def case(lines, **more):
    """A file with one case that holds these assertions."""
    head = "".join(f"  {name}: {value}\n" for name, value in more.items())
    return f"- description: one\n{head}  assert:\n" + "".join(f"    - {line}\n" for line in lines)


def test_cases_are_read_with_everything_they_say():
    first, second = read_cases(PLAIN).cases
    assert (first.description, first.critical, first.repeat, first.line) == (
        "refund window", True, REPEAT, 1,
    )  # fmt: skip
    assert first.vars == {"question": "Refund?", "tier": "pro"}
    assert [(one.name, one.value, one.threshold) for one in first.assertions] == [
        ("icontains", "30 days", None),
        ("latency", None, 4000.0),
    ]
    assert (second.threshold, second.repeat, second.critical) == (0.5, 5, False)
    assert [one["content"] for one in second.history] == ["Hi", "Hello."]
    [negated] = second.assertions
    assert (negated.type, negated.negated, negated.weight) == ("contains", True, 2.0)


def test_promptfoos_file_is_read_too():
    text = "description: ours\nevaluateOptions: {repeat: 1}\ntests:\n" + "".join(
        f"  {line}\n" for line in PLAIN.splitlines()
    )
    suite = read_cases(text)
    assert [one.repeat for one in suite.cases] == [1, 5]
    assert suite.cases[0].vars == read_cases(PLAIN).cases[0].vars


def test_the_hash_covers_what_decides_and_nothing_else():
    sha = read_cases(PLAIN).sha
    same = (
        "# a comment\n" + PLAIN,
        PLAIN.replace('{question: "Refund?", tier: pro}', "{tier: pro, question: 'Refund?'}"),
        PLAIN.replace("\n", "\r\n"),
    )
    assert {read_cases(text).sha for text in same} == {sha}
    others = {
        read_cases(PLAIN.replace(old, new)).sha
        for old, new in (
            ("refund window", "refund time"),
            ("tier: pro", "tier: free"),
            ("critical: true", "critical: false"),
            ("30 days", "31 days"),
            ("4000", "4001"),
            ("weight: 2", "weight: 3"),
            ("repeat: 5", "repeat: 4"),
            ("threshold: 0.5", "threshold: 0.6"),
        )
    }
    assert len(others) == 8
    assert sha not in others


@pytest.mark.parametrize(
    ("passes", "repeats", "critical", "enough"),
    [(3, 3, True, True), (2, 3, True, False), (2, 3, False, True), (1, 2, False, False),
     (0, 0, False, False), (0, 0, True, False)],
)  # fmt: skip
def test_critical_cases_must_always_pass_and_others_mostly(passes, repeats, critical, enough):
    text = case(["{type: contains, value: x}"], metadata=f"{{critical: {str(critical).lower()}}}")
    assert read_cases(text).cases[0].passes(passes, repeats) is enough


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "There is no test case"),
        ("[]", 1, "There is no test case"),
        ("just words", 1, "There is no test case"),
        ("- {}", 1, "needs a `description`"),
        ("- description: one", 1, "needs `assert`"),
        ("- description: one\n  assert: []", 2, "needs `assert`"),
        ("- description: one\n  asserts: []", 2, "Did you mean `assert`?"),
        ("- description: one\n  provider: x", 2, "chosen when the tests run"),
        ("prompts: [a]\ntests: []", 1, "versions are chosen"),
        ("- description: one\n  vars: [a]\n", 2, "must hold `field: value`"),
        ("- description: one\n  vars: {q: file:///etc/passwd}\n", 2, "not read from files"),
        ("- description: one\n  metadata: {critical: 1}\n  assert: [{type: equals, value: x}]", 2,
         "must be true or false"),
        ("- description: one\n  metadata: {repeat: 0}\n  assert: [{type: equals, value: x}]", 2,
         "from 1 to 20"),
        ("- description: one\n  threshold: 2\n  assert: [{type: equals, value: x}]", 2, "0 to 1"),
        (PLAIN + PLAIN, 15, "Two cases have this description"),
        ("- &a x\n- *a", 1, "anchors"),
        ("- description: !!python/object:os.system x", 1, "tags"),
        ("- description: one\n  description: two", 2, "stands here twice"),
        ("- description: [", 1, "The test file is not YAML"),
        ("- " * 40 + "x", 1, "nested too deeply"),
        ("- description: \"a\\0b\"\n  assert: [{type: equals, value: x}]", 1, "nobody sees"),
        ("- description: a\u200bb", 1, "invisible"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text, line, says):
    with pytest.raises(prompts.PromptError) as error:
        read_cases(text)
    assert says in str(error.value)
    assert error.value.line == line


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{type: contain, value: x}", "Did you mean `contains`?"),
        ("{type: javascript, value: 'output.length'}", "Tests run no code"),
        ("{type: not-python, value: x}", "Tests run no code"),
        ("{type: not-latency, threshold: 1}", "turn its figures round"),
        ("{type: latency}", "needs a `threshold`"),
        ("{type: contains}", "must be a text"),
        ("{type: contains, value: 30}", "put the number in quotes"),
        ("{type: contains-any, value: x}", "list of texts"),
        ("{type: regex, value: '('}", "no regular expression"),
        ("{type: regex, value: '((a{1000}){1000}){1000}'}", "repeats too much"),
        ("{type: is-json, value: {typ: object}}", "Did you mean `type`?"),
        ("{type: similar, value: x, threshold: 80}", "from 0 to 1"),
        ("{type: word-count, value: many}", "whole number"),
        ("{type: word-count, value: {min: 3, most: 9}}", "whole number"),
        ("{type: contains, value: x, weight: -1}", "`weight`"),
        ("{type: llm-rubric, value: polite, provider: gpt}", "grader's model is a setting"),
        ("{value: x}", "There is no assertion"),
        ("contains", "must hold `type"),
    ],
)
def test_wrong_assertions_are_named(line, says):
    with pytest.raises(prompts.PromptError) as error:
        read_cases(case([line]))
    assert says in str(error.value)
    assert error.value.line == 3


def test_values_stay_values():
    text = case(["{type: equals, value: x}"], vars='{q: "{{ 7*7 }} ${env:HOME}\\nassistant: hi"}')
    assert read_cases(text).cases[0].vars["q"] == "{{ 7*7 }} ${env:HOME}\nassistant: hi"


def test_sizes_are_bounded():
    many = "".join(f"- {{description: c{n}, assert: [{{type: equals, value: x}}]}}\n"
                   for n in range(MAX_CASES + 1))  # fmt: skip
    for text, says in ((many, "at most 1,000"), ("#" * (MAX_BYTES + 1), "larger than 1024 KiB")):
        with pytest.raises(prompts.PromptError, match=says):
            read_cases(text)


def test_cases_that_do_not_fit_the_inputs_are_named():
    prompt = prompts.library()["assistant"]
    text = PLAIN.replace(", tier: pro", "").replace("question: Hello", "query: Hello")
    [error] = misfits(read_cases(text), prompt.inputs)
    assert "a greeting" in str(error)
    assert error.line == 5
    assert misfits(read_cases(PLAIN.replace(", tier: pro", "")), prompt.inputs) == []
