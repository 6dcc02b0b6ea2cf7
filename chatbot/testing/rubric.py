"""The grader behind `llm-rubric`: a prompt of the library, a model, and its verdict read strictly.

    criterion, answer ─▶ the prompt `grader` as production serves it ─▶ {"reason", "pass", "score"}

What does not keep to that form is no verdict: the assertion has not passed and the case is an
error. Knows no case and no row.
"""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import prompts
from chatbot.backends.cancel import CancelToken
from chatbot.chain import Plan, Renderer, answer
from chatbot.errors import ChatbotError
from chatbot.gate import grader_key
from chatbot.testing.asking import Asking
from prompts.checks import CannotJudge, Grade, Output

LONGEST = 20_000
"""Characters of an answer that a grader is shown."""
NO_FORM = "the grader {model} did not answer in its form, so there is no verdict"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grader:
    """One version of the grader's prompt on one model."""

    prompt: prompts.Prompt
    model: str

    @property
    def key(self) -> str:
        """Names both: a verdict of another version or model is another verdict."""
        return grader_key(self.prompt.sha, self.model)


class Grading:
    """Asks a grader from the threads in which answers are judged; calls run on `loop`."""

    def __init__(
        self,
        grader: Grader,
        asking: Asking,
        renderer: Renderer,
        loop: asyncio.AbstractEventLoop,
        cancel: CancelToken,
        places: asyncio.Semaphore,
    ) -> None:
        self._grader = grader
        self._asking = asking
        self._renderer = renderer
        self._loop = loop
        self._cancel = cancel
        self._places = places

    def grade(self, criterion: str, output: Output) -> Grade:
        """The grader's verdict. Not for the loop's own thread. Raises CannotJudge."""
        text = self._run(self._ask(criterion, output))
        grade = read_grade(text)
        if grade is None:
            raise CannotJudge(NO_FORM.format(model=self._grader.model))
        return grade

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    async def _ask(self, criterion: str, output: Output) -> str:
        declared = {one.name for one in self._grader.prompt.inputs}
        values = {
            "criterion": criterion,
            "answer": output.text[:LONGEST],
            "question": _question(output.messages),
        }
        given = {name: value for name, value in values.items() if name in declared}
        plan = Plan(self._grader.prompt, given, renderer=self._renderer)
        try:
            async with self._places:
                pieces = answer(
                    plan, [self._grader.model], self._asking.open, self._cancel, lambda _: None
                )
                async with aclosing(pieces):
                    text = [piece.text async for piece in pieces]
        except ChatbotError as error:
            raise CannotJudge(f"the grader {self._grader.model} failed: {error}") from None
        return "".join(text)


def _question(messages: Any) -> str:
    asked = [str(one["content"]) for one in messages if one["role"] == "user"]
    return asked[-1][:LONGEST] if asked else ""


def read_grade(text: str) -> Grade | None:
    """The verdict of a grader's whole answer, or None where it is not exactly one object of it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, Mapping) or found.keys() != {"reason", "pass", "score"}:
        return None
    reason, passed, score = found["reason"], found["pass"], found["score"]
    fits = isinstance(reason, str) and reason.strip() and isinstance(passed, bool)
    if not fits or type(score) not in (int, float) or not 0 <= score <= 1:
        return None
    return Grade(passed, float(score), reason.strip())
