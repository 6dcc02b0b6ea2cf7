"""docs/security.md names a test for every fault and class, and each of these tests is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "security.md").read_text("utf-8")
NOT_YET = {37}
"""Faults of what is not there yet."""
FAULT = re.compile(r"^\| (\d+)(?:–(\d+))? [^|]+\| [^|]+\| (.+) \|$", re.MULTILINE)
CLASS = re.compile(r"^\| ([A-I]) [^|]+\| [^|]+\|[^|]+\| (.+) \|$", re.MULTILINE)


def faults():
    """{number: where its tests are}"""
    section = TEXT[TEXT.index("\n## Faults\n") : TEXT.index("\n## How each promise is tested\n")]
    return {
        number: where
        for first, last, where in FAULT.findall(section)
        for number in range(int(first), int(last or first) + 1)
    }


def test_every_fault_has_a_line():
    assert set(faults()) | NOT_YET == set(range(1, 42))
    assert not set(faults()) & NOT_YET


def test_every_class_has_a_line():
    assert [name for name, _ in CLASS.findall(TEXT)] == list("ABCDEFGHI")


def test_lines_name_files_of_tests():
    for where in (*faults().values(), *dict(CLASS.findall(TEXT)).values()):
        assert re.search(r"test_\w+\.py", where), where


def test_what_is_named_is_there():
    files = {path.name: path.read_text("utf-8") for path in TESTS.rglob("test_*.py")}
    named = set(re.findall(r"test_\w+\.py", TEXT))
    assert len(named) > 30
    assert named <= set(files)
    functions = re.findall(r"`(test_\w+)…?`", TEXT)
    assert len(functions) > 20
    everything = "\n".join(files.values())
    assert [name for name in functions if f"def {name}" not in everything] == []
