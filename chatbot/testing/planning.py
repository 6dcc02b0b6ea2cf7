"""What a run would do, checked before it begins: versions, models, cases, sizes. Asks no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import prompts
from chatbot.archive import Archive
from chatbot.authoring.access import require_author
from chatbot.errors import NotFound, PromptInvalid, Refused
from chatbot.gate import Gates
from chatbot.releases import PRODUCTION, Releases, heaviest
from chatbot.testing.injection import AttackSuite, suite_for
from chatbot.testing.matrix import Column
from chatbot.testing.rubric import Grader
from chatbot.testing.running import Runner, Work
from chatbot.testing.views import Suite
from prompts.cases import MAX_REPEAT, Case, read_cases
from prompts.cases import Suite as Cases
from store import errors as store_errors
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import Person

MOST_COLUMNS = 12
MOST_ANSWERS = 20_000

NO_TESTS = "This prompt has no test cases. Write some in its tests.yaml or on its Tests tab."


@dataclass(frozen=True, slots=True)
class Plan:
    """Work, and what its row says of it. `tests_sha` names all cases, also where some are run."""

    prompt: str
    suite: Suite
    tests_sha: str
    work: Work


class Planning:
    """Makes plans. `data`: the folder of public attacks, where there is one."""

    def __init__(
        self,
        archive: Archive,
        releases: Releases,
        runner: Runner,
        gates: Gates,
        data: Path | None,
    ) -> None:
        self._archive = archive
        self._releases = releases
        self._runner = runner
        self._gates = gates
        self._data = data

    def plan(
        self,
        person: Person,
        prompt: str,
        columns: Sequence[Column],
        repeat: int | None,
        cases: Sequence[int] | None,
        suite: Suite,
    ) -> Plan:
        """A run of a prompt that is in the database, as `Testing.run` takes it; raises the same."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            rows.row(session, prompt)
            chosen = self._named(session, prompt, columns)
            source = testing.current_tests(session, prompt) if suite == "tests" else None
        versions = {one.version: self.read(one.version) for one in chosen}
        if suite == "injection":
            return self.attacking(prompt, chosen, versions, repeat, cases)
        if source is None:
            raise Refused(NO_TESTS)
        return self.testing(prompt, chosen, versions, read_tests(source.source), repeat, cases)

    def testing(
        self,
        prompt: str,
        columns: Sequence[Column],
        versions: Mapping[str, prompts.Prompt],
        suite: Cases,
        repeat: int | None,
        cases: Sequence[int] | None = None,
    ) -> Plan:
        """A run of cases. Raises Refused, NotFound (no grader is published)."""
        chosen = _chosen(suite.cases, cases)
        graded = any(one.type == "llm-rubric" for c in chosen.values() for one in c.assertions)
        grader = self.grader() if graded else None
        work = Work(columns, chosen, versions, grader=grader, repeat=_repeat(repeat))
        return Plan(prompt, "tests", suite.sha, _checked(work))

    def attacking(
        self,
        prompt: str,
        columns: Sequence[Column],
        versions: Mapping[str, prompts.Prompt],
        repeat: int | None,
        cases: Sequence[int] | None = None,
    ) -> Plan:
        """A run of the injection suite: that for the inputs of the last version.

        Raises PromptInvalid, Refused.
        """
        found = self.attacks(versions[columns[-1].version])
        suite = found.suite
        chosen = _chosen(suite.cases, cases)
        secrets = {number: found.attacks[number].secret for number in chosen}
        work = Work(columns, chosen, versions, secrets, repeat=_repeat(repeat))
        return Plan(prompt, "injection", suite.sha, _checked(work))

    def attacks(self, prompt: prompts.Prompt) -> AttackSuite:
        """The injection suite that fits a prompt. Raises Refused: none of it does."""
        found = suite_for(prompt, self._data)
        if not found.attacks:
            raise Refused("No input of this prompt takes a text, so there is nothing to attack.")
        return found

    def grader(self) -> Grader:
        """What judges rubrics now. Raises NotFound, UnknownModel."""
        version, model = self._gates.grading()
        return Grader(self.read(version), model)

    def read(self, version: str) -> prompts.Prompt:
        """The prompt of a version (hash). Raises NotFound, PromptInvalid."""
        try:
            return self._releases.prompt(version)
        except prompts.PromptError as error:
            raise PromptInvalid(f"This version cannot be read any more: {error}") from error

    def label(self, model: str | None) -> str:
        """A model's whole label; None: the default one. Raises UnknownModel."""
        return self._runner.label(model)

    def newest(self, prompt: str) -> prompts.Prompt:
        """The newest version of a prompt. Raises NotFound, PromptInvalid."""
        with self._archive.main.reading() as session:
            sha = rows.newest(session, prompt).sha
        return self.read(sha)

    def columns(
        self, session: Session, prompt: str, versions: Sequence[str], models: Sequence[str]
    ) -> list[Column]:
        """Every version under every model; those that matter now where none are named.

        Raises NotFound, UnknownModel.
        """
        if not versions:
            live = rows.current_release(session, prompt, PRODUCTION)
            versions = [*(live.weights if live else ()), rows.newest(session, prompt).sha]
        shas = dict.fromkeys(_version(session, prompt, one) for one in versions)
        labels = dict.fromkeys(self.label(model) for model in models or (None,))
        return [Column(sha, label) for sha in shas for label in labels]

    def _named(self, session: Session, prompt: str, columns: Sequence[Column]) -> list[Column]:
        """Columns by hash and label, each once."""
        if not columns:
            return self.columns(session, prompt, (), ())
        named = [
            Column(_version(session, prompt, one.version), self.label(one.model)) for one in columns
        ]
        return list(dict.fromkeys(named))


