"""What came of a prompt's tests: its cases against columns, each cell with its newest result.

A column is a version under a model. Only results of exactly the cases that the prompt has now are
shown. Knows no page; asks no model: chatbot/testing.py runs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import prompts
from chatbot.archive import Archive
from chatbot.authoring import Authoring, Version
from chatbot.authoring.access import require_author
from chatbot.backends.registry import Registry
from chatbot.casework import Casework, Sheet
from chatbot.errors import NotFound, PromptInvalid
from chatbot.tally import Rate, rate_of
from prompts.sandbox import Sandbox
from store import prompts as rows
from store import test_cells, testing
from store.engine import Session
from store.records import Person, TestResult, TestRun
from store.test_cells import Cell

VERSIONS = 50
"""How many versions may be chosen as columns."""
COLUMNS = 8
RUNS = 20
"""How many injection runs are looked through."""


@dataclass(frozen=True, slots=True)
class Column:
    """A version under a model."""

    version: Version
    model: str


@dataclass(frozen=True, slots=True)
class Table:
    """All that the matrix shows. `approved`: the version that most of production gets.

    `last` is the newest run that ended, `running` the one that goes on, of the tests.
    """

    sheet: Sheet
    columns: tuple[Column, ...]
    versions: tuple[Version, ...]
    cells: tuple[Cell, ...]
    approved: str | None
    approved_cells: tuple[Cell, ...]
    last: TestRun | None
    running: TestRun | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A case under two versions; None where it did not run."""

    name: str
    old: TestResult | None
    new: TestResult | None

    @property
    def change(self) -> str:
        """Whether the new one passed it less often (`worse`), more often (`better`), or "" ."""
        if self.old is None or self.new is None:
            return ""
        old = self.old.passes * self.new.repeats
        new = self.new.passes * self.old.repeats
        return "worse" if new < old else "better" if new > old else ""


@dataclass(frozen=True, slots=True)
class Attacked:
    """A version under a model, and what its newest injection run says of it."""

    version: Version
    model: str
    resisted: Rate
    answered: Rate
    run: TestRun


@dataclass(frozen=True, slots=True)
class Attacks:
    """Injection runs by version and model, the newest first, and the one that goes on."""

    rates: tuple[Attacked, ...]
    versions: tuple[Version, ...]
    running: TestRun | None


