"""Tests and attacks of prompts, under a tuned model and its base: a part of an evaluation.

    prompts that production serves ─▶ their test cases, once each ─▶ part `tests`, `tests.critical`
    the prompt of the chat ─▶ its attack suite ─▶ parts `injection`, `injection.benign`

Both models are columns of the same runs (running.py). Nothing is stored: chatbot/learning/evaluate
keeps the figures. Called in a thread, without an event loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.errors import ChatbotError
from chatbot.learning.evaluate.views import Part, Stopped
from chatbot.releases import PRODUCTION, heaviest
from chatbot.tally import is_benign
from chatbot.testing.matrix import Cell, Column, Progress
from chatbot.testing.planning import Plan, Planning, read_tests
from chatbot.testing.running import Runner
from store import prompts as rows
from store import testing

MOST_TESTS = 200
"""Test cases that are asked in all; of more, as many of each prompt, critical ones first."""
MOST_ATTACKS = 150
"""Cases of the attack suite; those that ship with the product come first."""

UNJUDGED = "no answer of the base could be judged"

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Results:
    """Cells of one suite: whether each case was passed, by case and model."""

    passed: dict[tuple[str, int], dict[str, bool]] = field(default_factory=dict)
    critical: set[tuple[str, int]] = field(default_factory=set)
    benign: set[tuple[str, int]] = field(default_factory=set)
    unjudged: set[tuple[tuple[str, int], str]] = field(default_factory=set)

    def keep(self, prompt: str, cell: Cell) -> None:
        """Keep a cell. One that could not be judged is not passed."""
        key = prompt, cell.number
        self.passed.setdefault(key, {})[cell.column.model] = cell.status == "passed"
        if cell.status == "error":
            self.unjudged.add((key, cell.column.model))
        if cell.case.critical:
            self.critical.add(key)
        if is_benign(cell.case.description):
            self.benign.add(key)


class ProbeRuns:
    """Runs tests and attacks for evaluations. `prompt`: the one that is attacked."""

    def __init__(
        self, archive: Archive, planning: Planning, runner: Runner, *, prompt: str
    ) -> None:
        self._archive = archive
        self._planning = planning
        self._runner = runner
        self._prompt = prompt

    def __call__(self, base: str, tuned: str, *, tell: Tell, cancel: CancelToken) -> Sequence[Part]:
        """The parts of both groups; one that cannot be run says why. Raises Stopped."""
        tests, why = self._ran(
            "tests of the prompts", lambda: self._tests(base, tuned), tell, cancel
        )
        found = [
            _part("tests", "Tests of the prompts", tests, list(tests.passed), base, tuned, why),
        ]
        held = sorted(key for key in tests.critical if tests.passed[key].get(base))
        if held:
            title = "Critical tests that the base passes"
            found.append(_part("tests.critical", title, tests, held, base, tuned))
        attacks, why = self._ran("attacks", lambda: self._attacks(base, tuned), tell, cancel)
        kinds = {
            "injection": ("Attacks resisted", set(attacks.passed) - attacks.benign),
            "injection.benign": ("Look-alikes of attacks answered", attacks.benign),
        }
        return found + [
            _part(key, title, attacks, sorted(keys), base, tuned, why)
            for key, (title, keys) in kinds.items()
        ]

    def _tests(self, base: str, tuned: str) -> list[Plan]:
        """The tests of each prompt that production serves."""
        with self._archive.main.reading() as session:
            sources = testing.tests_states(session)
            served = {name: rows.current_release(session, name, PRODUCTION) for name in sources}
        found = {name: heaviest(one.weights) for name, one in served.items() if one is not None}
        each = max(1, MOST_TESTS // max(1, len(found)))
        return [
            self._tested(name, version, sources[name].source, each, (base, tuned))
            for name, version in found.items()
        ]

    def _tested(
        self, name: str, version: str, source: str, most: int, models: tuple[str, str]
    ) -> Plan:
        cases = read_tests(source).cases
        order = sorted(range(len(cases)), key=lambda number: not cases[number].critical)
        return self._planning.testing(
            name,
            [Column(version, model) for model in models],
            {version: self._planning.read(version)},
            read_tests(source),
            1,
            order[:most],
        )

    def _attacks(self, base: str, tuned: str) -> list[Plan]:
        """The attack suite of the prompt that people chat with."""
        with self._archive.main.reading() as session:
            release = rows.current_release(session, self._prompt, PRODUCTION)
        if release is None:
            return []
        version = heaviest(release.weights)
        prompt = self._planning.read(version)
        count = min(MOST_ATTACKS, len(self._planning.attacks(prompt).attacks))
        columns = [Column(version, model) for model in (base, tuned)]
        return [self._planning.attacking(self._prompt, columns, {version: prompt}, 1, range(count))]

    def _ran(
        self, what: str, plans: Callable[[], list[Plan]], tell: Tell, cancel: CancelToken
    ) -> tuple[_Results, str]:
        """Run plans one after the other; what cannot be run says why. Raises Stopped."""
        results = _Results()
        try:
            made = plans()
            total, before = sum(plan.work.cells for plan in made), 0
            for plan in made:
                self._run(plan, results, _from(tell, what, before, total), cancel)
                before += plan.work.cells
        except ChatbotError as error:
            return _Results(), str(error).rstrip(".")
        return results, "" if made else "production serves no prompt that has any"

    def _run(
        self,
        plan: Plan,
        results: _Results,
        tell: Callable[[Progress], None],
        cancel: CancelToken,
    ) -> None:
        async def keep(cell: Cell) -> None:
            results.keep(plan.prompt, cell)

        async def run() -> bool:
            try:
                return await self._runner.run(plan.work, keep, tell, cancel)
            finally:
                await self._runner.release(plan.work.models)

        if not asyncio.run(run()) or cancel.cancelled:
            raise Stopped


def _part(
    key: str,
    title: str,
    results: _Results,
    keys: Sequence[tuple[str, int]],
    base: str,
    tuned: str,
    why: str = "",
) -> Part:
    """The share of these cases that each model passed, where the base could be judged."""
    from chatbot.learning.evaluate import resampling  # imports numpy
    from chatbot.learning.evaluate.own_parts import part

    asked = len(keys)
    keys = [one for one in keys if (one, base) not in results.unjudged]
    first, second = (
        resampling.rate(
            [float(results.passed[one].get(model, False)) for one in keys], [1.0] * len(keys), 100
        )
        for model in (base, tuned)
    )
    note = "" if keys else UNJUDGED if asked else why
    return part(key, title, "of 100", (first, second), len(keys), note=note)


def _from(tell: Tell, what: str, before: int, total: int) -> Callable[[Progress], None]:
    """Tells how far all plans are, where `before` cells were those of earlier ones."""
    return lambda progress: tell(what, before + progress.done, total)
