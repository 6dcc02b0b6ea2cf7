"""What doors see of test runs: plain frozen values, and the two reports. Asks nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from xml.etree import ElementTree as ET

from chatbot.tally import Rate, rate_of
from store.records import RunStatus, TestResult, TestRun
from store.test_cells import Cell as Result

Suite = Literal["tests", "injection"]


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A version and a model of a run, and what passed: cells, and repeats of them."""

    version: str
    seq: int | None
    model: str
    passed: int
    cells: int
    passes: int
    repeats: int

    @property
    def name(self) -> str:
        """The column for people."""
        return f"{f'v{self.seq}' if self.seq else self.version[:8]} · {self.model}"


@dataclass(frozen=True, slots=True)
class CellView:
    """One result. `was`: passes and repeats of the same cell in the run before, if it had one."""

    result: TestResult
    was: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its cells, by case, version and model; `attacks` and `benign` of an injection run.

    `id` is its public id.
    """

    id: str
    prompt: str
    suite: str
    tests_sha: str
    grader: str
    status: RunStatus
    done: int
    total: int
    actor: str
    created_at: datetime
    ended_at: datetime | None
    columns: tuple[ColumnView, ...]
    cells: tuple[CellView, ...]

    @property
    def failed(self) -> int:
        """Cells that did not pass."""
        return sum(cell.result.status != "passed" for cell in self.cells)

    @property
    def good(self) -> bool:
        """Whether it came to its end and every cell passed."""
        return self.status == "complete" and not self.failed

    def of(self, column: ColumnView) -> list[CellView]:
        """The cells of a column, by case."""
        return [
            cell
            for cell in self.cells
            if (cell.result.version, cell.result.model) == (column.version, column.model)
        ]

    def rates(self, column: ColumnView) -> tuple[Rate, Rate]:
        """Of an injection run: attacks that were resisted, look-alikes that were answered."""
        results = [cell.result for cell in self.of(column)]
        return rate_of(results, benign=False), rate_of(results, benign=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is, for whoever waits: cells, and answers where it runs in this process."""

    status: RunStatus
    done: int
    total: int
    answers: int = 0
    of: int = 0
    passed: int = 0


def run_view(
    run: TestRun,
    results: Sequence[TestResult],
    numbers: dict[str, int],
    before: Sequence[Result] = (),
) -> RunView:
    """A run for doors. `numbers`: of the versions; `before`: results of the runs before."""
    was = {
        (one.version, one.model, one.name): (one.passes, one.repeats) for one in reversed(before)
    }
    cells = tuple(
        CellView(one, was.get((one.version, one.model, one.name)))
        for one in sorted(results, key=lambda one: one.case_no)
    )
    return RunView(
        id=run.public_id,
        prompt=run.prompt,
        suite=run.suite,
        tests_sha=run.tests_sha,
        grader=run.grader,
        status=run.status,
        done=run.done,
        total=run.total,
        actor=run.actor,
        created_at=run.created_at,
        ended_at=run.ended_at,
        columns=tuple(_column(version, model, results, numbers) for version, model in run.columns),
        cells=cells,
    )


def _column(
    version: str, model: str, results: Sequence[TestResult], numbers: dict[str, int]
) -> ColumnView:
    own = [one for one in results if (one.version, one.model) == (version, model)]
    return ColumnView(
        version=version,
        seq=numbers.get(version),
        model=model,
        passed=sum(one.status == "passed" for one in own),
        cells=len(own),
        passes=sum(one.passes for one in own),
        repeats=sum(one.repeats for one in own),
    )


# --- reports -------------------------------------------------------------------------------------


def as_plain(view: RunView) -> dict[str, Any]:
    """A run as plain JSON, every output in it."""
    return {
        "run": view.id,
        "prompt": view.prompt,
        "suite": view.suite,
        "tests": view.tests_sha,
        "grader": view.grader,
        "status": view.status,
        "passed": view.good,
        "by": view.actor,
        "began": view.created_at.isoformat(timespec="seconds"),
        "ended": view.ended_at.isoformat(timespec="seconds") if view.ended_at else None,
        "columns": [_plain_column(view, column) for column in view.columns],
    }


def _plain_column(view: RunView, column: ColumnView) -> dict[str, Any]:
    found: dict[str, Any] = {
        "version": column.version,
        "number": column.seq,
        "model": column.model,
        "passed": column.passed,
        "cases": column.cells,
        "passes": column.passes,
        "repeats": column.repeats,
    }
    if view.suite == "injection":
        attacks, benign = view.rates(column)
        found |= {"resisted": _plain_rate(attacks), "answered": _plain_rate(benign)}
    found["results"] = [_plain_cell(cell) for cell in view.of(column)]
    return found


def _plain_rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {"hits": rate.hits, "count": rate.count, "share": rate.share, "low": low, "high": high}


def _plain_cell(cell: CellView) -> dict[str, Any]:
    one = cell.result
    return {
        "case": one.case_no + 1,
        "name": one.name,
        "critical": one.critical,
        "status": one.status,
        "passes": one.passes,
        "repeats": one.repeats,
        "was": None if cell.was is None else {"passes": cell.was[0], "repeats": cell.was[1]},
        "outputs": one.outputs,
    }


def as_json(view: RunView) -> str:
    """The report as JSON."""
    return json.dumps(as_plain(view), ensure_ascii=False, indent=2)


def as_junit(view: RunView) -> str:
    """The report as JUnit XML, as continuous integration reads it: a suite for each column."""
    root = ET.Element("testsuites", name=_xml(f"{view.prompt} {view.suite}"))
    for column in view.columns:
        cells = view.of(column)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_xml(column.name),
            tests=str(len(cells)),
            failures=str(sum(cell.result.status == "failed" for cell in cells)),
            errors=str(sum(cell.result.status == "error" for cell in cells)),
            time=f"{sum(map(_seconds, cells)):.3f}",
            timestamp=view.created_at.isoformat(timespec="seconds"),
        )
        for cell in cells:
            _junit_case(suite, f"{view.prompt}.{column.name}", cell)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _junit_case(suite: ET.Element, group: str, cell: CellView) -> None:
    one = cell.result
    case = ET.SubElement(
        suite,
        "testcase",
        name=_xml(one.name),
        classname=_xml(group),
        time=f"{_seconds(cell):.3f}",
    )
    if one.status == "passed":
        return
    kind = "failure" if one.status == "failed" else "error"
    told = f"{one.passes} of {one.repeats} passed"
    problem = ET.SubElement(case, kind, message=_xml(f"{told}: {first_fault(one)}"))
    problem.text = _xml("\n\n".join(_said(at, output) for at, output in enumerate(one.outputs, 1)))


def first_fault(result: TestResult) -> str:
    """The first thing that was not fulfilled, in words."""
    for output in result.outputs:
        if output["error"]:
            return str(output["error"])
        for assertion in output["assertions"]:
            if not assertion["passed"] and assertion["weight"]:
                return f"not fulfilled: {assertion['sentence']}"
    return "not enough of it passed"


def _said(at: int, output: dict[str, Any]) -> str:
    faults = "\n".join(f"- {one['sentence']}" for one in output["assertions"] if not one["passed"])
    return f"Answer {at}: {output['error'] or output['text']}\n{faults}".rstrip()


def _seconds(cell: CellView) -> float:
    return sum(float(output["latency_s"] or 0) for output in cell.result.outputs)


def _xml(text: str) -> str:
    """The text without the characters that XML has no way to write."""
    return "".join(sign if _is_xml(ord(sign)) else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _is_xml(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or code >= 0x10000
    )
