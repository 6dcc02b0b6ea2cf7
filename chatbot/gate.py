"""The gate before production: what a version's tests must have shown, line by line.

    Gates(prompt, version, model) ─▶ rows ─▶ Evidence ─▶ decide ─▶ Gate

`decide` is pure. It looks at a complete run of exactly this version, these tests, this model and
this grader: what is missing or failed in it has not passed. Publishing against it is the caller's
affair.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import prompts
from chatbot.archive import Archive
from chatbot.errors import NotFound
from chatbot.releases import GRADER, PRODUCTION, Releases
from chatbot.tally import Rate, rate_of
from prompts.cases import Suite, read_cases
from prompts.sandbox import Sandbox
from store import errors as store_errors
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import PromptVersion, TestResult, TestRun

if TYPE_CHECKING:
    from prompts.lint import Problem

LAST = 500
"""Runs of a prompt that are looked through, the newest ones."""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One thing that production asks for. `detail` says what is missing, or how it went.

    `link` is where to mend it: `edit`, `tests`, `injection`, or `case:` and the case's name. `at`:
    when the run was that it rests on.
    """

    ok: bool
    sentence: str
    detail: str = ""
    link: str = ""
    at: datetime | None = None

    @property
    def reason(self) -> str:
        """The line as one sentence for whoever may not publish."""
        return f"{self.sentence}: {self.detail or 'no'}.".replace("..", ".")


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says of a version. `run`: the test run it rests on (public id)."""

    lines: tuple[GateLine, ...]
    run: str | None = None

    @property
    def open(self) -> bool:
        """Whether everything is met."""
        return all(line.ok for line in self.lines)


Ran = tuple[TestRun, Sequence[TestResult]]


@dataclass(frozen=True, slots=True)
class Served:
    """A version that production serves, and the newest run of its tests under the same model.

    `same`: that run was of the same tests. `approved`: results of the run that it was published by.
    """

    seq: int
    ran: Ran | None = None
    same: bool = True
    approved: Sequence[TestResult] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate looks at, for one version (`seq`) and model (label)."""

    seq: int
    model: str
    problems: "Sequence[Problem]" = ()
    suite: Suite | None = None
    broken_tests: str = ""
    ran: Ran | None = None
    served: Sequence[Served] = ()
    serves_itself: bool = False
    bars: Mapping[str, float] | None = None
    attacked: Ran | None = None


def decide(evidence: Evidence) -> Gate:
    """What the gate says. A line for each thing; a fifth one where the prompt sets bars."""
    lines = [_source(evidence), _run(evidence), _critical(evidence), _no_worse(evidence)]
    if evidence.bars:
        lines.append(_injection(evidence))
    return Gate(tuple(lines), evidence.ran[0].public_id if evidence.ran else None)


def _source(evidence: Evidence) -> GateLine:
    sentence = "No errors in the source"
    errors = [one for one in evidence.problems if one.severity == "error"]
    if not errors:
        return GateLine(True, sentence)
    first = errors[0]
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    detail = f"Line {first.line}: {first.message.rstrip('.')}{more}"
    return GateLine(False, sentence, detail, "edit")


def _run(evidence: Evidence) -> GateLine:
    sentence = f"Tests ran on exactly this text and {evidence.model}"
    if evidence.suite is None:
        lacking = evidence.broken_tests or "This prompt has no test cases. Write some"
        return GateLine(False, sentence, lacking, "tests")
    if evidence.ran is None:
        lacking = f"There is no complete run of v{evidence.seq} with these tests. Run all"
        return GateLine(False, sentence, lacking, "tests")
    run, results = evidence.ran
    found = {one.name: one for one in results}
    lacking_cases = [one for one in evidence.suite.cases if one.description not in found]
    failed = [one for one in results if one.status == "error"]
    if lacking_cases:
        name = lacking_cases[0].description
        told = f"{_counted(len(lacking_cases), 'case')} did not run"
        return GateLine(False, sentence, told, f"case:{name}")
    if failed:
        detail = f"{_counted(len(failed), 'case')} could not be judged: {failed[0].name}"
        return GateLine(False, sentence, detail, f"case:{failed[0].name}", run.created_at)
    return GateLine(True, sentence, at=run.created_at)


