"""Tests of a prompt that lies in a folder: read, run, told; nothing of it is kept.

For authors under git and for continuous integration. How a folder is read, chatbot/prompt_files.py
knows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import prompts
from chatbot import prompt_files
from chatbot.backends.cancel import CancelToken
from chatbot.errors import PromptInvalid, Refused
from chatbot.testing.matrix import Cell, Column, Tell
from chatbot.testing.planning import NO_TESTS, Planning, read_tests
from chatbot.testing.running import Runner
from chatbot.testing.service import result_of
from chatbot.testing.views import RunView, Suite, run_view
from prompts.sandbox import Sandbox
from store.records import TestRun


class Folders:
    """Runs the tests of folders."""

    def __init__(self, runner: Runner, planning: Planning, sandbox: Sandbox) -> None:
        self._runner = runner
        self._planning = planning
        self._sandbox = sandbox

    async def run(
        self,
        folder: Path,
        models: Sequence[str] = (),
        *,
        repeat: int | None = None,
        suite: Suite = "tests",
        tell: Tell | None = None,
        cancel: CancelToken | None = None,
    ) -> RunView:
        """What came of it, as a run; its id is empty. No models: the default one.

        Raises NotFound, UnknownModel, PromptInvalid, Refused: nothing was asked.
        """
        prompt, tests = self.read(folder)
        labels = dict.fromkeys(self._planning.label(model) for model in models or (None,))
        columns = [Column(prompt.sha, label) for label in labels]
        versions = {prompt.sha: prompt}
        if suite == "injection":
            plan = self._planning.attacking(prompt.name, columns, versions, repeat)
        else:
            if tests is None:
                raise Refused(NO_TESTS)
            cases = read_tests(tests)
            plan = self._planning.testing(prompt.name, columns, versions, cases, repeat)
        cells: list[Cell] = []

        async def keep(cell: Cell) -> None:
            cells.append(cell)

        began = datetime.now(UTC)
        work = plan.work
        try:
            finished = await self._runner.run(work, keep, tell, cancel or CancelToken())
        finally:
            await self._runner.release(work.models)
        run = TestRun(
            id=0,
            public_id="",
            prompt=prompt.name,
            suite=suite,
            tests_sha=plan.tests_sha,
            grader=work.grader.key if work.grader else "",
            repeat=repeat,
            columns=[[one.version, one.model] for one in columns],
            status="complete" if finished else "stopped",
            total=work.cells,
            done=len(cells),
            actor="",
            created_at=began,
            ended_at=datetime.now(UTC),
        )
        return run_view(run, [result_of(cell) for cell in cells], {})

    def read(self, folder: Path) -> tuple[prompts.Prompt, str | None]:
        """The prompt of a folder, and the text of its tests. Raises NotFound, PromptInvalid."""
        try:
            files = prompt_files.read(folder / prompt_files.PROMPT)
            parsed = self._sandbox.parse(files.source, files.partials, files.stored())
        except prompts.PromptError as error:
            raise PromptInvalid(f"{folder}: {error}") from error
        return parsed, files.tests
