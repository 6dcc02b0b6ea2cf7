"""The test cases of a prompt, in promptfoo's field names, read strictly. Knows no model and no row.

    - description: refund window
      vars: {question: "Can I return it?"}
      metadata: {critical: true}
      assert:
        - {type: icontains, value: 30 days}

A file is such a list, or a mapping with `tests`, and `evaluateOptions: {repeat: 5}` for all of
them. A value that is not text (a thread, passages) is plain YAML. Nothing in a file is ever run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from prompts.asserting import Assertion, Reader
from prompts.asserting import read as read_assertion
from prompts.errors import PromptError
from prompts.frontmatter import JSON, FrontMatter, Path, read_yaml
from prompts.inputs import Input, accept_values
from prompts.source import read_text

REPEAT = 3
"""How often a case is asked where its file does not say."""
MAX_REPEAT = 20
MAX_CASES = 1_000
MAX_BYTES = 1024 * 1024
_DEPTH = 16

_FILE = frozenset({"description", "tests", "evaluateOptions"})
_CASE = frozenset({"description", "vars", "assert", "threshold", "metadata"})
_METADATA = frozenset({"critical", "repeat"})
_NOT_TAKEN = {
    "prompts": "These are the tests of one prompt; its versions are chosen when they run.",
    "providers": "The models are chosen when the tests run.",
    "defaultTest": "Write what it holds into each case.",
    "scenarios": "Write each combination as a case.",
    "options": "Put `repeat` under `metadata`.",
    "provider": "The models are chosen when the tests run.",
    "history": "Put it under `vars`, by the name of the prompt's thread.",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `critical`: every repeat must pass; otherwise most of them.

    `threshold`: the weighted score at which a repeat passes; None: every assertion must hold.
    `line` is where it stands in its file.
    """

    description: str
    vars: Mapping[str, JSON]
    assertions: tuple[Assertion, ...]
    critical: bool = False
    repeat: int = REPEAT
    threshold: float | None = None
    line: int = field(default=1, compare=False)

    @property
    def history(self) -> tuple[dict[str, str], ...]:
        """What was said before, where the case gives it under `history`."""
        said = self.vars.get("history")
        return tuple(cast("list[dict[str, str]]", said)) if isinstance(said, list) else ()

    def passes(self, passed: int, repeats: int) -> bool:
        """Whether so many of so many repeats are enough: all of a critical case, else most."""
        return repeats > 0 and (passed == repeats if self.critical else passed * 2 > repeats)


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a prompt. `sha` names all that decides what is asked and how it is judged."""

    cases: tuple[Case, ...]
    sha: str

    @property
    def graded(self) -> bool:
        """Whether a grader is asked."""
        return any(one.type == "llm-rubric" for case in self.cases for one in case.assertions)


def read_cases(text: str | bytes) -> Suite:
    """Return the cases of a `tests.yaml`; raises PromptError with the place of what is wrong."""
    source = read_text(text, limit=MAX_BYTES)
    values, places = read_yaml(source, "The test file", _DEPTH)
    front = FrontMatter({}, places, 0)
    path: Path = ()
    repeat = REPEAT
    if isinstance(values, dict):
        Reader(front, ()).known(values, _FILE, _NOT_TAKEN)
        repeat = _repeat(front, values)
        path, values = ("tests",), values.get("tests")
    if not isinstance(values, list) or not values:
        raise front.error(path, "There is no test case.", "Begin each with `- description: …`.")
    if len(values) > MAX_CASES:
        raise front.error(path, f"A prompt has at most {MAX_CASES:,} test cases.")
    cases = tuple(_case(front, (*path, at), entry, repeat) for at, entry in enumerate(values))
    _check_names(front, path, cases)
    return Suite(cases, suite_sha(cases))


def suite_sha(cases: tuple[Case, ...]) -> str:
    """The SHA-256, in hex, of cases: the same for files that differ in layout only."""
    plain = [
        [
            case.description,
            dict(case.vars),
            [one.as_json() for one in case.assertions],
            case.critical,
            case.repeat,
            case.threshold,
        ]
        for case in cases
    ]
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def misfits(suite: Suite, inputs: tuple[Input, ...]) -> list[PromptError]:
    """What keeps cases from being asked of a prompt with these inputs, one error a case."""
    found = []
    for case in suite.cases:
        try:
            accept_values(inputs, case.vars)
        except PromptError as error:
            where = f"The case {case.description!r}: {error.message}"
            found.append(PromptError(where, case.line, 1, error.hint))
    return found


def _repeat(front: FrontMatter, values: dict[str, JSON]) -> int:
    options = values.get("evaluateOptions")
    reader = Reader(front, ("evaluateOptions",))
    if options is None:
        return REPEAT
    given = reader.mapping(options)
    reader.known(given, frozenset({"repeat"}), {})
    return reader.whole("repeat", given.get("repeat", REPEAT), 1, MAX_REPEAT)


def _case(front: FrontMatter, path: Path, entry: JSON, repeat: int) -> Case:
    reader = Reader(front, path)
    values = reader.mapping(entry, "A case must hold `description`, `vars` and `assert`.")
    reader.known(values, _CASE, _NOT_TAKEN)
    under = Reader(front, (*path, "metadata"))
    metadata = under.mapping(values.get("metadata") or {})
    under.known(metadata, _METADATA, {})
    given = metadata.get("repeat", repeat)
    return Case(
        description=reader.text("description", values.get("description")),
        vars=_vars(reader, values.get("vars")),
        assertions=_assertions(front, path, values.get("assert")),
        critical=under.flag("critical", metadata.get("critical", False)),
        repeat=under.whole("repeat", given, 1, MAX_REPEAT),
        threshold=reader.share("threshold", values.get("threshold")),
        line=front.places[path][0],
    )


def _vars(reader: Reader, value: JSON) -> dict[str, JSON]:
    if value is None:
        return {}
    given = Reader(reader.front, (*reader.path, "vars")).mapping(value)
    for name, one in given.items():
        if isinstance(one, str) and one.startswith("file://"):
            raise reader.front.error(
                (*reader.path, "vars", name),
                "Values are not read from files.",
                "Write the value itself.",
            )
    return given


def _assertions(front: FrontMatter, path: Path, value: JSON) -> tuple[Assertion, ...]:
    place: Path = (*path, "assert")
    if not isinstance(value, list) or not value:
        raise front.error(
            place, "A case needs `assert`: what its answer must be like.", "A list of `type: …`."
        )
    if len(value) > 50:
        raise front.error(place, "A case has at most 50 assertions.")
    return tuple(read_assertion(front, (*place, at), one) for at, one in enumerate(value))


def _check_names(front: FrontMatter, path: Path, cases: tuple[Case, ...]) -> None:
    """Cases are known by their description: in lists, in the gate, from run to run."""
    seen: dict[str, Any] = {}
    for at, case in enumerate(cases):
        if case.description in seen:
            raise front.error(
                (*path, at, "description"),
                "Two cases have this description.",
                f"The other is in line {seen[case.description]}. Name them apart.",
            )
        seen[case.description] = case.line