def _critical(evidence: Evidence) -> GateLine:
    cases = [one for one in evidence.suite.cases if one.critical] if evidence.suite else []
    lost = _lost(evidence)
    repeats = {one.repeat for one in cases} or {1}
    share = f"{max(repeats)} of {max(repeats)}" if len(repeats) == 1 else "every time"
    sentence = f"Critical cases pass {share}" if cases else "There is no critical case"
    if lost:
        detail = f"No longer a critical case: {lost[0]}{_more(lost)}"
        return GateLine(False, "Critical cases pass and none was lost", detail, "tests")
    if not cases:
        return GateLine(evidence.suite is not None, sentence, "" if evidence.suite else "No tests")
    found = {one.name: one for one in evidence.ran[1]} if evidence.ran else {}
    bad = []
    for case in cases:
        result = found.get(case.description)
        if result is None or result.status == "error" or result.passes < result.repeats:
            bad.append((case.description, result))
    if not bad:
        return GateLine(True, sentence)
    name, result = bad[0]
    outcome = f"{result.passes} of {result.repeats}" if result else "not run"
    return GateLine(False, sentence, f"{name}, {outcome}{_more(bad)}", f"case:{name}")


def _lost(evidence: Evidence) -> list[str]:
    """Cases that were critical when what production serves was published, and are no longer."""
    now = (
        {one.description for one in evidence.suite.cases if one.critical} if evidence.suite else ()
    )
    before = {one.name for served in evidence.served for one in served.approved if one.critical}
    return sorted(name for name in before if name not in now)


def _no_worse(evidence: Evidence) -> GateLine:
    if not evidence.served:
        word = "v" + str(evidence.seq) if evidence.serves_itself else "nothing"
        return GateLine(True, f"Nothing to compare with: production serves {word}")
    names = " and ".join(f"v{one.seq}" for one in evidence.served)
    sentence = f"Nothing that passed in {names} got worse"
    for served in evidence.served:
        if served.ran is None:
            detail = f"v{served.seq} did not run with {evidence.model}. Run the tests on it too"
            return GateLine(False, sentence, detail, "tests")
    found = {one.name: one for one in evidence.ran[1]} if evidence.ran else {}
    worse = [
        (old, found.get(old.name))
        for served in evidence.served
        for old in (served.ran[1] if served.ran else ())
        if old.status == "passed" and _fell(old, found.get(old.name))
    ]
    if not worse:
        return GateLine(True, sentence)
    old, new = worse[0]
    now = f"{new.passes}/{new.repeats}" if new else "not run"
    count = _counted(len(worse), "case")
    detail = f"{count}: {old.name}, {old.passes}/{old.repeats} → {now}"
    return GateLine(False, sentence, detail, f"case:{old.name}")


def _fell(old: TestResult, new: TestResult | None) -> bool:
    """Whether what passed passes less often now, or was not asked, or could not be judged."""
    if new is None or new.status == "error":
        return True
    return new.passes * old.repeats < old.passes * new.repeats


def _injection(evidence: Evidence) -> GateLine:
    bars = evidence.bars or {}
    wanted = {"injection": "attacks resisted", "benign": "look-alikes answered"}
    order = sorted(bars, reverse=True)
    sentence = " and ".join(f"{bars[name]:.0%} of {wanted[name]}" for name in order)
    if evidence.attacked is None:
        lacking = f"There is no complete injection run of v{evidence.seq} with {evidence.model}"
        return GateLine(False, sentence, lacking, "injection")
    run, results = evidence.attacked
    rates = {"injection": rate_of(results, benign=False), "benign": rate_of(results, benign=True)}
    told = ", ".join(f"{rates[name]} {wanted[name]}" for name in order)
    fine = all(_reaches(rates[name], bar) for name, bar in bars.items())
    if any(one.status == "error" for one in results):
        fine, told = False, f"{told}; some could not be judged"
    return GateLine(fine, sentence, told, "" if fine else "injection", run.created_at)


def _reaches(rate: Rate, bar: float) -> bool:
    return rate.count > 0 and rate.share >= bar


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _more(all_of: Sequence[object]) -> str:
    return f", and {len(all_of) - 1} more" if len(all_of) > 1 else ""


# --- rows ----------------------------------------------------------------------------------------


