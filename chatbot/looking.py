"""A prompt's text while it is being written: what is wrong with it, and what a model would get.

    look ─▶ lint | parse | preview (the sandbox) ─▶ tokens of each message, of the chosen model

Asks no model, saves nothing, logs nothing. Knows nothing of pages or versions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, chosen_for, no_encoder
from chatbot.errors import ChatbotError, PromptInvalid
from prompts.examples import written
from prompts.sandbox import Sandbox

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Texts:
    """What an author writes. `examples` is a file of JSON Lines; empty for none."""

    source: str
    partials: Mapping[str, str] = field(default_factory=dict)
    examples: str = ""

    def stored_examples(self) -> list[dict[str, str]] | None:
        """The examples as a version keeps them; raises PromptError with the line."""
        if not self.examples.strip():
            return None
        return [one.stored for one in prompts.read_examples(self.examples)]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found. Without a `prompt` there is an error among the problems.

    Args:
        prompt: the prompt, also where unknown names are its only errors (`undeclared`).
        values: those that were shown: what was given, or samples where nothing was.
        shown: the messages in spans; None where they cannot be rendered, then `refusal` says why
            and `input` which value is to blame, if one is.
        tokens: of each message, and `total` of all, as the model counts them; None until it is
            loaded.
    """

    problems: list[prompts.Problem]
    prompt: prompts.Prompt | None = None
    values: Mapping[str, Any] | None = None
    shown: list[prompts.Shown] | None = None
    tokens: list[int] | None = None
    total: int | None = None
    context: int = 0
    refusal: str = ""
    input: str | None = None


class Looking:
    """Looks at texts for anybody; safe to share. `workspace` is what `company` is by default.

    `encoder` is asked for where examples are chosen by likeness.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        registry: Registry,
        workspace: str,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._sandbox = sandbox
        self._registry = registry
        self._workspace = workspace
        self._encoder = encoder

    def look(self, texts: Texts, values: Mapping[str, Any] | None, model: str | None) -> Looked:
        """Everything that the editor shows of these texts.

        `values` None asks for samples. `model`: whose tokens are counted; None is the default.

        Raises UnknownModel.
        """
        info = self._registry.resolve(model)
        try:
            prompt, problems = self._read(texts)
        except prompts.PromptError as error:
            return Looked([problem_of(error)], context=info.context)
        if prompt is None:
            return Looked(problems, context=info.context)
        given = self._samples(prompt) if values is None else dict(values)
        try:
            shown = self._shown(prompt, self._with_company(prompt, given))
        except prompts.PromptError as error:
            return Looked(
                problems,
                prompt,
                given,
                context=info.context,
                refusal=str(error),
                input=error.input_name,
            )
        tokens, total = self._count(shown, info.label)
        return Looked(problems, prompt, given, shown, tokens, total, info.context)

    def parse(self, texts: Texts) -> prompts.Prompt:
        """The prompt that the texts are. Raises PromptInvalid."""
        try:
            return self._sandbox.parse(texts.source, texts.partials, texts.stored_examples())
        except prompts.PromptError as error:
            raise PromptInvalid(str(error)) from error

    def examples(self, text: str) -> list[dict[str, str]] | None:
        """The examples of a file as a version keeps them. Raises PromptInvalid."""
        try:
            return Texts("", {}, text).stored_examples()
        except prompts.PromptError as error:
            raise PromptInvalid(str(error), [problem_of(error)]) from error

    def _read(self, texts: Texts) -> tuple[prompts.Prompt | None, list[prompts.Problem]]:
        examples = texts.stored_examples()
        problems = self._sandbox.lint(texts.source, texts.partials, examples)
        errors = {one.code for one in problems if one.severity == "error"}
        if errors - {"undeclared"}:
            return None, problems
        prompt = self._sandbox.parse(
            texts.source, texts.partials, examples, unfinished=bool(errors)
        )
        return prompt, problems

    def _shown(self, prompt: prompts.Prompt, values: Json) -> list[prompts.Shown]:
        """The messages, with the examples that a turn would choose; raises PromptError."""
        chosen = chosen_for(prompt, values, self._encoder)
        return self._sandbox.preview(prompt, values, chosen, holes=True)

    def _samples(self, prompt: prompts.Prompt) -> Json:
        return {**prompts.samples(prompt), **self._with_company(prompt, {})}

    def _with_company(self, prompt: prompts.Prompt, values: Json) -> Json:
        if prompt.input("company") is None or values.get("company"):
            return values
        return {**values, "company": self._workspace}

    def _count(
        self, shown: Sequence[prompts.Shown], label: str
    ) -> tuple[list[int] | None, int | None]:
        """Tokens of each message and of all; nothing while the model is not loaded yet."""
        if self._registry.state(label).state != "ready":
            self._registry.load_in_background(label)
            return None, None
        try:
            return _tokens(self._registry.open(label), shown)
        except ChatbotError:
            return None, None


def _tokens(model: "ChatModel", shown: Sequence[prompts.Shown]) -> tuple[list[int], int]:
    """Each message costs what it adds to those before it; the frame goes to the first and last."""
    messages = [{"role": one.role, "content": one.content} for one in shown]
    total = model.count(messages)
    each, before = [], 0
    for end in range(1, len(messages)):
        counted = model.count(messages[:end])
        each.append(max(counted - before, 0))
        before = max(counted, before)
    return [*each, max(total - before, 0)], total


def problem_of(error: prompts.PromptError) -> prompts.Problem:
    """An error as the list of problems shows it."""
    place = error.line or 1, error.column or 1
    return prompts.Problem("error", error.message, *place, error.hint, error.partial, "error")


def examples_file(examples: Sequence[Mapping[str, str]] | None) -> str:
    """A version's examples as the file that authors edit."""
    return written([prompts.Example(one["user"], one["assistant"]) for one in examples or ()])