def _version(session: Session, prompt: str, wanted: str) -> str:
    """The hash of a version: by number (`3`, `v3`), hash, its beginning, or an environment."""
    if wanted == "newest":
        return rows.newest(session, prompt).sha
    if wanted in rows.ENVIRONMENTS:
        release = rows.current_release(session, prompt, wanted)
        if release is None:
            raise NotFound(f"Nothing of {prompt} is published to {wanted}.")
        return heaviest(release.weights)
    number = wanted.removeprefix("v")
    try:
        return rows.version_of(session, prompt, number if number.isdecimal() else wanted).sha
    except store_errors.NotFound:
        raise NotFound(f"{prompt} has no version {wanted!r:.80}.") from None


def read_tests(source: str | bytes) -> Cases:
    """The cases of a test file. Raises PromptInvalid."""
    try:
        return read_cases(source)
    except prompts.PromptError as error:
        raise PromptInvalid(f"The test cases cannot be read: {error}") from error


def _chosen(cases: Sequence[Case], wanted: Sequence[int] | None) -> dict[int, Case]:
    """Cases by number, all of them for None. Raises Refused."""
    if wanted is None:
        return dict(enumerate(cases))
    if not wanted or any(not 0 <= number < len(cases) for number in wanted):
        raise Refused(f"The cases are numbered from 1 to {len(cases)}. Choose among those.")
    return {number: cases[number] for number in sorted(set(wanted))}


def _repeat(repeat: int | None) -> int | None:
    if repeat is not None and not 1 <= repeat <= MAX_REPEAT:
        raise Refused(f"A case is asked 1 to {MAX_REPEAT} times.")
    return repeat


def _checked(work: Work) -> Work:
    """Work of a size that can be run. Raises Refused."""
    if len(work.columns) > MOST_COLUMNS:
        raise Refused(f"A run has at most {MOST_COLUMNS} columns. Choose fewer versions or models.")
    if work.answers > MOST_ANSWERS:
        raise Refused(
            f"This run would ask {work.answers:,} times, at most {MOST_ANSWERS:,} are allowed. "
            "Choose fewer columns, cases or repeats."
        )
    return work
