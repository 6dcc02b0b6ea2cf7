"""Runs cases under columns with everything that takes: models, sandbox, encoder, grader.

Knows no row: versions come in as prompts, results go out cell by cell.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import prompts
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder
from chatbot.errors import ChatbotError, PromptInvalid
from chatbot.learning.evaluate.refusing import declines, is_refusal
from chatbot.settings import Settings
from chatbot.testing.asking import Asking, patient
from chatbot.testing.injection import suite_for, with_secret
from chatbot.testing.matrix import Column, Matrix, OnCell, Tell
from chatbot.testing.rubric import Grader, Grading
from prompts.cases import Case, Suite
from prompts.checks import Judged, Output, Tools, judged
from prompts.sandbox import Sandbox

AT_ONCE = {"local": 4, "hosted": 8, "scripted": 16}
"""Answers that are asked of one model at a time, by where it answers."""
JUDGES = 8
"""Threads that judge. Their own: they wait for graders, whose calls need the loop's."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be run. `versions`: the prompt of each column's version.

    `secrets`: the line that the system message gets for a case, by the case's number. `repeat`
    None: as each case says.
    """

    columns: Sequence[Column]
    cases: Mapping[int, Case]
    versions: Mapping[str, prompts.Prompt]
    secrets: Mapping[int, str] = field(default_factory=dict)
    grader: Grader | None = None
    repeat: int | None = None

    @property
    def models(self) -> set[str]:
        """The labels of all models that are asked."""
        graders = {self.grader.model} if self.grader else set()
        return {column.model for column in self.columns} | graders

    @property
    def answers(self) -> int:
        """Answers that will be asked for."""
        return len(self.columns) * sum(self.repeat or one.repeat for one in self.cases.values())

    @property
    def cells(self) -> int:
        """Cells that will be filled."""
        return len(self.columns) * len(self.cases)


class Runner:
    """Runs work on the models of one product."""

    def __init__(
        self, registry: Registry, sandbox: Sandbox, encoder: OpenEncoder, settings: Settings
    ) -> None:
        self._registry = registry
        self._sandbox = sandbox
        self._encoder = encoder
        self._settings = settings
        hosted = {one.name: one for one in settings.hosted}
        self._renderer = patient(sandbox.render, settings.prompt_workers)
        self._asking = Asking(registry, self._renderer, encoder, hosted)

    def label(self, model: str | None = None) -> str:
        """The whole label of a model; of the default one for None. Raises UnknownModel."""
        return self._registry.resolve(model).label

    def grader_label(self) -> str:
        """The label of the model that grades. Raises UnknownModel."""
        return self.label(self._settings.grader or None)

    def attacks(self, prompt: prompts.Prompt) -> Suite:
        """The cases of a prompt's injection suite, as they are run now."""
        return suite_for(prompt, self._settings.test_data).suite

    def parse(self, prompt: prompts.Prompt, secret: str) -> prompts.Prompt:
        """A prompt with a secret line in its system message. Raises PromptInvalid."""
        try:
            examples = [one.stored for one in prompt.examples]
            source = with_secret(prompt.source, secret)
            return self._sandbox.parse(source, prompt.partials, examples or None)
        except prompts.PromptError as error:
            raise PromptInvalid(f"No secret can be put into this prompt: {error}") from error

    async def release(self, models: Iterable[str]) -> None:
        """Free what models hold for the running loop, before it ends. For commands."""
        for model in models:
            with contextlib.suppress(ChatbotError):  # what cannot be opened holds nothing
                await (await self._asking.open(model)).release()

    async def run(
        self, work: Work, on_cell: OnCell, tell: Tell | None, cancel: CancelToken
    ) -> bool:
        """Run it; whether it came to its end. Raises what `on_cell` raises.

        Raises UnknownModel, PromptInvalid before anything is asked.
        """
        ready = await asyncio.to_thread(self._prompts, work)
        tools = await self._tools(work, cancel)

        async def ask(column: Column, number: int, case: Case) -> Output:
            prompt = ready[column.version, work.secrets.get(number)]
            return await self._asking.ask(prompt, column.model, case, cancel)

        def judge(case: Case, output: Output) -> Judged:
            return judged(case, output, tools)

        threads = ThreadPoolExecutor(JUDGES, "judge")
        try:
            return await Matrix(
                work.columns,
                work.cases,
                ask,
                judge,
                on_cell,
                self._at_once,
                threads,
                work.repeat,
                tell,
                cancel,
            ).run()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _at_once(self, model: str) -> int:
        return AT_ONCE[self._asking.where(model)]

    def _prompts(self, work: Work) -> dict[tuple[str, str | None], prompts.Prompt]:
        secrets = {work.secrets.get(number) for number in work.cases}
        return {
            (version, secret): prompt if secret is None else self.parse(prompt, secret)
            for version, prompt in work.versions.items()
            for secret in secrets
        }

    async def _tools(self, work: Work, cancel: CancelToken) -> Tools:
        kinds = {one.type for case in work.cases.values() for one in case.assertions}
        tools = Tools(refusal=is_refusal, declines=declines)
        if "similar" in kinds:
            tools = await asyncio.to_thread(self._comparing, tools)
        if work.grader is not None:
            grading = Grading(
                work.grader,
                self._asking,
                self._renderer,
                asyncio.get_running_loop(),
                cancel,
                asyncio.Semaphore(self._at_once(work.grader.model)),
            )
            tools = replace(tools, rubric=grading.grade)
        return tools

    def _comparing(self, tools: Tools) -> Tools:
        """With what compares texts by meaning, or with the reason why there is none."""
        encoder = self._encoder()
        if encoder is None:
            from chatbot.backends.encoder import missing  # imports numpy

            return replace(tools, missing=missing(self._settings))

        def similarity(text: str, other: str) -> float:
            first, second = encoder.encode([text, other])
            return float(first @ second)

        return replace(tools, similarity=similarity)