class Results:
    """What came of tests, for authors and administrators."""

    def __init__(
        self,
        archive: Archive,
        authoring: Authoring,
        casework: Casework,
        sandbox: Sandbox,
        registry: Registry,
        default: Callable[[], str],
    ) -> None:
        self._archive = archive
        self._authoring = authoring
        self._casework = casework
        self._sandbox = sandbox
        self._registry = registry
        self._default = default

    def table(self, person: Person, prompt: str, columns: Sequence[tuple[str, str]] = ()) -> Table:
        """The matrix of a prompt. No columns: what production serves, and the newest version.

        Columns of versions or models that are not there (any more) are left out. Raises NotFound,
        NotAllowed.
        """
        sheet = self._casework.sheet(person, prompt)
        versions = self._authoring.history(person, prompt, limit=VERSIONS).versions
        known = self._versions(person, prompt, versions, [sha for sha, _ in columns])
        approved = _approved(known.values())
        models = {one.label for one in self._registry.list()}
        chosen = [
            Column(known[sha], model)
            for sha, model in dict.fromkeys(columns)
            if sha in known and model in models
        ][:COLUMNS]
        if not chosen:
            chosen = self._usual(known, versions, approved)
        pairs = [(one.version.sha, one.model) for one in chosen]
        before = [(approved, one.model) for one in chosen] if approved else []
        with self._archive.main.reading() as session:
            runs = testing.runs(session, prompt, suite="tests", limit=10)
            cells = self._cells(session, prompt, sheet, pairs)
            approved_cells = self._cells(session, prompt, sheet, list(dict.fromkeys(before)))
        return Table(
            sheet=sheet,
            columns=tuple(chosen),
            versions=versions,
            cells=cells,
            approved=approved,
            approved_cells=approved_cells,
            last=next((run for run in runs if run.status != "running"), None),
            running=next((run for run in runs if run.status == "running"), None),
        )

    def cell(self, person: Person, run: str, version: str, model: str, at: int) -> TestResult:
        """One result with its outputs. Raises NotFound, NotAllowed."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            found = testing.get_run(session, run)
            return test_cells.cell(session, found.id, version=version, model=model, case_no=at)

    def so_far(self, person: Person, run: str) -> tuple[TestRun, list[Cell]]:
        """A run and its results until now, without their outputs. Raises NotFound, NotAllowed."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            found = testing.get_run(session, run)
            return found, test_cells.cells_of(session, found.id)

    def rendered(self, person: Person, prompt: str, version: str, at: int) -> list[prompts.Shown]:
        """What a version makes of a case. Raises PromptInvalid, NotFound, NotAllowed."""
        case = self._casework.sheet(person, prompt).case(at)
        found = self._authoring.open(person, prompt, version)
        try:
            read = self._sandbox.parse(found.source, found.partials, found.examples)
            return self._sandbox.preview(read, case.vars, holes=True)
        except prompts.PromptError as error:
            raise PromptInvalid(str(error)) from error

    def answers(self, person: Person, old: str, new: str, model: str) -> list[Pair]:
        """What two versions (hashes) answered in their newest runs, what changed first.

        Raises NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            left, right = (_newest(session, sha, model) for sha in (old, new))
        names = dict.fromkeys([*right, *left])
        pairs = [Pair(name, left.get(name), right.get(name)) for name in names]
        return sorted(pairs, key=lambda pair: ("worse", "better", "").index(pair.change))

    def attacks(self, person: Person, prompt: str) -> Attacks:
        """How versions did under attack. Raises NotFound, NotAllowed."""
        versions = self._authoring.history(person, prompt, limit=VERSIONS).versions
        known = {one.sha: one for one in versions}
        found: dict[tuple[str, str], Attacked] = {}
        with self._archive.main.reading() as session:
            runs = testing.runs(session, prompt, suite="injection", limit=RUNS)
            ended = [run for run in runs if run.status != "running"]
            for run in ended:
                new = [key for sha, model in run.columns if (key := (sha, model)) not in found]
                cells = test_cells.cells_of(session, run.id) if new else []
                for sha, model in new:
                    own = [one for one in cells if (one.version, one.model) == (sha, model)]
                    if sha in known and own:
                        found[sha, model] = Attacked(
                            known[sha],
                            model,
                            rate_of(own, benign=False),
                            rate_of(own, benign=True),
                            run,
                        )
        running = next((run for run in runs if run.status == "running"), None)
        return Attacks(tuple(found.values()), versions, running)

    def _usual(
        self, known: Mapping[str, Version], versions: Sequence[Version], approved: str | None
    ) -> list[Column]:
        wanted = dict.fromkeys([*([approved] if approved else []), *(v.sha for v in versions[:1])])
        return [Column(known[sha], self._default()) for sha in wanted]

    def _versions(
        self, person: Person, prompt: str, newest: Sequence[Version], asked: Sequence[str]
    ) -> dict[str, Version]:
        """Versions by hash: the newest ones, those that are live, and those that are asked for."""
        known = {one.sha: one for one in newest}
        with self._archive.main.reading() as session:
            live = rows.current_release(session, prompt, "production")
        for sha in [*(live.weights if live else ()), *asked[:COLUMNS]]:
            if sha not in known:
                try:
                    found = self._authoring.open(person, prompt, sha).version
                except NotFound:
                    continue
                if found is not None:
                    known[found.sha] = found
        return known

    def _cells(
        self, session: Session, prompt: str, sheet: Sheet, columns: list[tuple[str, str]]
    ) -> tuple[Cell, ...]:
        if sheet.sha is None:
            return ()
        return tuple(
            test_cells.newest_cells(
                session, prompt=prompt, suite="tests", tests_sha=sheet.sha, columns=columns
            )
        )


def _approved(versions: Iterable[Version]) -> str | None:
    """The version with the largest share of production."""
    shares = [
        (badge.percent, one.seq, one.sha)
        for one in versions
        for badge in one.badges
        if badge.environment == "production"
    ]
    return max(shares)[2] if shares else None


def _newest(session: Session, version: str, model: str) -> dict[str, TestResult]:
    """The newest complete results of a version under a model, by the case's name."""
    found = testing.latest_result(session, version=version, model=model)
    return {one.name: one for one in found[1]} if found else {}