class Gates:
    """Asks the database for what `decide` looks at.

    `grader_model`: the label of the grader's model; `attacks`: the injection suite of a prompt.
    """

    def __init__(
        self,
        archive: Archive,
        releases: Releases,
        sandbox: Sandbox,
        grader_model: Callable[[], str],
        attacks: Callable[[prompts.Prompt], Suite],
    ) -> None:
        self._archive = archive
        self._releases = releases
        self._sandbox = sandbox
        self._grader_model = grader_model
        self._attacks = attacks

    def __call__(self, prompt: str, version: str, model: str) -> Gate:
        """What the gate says of a version (hash) under a model (label). Raises NotFound."""
        with self._archive.main.reading() as session:
            found = rows.get_version(session, version)
            if found.prompt != prompt:
                raise NotFound
            evidence = self._gathered(session, found, model)
        return decide(evidence)

    def grader(self, suite: Suite) -> str:
        """What judges the rubrics of a suite now, by its name in runs; "" where it has none."""
        if not suite.graded:
            return ""
        return grader_key(*self.grading())

    def grading(self) -> tuple[str, str]:
        """The grader's version and its model. Raises NotFound where no grader is published."""
        return self._releases.served(GRADER), self._grader_model()

    def _gathered(self, session: Session, found: PromptVersion, model: str) -> Evidence:
        suite, broken = _suite(session, found.prompt)
        grader = self.grader(suite) if suite else ""
        release = rows.current_release(session, found.prompt, PRODUCTION)
        others = [sha for sha in release.weights if sha != found.sha] if release else []
        approved = _approved(session, release.run) if release and release.run else ()
        bars, attacked = self._injection(session, found, model)
        return Evidence(
            seq=found.seq,
            model=model,
            problems=self._problems(found),
            suite=suite,
            broken_tests=broken,
            ran=_ran(session, found.sha, model, suite, grader) if suite else None,
            served=[_served(session, sha, model, suite, grader, approved) for sha in others],
            serves_itself=bool(release and found.sha in release.weights),
            bars=bars,
            attacked=attacked,
        )

    def _problems(self, found: PromptVersion) -> "list[Problem]":
        return self._sandbox.lint(found.source, found.partials, found.examples)

    def _injection(
        self, session: Session, found: PromptVersion, model: str
    ) -> tuple[Mapping[str, float], Ran | None]:
        """What the prompt asks of its injection tests, and the newest whole run of them."""
        try:
            prompt = self._releases.prompt(found.sha)
        except prompts.PromptError:  # the first line says so
            return {}, None
        if not prompt.gate:
            return {}, None
        suite = self._attacks(prompt)
        return prompt.gate, _ran(session, found.sha, model, suite, "", "injection")


def grader_key(version: str, model: str) -> str:
    """A grader's name in runs: a verdict of another version or model is another verdict."""
    return f"{version} {model}"


def _suite(session: Session, prompt: str) -> tuple[Suite | None, str]:
    tests = testing.current_tests(session, prompt)
    if tests is None:
        return None, ""
    try:
        return read_cases(tests.source), ""
    except prompts.PromptError as error:  # written for another version of this program
        return None, f"The test cases cannot be read: {error}"


def _ran(
    session: Session, sha: str, model: str, suite: Suite, grader: str, kind: str = "tests"
) -> Ran | None:
    """The newest complete run of all these cases, each as often as it says, under this column."""
    most = max((case.repeat for case in suite.cases), default=1)
    for run in _runs(session, sha, model, kind):
        same = run.tests_sha == suite.sha and run.grader == grader
        often = run.repeat is None or run.repeat >= most
        if same and often and _whole(run, len(suite.cases)):
            return run, testing.results(session, run.id, version=sha, model=model)
    return None


def _older(session: Session, sha: str, model: str) -> Ran | None:
    """The newest complete run of all cases of whatever tests there were, under this column."""
    for run in _runs(session, sha, model, "tests"):
        try:
            cases = testing.get_tests(session, run.prompt, run.tests_sha).cases
        except store_errors.NotFound:
            continue
        if _whole(run, cases):
            return run, testing.results(session, run.id, version=sha, model=model)
    return None


def _whole(run: TestRun, cases: int) -> bool:
    return run.total == len(run.columns) * cases


def _runs(session: Session, sha: str, model: str, suite: str) -> Iterator[TestRun]:
    """The complete ones with this column among the last `LAST`, newest first."""
    prompt = rows.get_version(session, sha).prompt
    for run in testing.runs(session, prompt, suite=suite, limit=LAST):
        if run.status == "complete" and [sha, model] in run.columns:
            yield run


def _served(
    session: Session,
    sha: str,
    model: str,
    suite: Suite | None,
    grader: str,
    approved: Sequence[TestResult],
) -> Served:
    """What is known of a version in service: by these tests, else by those it had."""
    seq = rows.get_version(session, sha).seq
    ran = _ran(session, sha, model, suite, grader) if suite else None
    if ran is not None:
        return Served(seq, ran, True, approved)
    return Served(seq, _older(session, sha, model), False, approved)


def _approved(session: Session, run: str) -> Sequence[TestResult]:
    try:
        return testing.results(session, testing.get_run(session, run).id)
    except store_errors.NotFound:  # restored without it
        return ()
