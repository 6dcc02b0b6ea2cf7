"""What the tabs Tests, History, Releases and Use show, as JSON. Pure: asks nothing.

A share is a number from 0 to 1; a rate is [share, low, high, counted]. Times are ISO.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.authoring import Badge, ReleaseLine, Share, Version
from chatbot.casework import KINDS, Sheet, sentence, shown
from chatbot.results import Table

Json = dict[str, Any]


def version(one: Version) -> Json:
    """A version in the history, with where it is live."""
    return {
        "sha": one.sha,
        "seq": one.seq,
        "author": one.author,
        "note": one.note,
        "parent": one.parent,
        "at": one.created_at.isoformat(),
        "live": [badge(each) for each in one.badges],
    }


def badge(one: Badge) -> Json:
    """Where a version is live."""
    return {"environment": one.environment, "share": one.percent / 100}


def shares(found: Iterable[Share]) -> list[Json]:
    """The versions of a release, the largest share first."""
    return [{"sha": one.sha, "seq": one.seq, "share": one.percent / 100} for one in found]


def release(one: ReleaseLine) -> Json:
    """A release in the table."""
    return {
        "id": one.id,
        "environment": one.environment,
        "weights": shares(one.shares),
        "by": one.actor,
        "note": one.note,
        "override": one.override,
        "at": one.created_at.isoformat(),
        "current": one.live,
        "may_return": not one.live and one.environment == "production",
    }


# The matrix --------------------------------------------------------------------------------------


def matrix(prompt: str, table: Table, inputs: list[Json]) -> Json:
    """The matrix, without models: those the page knows."""
    sheet = table.sheet
    repeats = [one.repeat for one in sheet.cases]
    return {
        "prompt": prompt,
        "tests": sheet.sha,
        "source": sheet.source,
        "problem": sheet.problem,
        "cases": cases(sheet),
        "columns": [
            {
                "sha": one.version.sha,
                "seq": one.version.seq,
                "model": one.model,
                "live": _live(one.version),
            }
            for one in table.columns
        ],
        "versions": [{"sha": one.sha, "seq": one.seq, "note": one.note} for one in table.versions],
        "results": results(table),
        "repeat": max(set(repeats), key=repeats.count) if repeats else 0,
        "last": _run(table),
        "running": table.running.public_id if table.running else None,
        "inputs": inputs,
        "types": [
            {"type": one.type, "text": one.words, "value": one.takes, "limit": one.limit}
            for one in KINDS
        ],
    }


def cases(sheet: Sheet) -> list[Json]:
    """The cases: what a result shows of each, and what a form changes."""
    return [
        {
            "no": number,
            "name": case.description,
            "critical": case.critical,
            "values": [[name, shown(value)] for name, value in case.vars.items()],
            "checks": [sentence(one) for one in case.assertions],
            "written": dict(written),
        }
        for number, (case, written) in enumerate(zip(sheet.cases, sheet.written, strict=True))
    ]


def results(table: Table) -> dict[str, dict[str, Json]]:
    """Results by column, then by case. `was`: what the approved version reached, where it fell."""
    before = {
        (one.model, one.case_no): one for one in table.approved_cells if one.passes == one.repeats
    }
    found: dict[str, dict[str, Json]] = {}
    for one in table.cells:
        cell = _cell(one)
        had = before.get((one.model, one.case_no))
        if had is not None and one.version != table.approved and one.passes < one.repeats:
            cell["was"] = f"{had.passes}/{had.repeats}"
        found.setdefault(f"{one.version} {one.model}", {})[str(one.case_no)] = cell
    return found


def cells(found: Iterable[Any]) -> dict[str, dict[str, Json]]:
    """Results of a run so far, by column and case."""
    made: dict[str, dict[str, Json]] = {}
    for one in found:
        made.setdefault(f"{one.version} {one.model}", {})[str(one.case_no)] = _cell(one)
    return made


def _cell(one: Any) -> Json:
    return {
        "run": one.run,
        "passes": one.passes,
        "repeats": one.repeats,
        "status": one.status,
        "was": None,
    }


def _live(one: Version) -> str:
    """Where a version is live, in words; staging is not said beside production."""
    named = [each for each in one.badges if each.environment == "production"] or one.badges
    words = [f"{each.environment} {each.percent} %" for each in named if each.percent < 100]
    return ", ".join(words or [each.environment for each in named])


def _run(table: Table) -> Json | None:
    run = table.last
    if run is None:
        return None
    numbers = {one.sha: f"v{one.seq}" for one in table.versions}
    named = [f"{numbers.get(sha, sha[:7])} {sha[:7]}" for sha, _ in run.columns]
    ended = run.ended_at or run.created_at
    return {
        "id": run.public_id,
        "status": run.status,
        "at": ended.isoformat(),
        "seconds": (ended - run.created_at).total_seconds(),
        "cells": run.done,
        "columns": ", ".join(dict.fromkeys(named)),
    }


def outputs(found: Sequence[Json], case_checks: Sequence[Any]) -> list[Json]:
    """The answers of a cell. `found` in an assertion is the text that it must not contain."""
    return [
        {
            **{name: one.get(name) for name in ("text", "passed", "error", "tokens", "latency_s")},
            "assertions": [
                {
                    "passed": check["passed"],
                    "sentence": check["sentence"],
                    "found": _unwanted(case_checks, number),
                }
                for number, check in enumerate(one.get("assertions", ()))
            ],
        }
        for one in found
    ]


def _unwanted(checks: Sequence[Any], number: int) -> str | None:
    one = checks[number] if number < len(checks) else None
    if one is None or not one.negated or one.type not in ("contains", "icontains"):
        return None
    return str(one.value)


def messages(found: Iterable[Any]) -> list[Json]:
    """Rendered messages in spans."""
    return [
        {
            "role": one.role,
            "part": one.part,
            "spans": [
                {"text": span.text, "input": span.input, "missing": span.missing}
                for span in one.spans
            ],
        }
        for one in found
    ]
