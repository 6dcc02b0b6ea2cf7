"""A test file's text with one case put in, changed or taken out. Judges nothing: cases.py reads it.

Only the lines of that case change, so that what an author wrote around it stays as it is, comments
too. A file that is not a list with one case after another by lines is written anew as a whole.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import yaml

from prompts.frontmatter import JSON, Path, read_yaml

_DEPTH = 16
_WHAT = "The test file"
_LIKE_A_VALUE = re.compile(r"[-+.\deE~]*|(?i:null|true|false)")
"""Texts that stand in quotes, so that they stay texts."""
_ORDER = ("description", "metadata", "vars", "assert", "threshold")


def written(text: str) -> list[dict[str, JSON]]:
    """The cases of a file as they stand there. Raises PromptError where it is no YAML."""
    values, _, _ = _read(text)
    return [one if isinstance(one, dict) else {} for one in values]


def put(text: str, at: int | None, case: Mapping[str, JSON]) -> str:
    """The text with a case in the place of the one at `at`, counted from 0, or after the last.

    Raises PromptError where the text is no YAML, IndexError for a place where no case is.
    """
    return _changed(text, at, dict(case))


def drop(text: str, at: int) -> str:
    """The text without a case. Raises PromptError, IndexError."""
    return _changed(text, at, None)


def _changed(text: str, at: int | None, case: dict[str, JSON] | None) -> str:
    if at is not None:
        written(text)[at]
    fresh = _spliced(text, at, case)
    wanted = _wanted(written(text), at, case)
    if fresh is not None and written(fresh) == wanted:
        return fresh
    return _whole(text, wanted)


def _wanted(
    cases: list[dict[str, JSON]], at: int | None, case: dict[str, JSON] | None
) -> list[dict[str, JSON]]:
    place = len(cases) if at is None else at
    return cases[:place] + ([] if case is None else [case]) + cases[place + 1 :]


def _read(text: str) -> tuple[list[JSON], dict[Path, tuple[int, int]], Path]:
    """The cases, the places of all values, and the path of the list."""
    values, places = read_yaml(text, _WHAT, _DEPTH)
    if isinstance(values, dict):
        cases, path = values.get("tests"), cast("Path", ("tests",))
    else:
        cases, path = values, ()
    return (cases if isinstance(cases, list) else []), places, path


def _spliced(text: str, at: int | None, case: dict[str, JSON] | None) -> str | None:
    """The text with the lines of one case exchanged; None where its cases are not lines."""
    cases, places, path = _read(text)
    lines = text.splitlines()
    starts = [places[*path, index][0] - 1 for index in range(len(cases))]
    if not cases or not all(lines[start].lstrip().startswith("-") for start in starts):
        return None
    indent = len(lines[starts[0]]) - len(lines[starts[0]].lstrip())
    ends = [_end(lines, start, indent) for start in starts]
    begin, end = (ends[-1], ends[-1]) if at is None else (starts[at], ends[at])
    fresh = [] if case is None else [" " * indent + line for line in _dumped([case])]
    gap = [""] if at is None and _is_airy(lines, starts) else []
    return "\n".join([*lines[:begin], *gap, *fresh, *lines[end:]]).rstrip("\n") + "\n"


def _end(lines: list[str], start: int, indent: int) -> int:
    """The line after a case: blank lines and comments before the next one are not its own."""
    last = start
    for number in range(start + 1, len(lines)):
        bare = lines[number].lstrip()
        depth = len(lines[number]) - len(bare)
        if bare and depth <= indent and not bare.startswith("#"):
            break
        if bare and (depth > indent or not bare.startswith("#")):
            last = number
    return last + 1


def _is_airy(lines: list[str], starts: list[int]) -> bool:
    """Whether the file leaves a blank line before each case."""
    return len(starts) > 1 and all(not lines[start - 1].strip() for start in starts[1:])


def _whole(text: str, cases: list[dict[str, JSON]]) -> str:
    values, _ = read_yaml(text, _WHAT, _DEPTH)
    if not isinstance(values, dict):
        return "\n".join(_dumped(cases)) + "\n"
    return _dump(values | {"tests": [_ordered(case) for case in cases]})


def _dumped(cases: list[dict[str, JSON]]) -> list[str]:
    return _dump([_ordered(case) for case in cases]).splitlines()


def _ordered(case: dict[str, JSON]) -> dict[str, JSON]:
    known = {name: case[name] for name in _ORDER if name in case}
    return known | {name: value for name, value in case.items() if name not in known}


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes what frontmatter.py reads back as the same: texts that look like numbers in quotes."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|" if all(line == line.rstrip() for line in text.split("\n")) else '"'
    elif _LIKE_A_VALUE.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
