"""Cases put into, changed in and taken out of a test file's text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts import PromptError, suite_text

FILE = """\
# What customers ask most.
- description: refund window
  vars: {question: "Refund?"}
  assert:
    - {type: icontains, value: 30 days}  # since May

# Seen in August.
- description: no promise
  metadata: {critical: true}
  vars:
    question: |
      Can I?

      Please.
  assert: [{type: not-contains, value: free}]
"""
INDENTED = "tests:\n" + "".join(f"  {line}\n" if line else "\n" for line in FILE.splitlines())
OTHER = {
    "description": "other",
    "vars": {"question": "Who?"},
    "assert": [{"type": "contains", "value": "me"}],
}
NESTED = f"description: shop\ntests:\n{FILE}evaluateOptions: {{repeat: 2}}\n"


@pytest.mark.parametrize("text", [FILE, NESTED, INDENTED])
class TestOneCase:
    def test_added_after_the_last(self, text):
        fresh = suite_text.put(text, None, OTHER)
        assert suite_text.written(fresh) == [*suite_text.written(text), OTHER]
        assert all(line in fresh.splitlines() for line in text.splitlines())

    def test_changed_in_its_place(self, text):
        fresh = suite_text.put(text, 0, OTHER)
        assert suite_text.written(fresh) == [OTHER, suite_text.written(text)[1]]
        assert "# What customers" in fresh
        assert "# Seen in August." in fresh
        assert "# since May" not in fresh

    def test_taken_out(self, text):
        fresh = suite_text.drop(text, 1)
        assert suite_text.written(fresh) == suite_text.written(text)[:1]
        assert "# since May" in fresh

    def test_put_in_and_taken_out_leaves_the_text(self, text):
        assert suite_text.drop(suite_text.put(text, None, OTHER), 2) == text

    def test_no_such_case(self, text):
        with pytest.raises(IndexError):
            suite_text.put(text, 2, OTHER)


@pytest.mark.parametrize(
    "text", ["", "[]", "[{description: a}, {description: b}]", "tests: [{description: a}]"]
)
def test_a_file_that_is_not_lines_is_written_anew(text):
    fresh = suite_text.put(text, None, OTHER)
    assert suite_text.written(fresh) == [*suite_text.written(text), OTHER]


def test_what_is_no_yaml_is_refused():
    with pytest.raises(PromptError, match="not YAML"):
        suite_text.put("- a: [", None, OTHER)


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(-9, 9) | st.booleans() | st.none() | st.lists(TEXTS, max_size=2))
@pytest.mark.parametrize("text", [FILE, ""])
def test_any_text_comes_back(text, said, value):
    case = {"description": "1e3", "vars": {"question": said, "other": value}, "threshold": 0.5}
    assert suite_text.written(suite_text.put(text, None, case))[-1] == case
