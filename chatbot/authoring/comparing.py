"""What changed between two versions: their texts, the messages they make, their test results.

Changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import prompts
from chatbot.authoring import differences, views
from chatbot.authoring.access import require_author
from chatbot.authoring.differences import Line
from chatbot.authoring.publishing import Publishing
from chatbot.authoring.views import Version
from chatbot.prompt_files import prompt_errors
from prompts.examples import taken, written
from store import prompts as rows
from store import testing
from store.records import Person, PromptVersion, TestResult

PROMPT_FILE = "prompt.prompty"
EXAMPLES_FILE = "examples.jsonl"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the closure. `added` and `removed` count lines; both 0: it did not change."""

    name: str
    lines: tuple[Line, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A rendered message by its place. `role` is empty where only one of the two has it."""

    old_role: str
    new_role: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A test case under both versions, as `3/3`; "" where it did not run. `worse`: it fell."""

    name: str
    critical: bool
    old: str
    new: str
    worse: bool
    better: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of a prompt. `problem` says why the messages could not be made."""

    old: Version
    new: Version
    files: tuple[FileChange, ...]
    messages: tuple[MessageChange, ...]
    problem: str
    cases: tuple[CaseChange, ...]
    model: str


class Comparing(Publishing):
    """What authors compare."""

    def compare(
        self,
        person: Person,
        prompt: str,
        old: str,
        new: str,
        values: Mapping[str, Any] | None = None,
    ) -> Comparison:
        """Two versions (number, hash or its beginning). `values` None: plausible ones.

        Raises NotFound, NotAllowed, StoreUnavailable.
        """
        model = self.parts.model()
        with self._archive.main.reading() as session:
            require_author(session, person)
            before = rows.version_of(session, prompt, old)
            after = rows.version_of(session, prompt, new)
            ran = [
                testing.latest_result(session, version=each.sha, model=model)
                for each in (before, after)
            ]
        left, right = ([] if each is None else each[1] for each in ran)
        messages, problem = self._messages(before, after, values)
        return Comparison(
            old=views.version(before),
            new=views.version(after),
            files=_files(before, after),
            messages=messages,
            problem=problem,
            cases=_cases(left, right),
            model=model,
        )

    def _messages(
        self, old: PromptVersion, new: PromptVersion, values: Mapping[str, Any] | None
    ) -> tuple[tuple[MessageChange, ...], str]:
        releases = self.parts.releases
        try:
            before, after = releases.prompt(old.sha), releases.prompt(new.sha)
            given = prompts.samples(before) | prompts.samples(after) if values is None else values
            left, right = self._rendered(before, given), self._rendered(after, given)
        except prompts.PromptError as error:
            return (), str(error)
        found = []
        for n in range(max(len(left), len(right))):
            was = left[n] if n < len(left) else {"role": "", "content": ""}
            is_now = right[n] if n < len(right) else {"role": "", "content": ""}
            marked = differences.lines(was["content"], is_now["content"])
            found.append(MessageChange(was["role"], is_now["role"], marked))
        return tuple(found), ""

    def _rendered(self, prompt: prompts.Prompt, values: Mapping[str, Any]) -> list[prompts.Message]:
        known = {one.name for one in prompt.inputs}
        given = {name: value for name, value in values.items() if name in known}
        return self.parts.sandbox.render(prompt, given)


def texts(version: PromptVersion) -> dict[str, str]:
    """The closure of a version as files, by name."""
    found = {PROMPT_FILE: version.source, **version.partials}
    if version.examples:
        with prompt_errors():
            found[EXAMPLES_FILE] = written(taken(version.examples))
    return found


def _files(old: PromptVersion, new: PromptVersion) -> tuple[FileChange, ...]:
    before, after = texts(old), texts(new)
    names = [PROMPT_FILE, *sorted((before.keys() | after.keys()) - {PROMPT_FILE})]
    return tuple(_file(name, before.get(name, ""), after.get(name, "")) for name in names)


def _file(name: str, old: str, new: str) -> FileChange:
    found = differences.lines(old, new)
    kinds = [line.kind for line in found]
    return FileChange(name, found, kinds.count("added"), kinds.count("removed"))


def _cases(old: list[TestResult], new: list[TestResult]) -> tuple[CaseChange, ...]:
    """Cases by name: their numbers may have changed between two texts of the tests."""
    before, after = ({each.name: each for each in ran} for ran in (old, new))
    return tuple(
        _case(before.get(name), after.get(name)) for name in dict.fromkeys([*after, *before])
    )


def _case(old: TestResult | None, new: TestResult | None) -> CaseChange:
    one = new or old
    if one is None:
        raise ValueError("a case that ran under neither version")
    change = _rate(new) - _rate(old) if old and new else 0.0
    return CaseChange(
        name=one.name,
        critical=one.critical,
        old=_told(old),
        new=_told(new),
        worse=change < 0,
        better=change > 0,
    )


def _rate(found: TestResult) -> float:
    return found.passes / max(found.repeats, 1)


def _told(found: TestResult | None) -> str:
    return "" if found is None else f"{found.passes}/{found.repeats}"
