"""Tests of a prompt that lies in a folder: read, run, told; the database is not touched.

    my-shop/prompt.prompty   tests.yaml   examples.jsonl (where there are some)
    partials/*.j2            beside the folder, or in it; the built-in ones otherwise

For authors under git and for continuous integration.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import prompts
from chatbot.backends.cancel import CancelToken
from chatbot.errors import NotFound, PromptInvalid, Refused
from chatbot.testing.matrix import Cell, Column, Tell
from chatbot.testing.planning import Planning, read_tests
from chatbot.testing.running import Runner
from chatbot.testing.service import result_of
from chatbot.testing.views import RunView, Suite, run_view
from prompts.sandbox import Sandbox
from store.records import TestRun

PROMPT, TESTS, EXAMPLES = "prompt.prompty", "tests.yaml", "examples.jsonl"


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
        prompt = self.read(folder)
        labels = dict.fromkeys(self._planning.label(model) for model in models or (None,))
        columns = [Column(prompt.sha, label) for label in labels]
        versions = {prompt.sha: prompt}
        if suite == "injection":
            plan = self._planning.attacking(prompt.name, columns, versions, repeat)
        else:
            cases = read_tests(_bytes(folder / TESTS))
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

    def read(self, folder: Path) -> prompts.Prompt:
        """The prompt of a folder. Raises NotFound, PromptInvalid."""
        source = _bytes(folder / PROMPT)
        partials = {key: t for one in prompts.library().values() for key, t in one.partials.items()}
        try:
            for place in (folder.parent / "partials", folder / "partials"):
                for file in sorted(place.glob("*.j2")):
                    partials[f"partials/{file.name}"] = _text(file)
            examples = folder / EXAMPLES
            shown = prompts.read_examples(_text(examples)) if examples.is_file() else ()
            stored = [one.stored for one in shown]
            return self._sandbox.parse(source, partials, stored or None)
        except prompts.PromptError as error:
            raise PromptInvalid(f"{folder / PROMPT}: {error}") from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no {file}.") from None
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise prompts.PromptError("This is not UTF-8 text.", partial=str(file)) from None
