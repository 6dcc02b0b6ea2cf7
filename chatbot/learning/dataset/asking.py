"""A question of a file → the messages that a prompt makes of it, as a chat would be asked now."""

from dataclasses import replace
from functools import cache

from chatbot.answering import plan_of
from chatbot.chain import render
from chatbot.errors import Refused
from chatbot.learning.dataset.shapes import Ask
from chatbot.learning.dataset.turns import Asked
from chatbot.opening import FROM_ARTICLES
from chatbot.releases import Releases
from chatbot.settings import Settings


class Asking:
    """Renders questions by the versions that serve now."""

    def __init__(self, releases: Releases, settings: Settings) -> None:
        self._releases = releases
        self._settings = settings

    def by(self, prompt: str | None) -> Ask:
        """What renders a question and its context with a prompt (its name).

        None: what a new conversation begins with, and for a question with a context the prompt that
        answers from articles. The versions stay those of the first use.
        """
        version_of = cache(self._releases.served)

        def ask(question: str, context: str) -> Asked:
            name = prompt or (FROM_ARTICLES if context.strip() else self._settings.prompt)
            return self._asked(name, version_of(name), question, context.strip())

        return ask

    def _asked(self, name: str, version: str, question: str, context: str) -> Asked:
        """Raises NotFound, PromptInvalid, Refused: the prompt has no place for one of the two."""
        prompt = self._releases.prompt(version)
        if prompt.input("question") is None:
            raise Refused(f"no input of the prompt {name} takes a question")
        plan = plan_of(prompt, question, [], self._settings.workspace, self._releases.renderer)
        spec = prompt.passages_input
        if context and spec is None:
            raise Refused(f"the prompt {name} takes no passages, and this question has a context")
        if context and spec is not None:
            given = [{"title": self._settings.workspace or "Source", "text": context}]
            plan = replace(plan, values=dict(plan.values) | {spec.name: given})
        return Asked(render(plan).messages, name, version)
