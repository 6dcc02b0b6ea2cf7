"""The door of evaluations: a base model against a tuned one, kept, read, told as a report.

    held-out rows ─▶ both models ─▶ judged ─▶ parts ─▶ gate ─▶ a row, and its replies

Reviewers and administrators read; whoever starts one is named by the caller.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder
from chatbot.learning.evaluate.views import Evaluation, Pair
from chatbot.settings import Settings
from store.records import Person

Tell = Callable[[str, int, int], None]


class Evaluations:
    """Runs, keeps and reads evaluations."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        registry: Registry,
        settings: Settings,
        encoder: OpenEncoder,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._registry = registry
        self._settings = settings
        self._encoder = encoder

    def run(
        self,
        person_name: str,
        base: str,
        tuned: str,
        dataset: str,
        *,
        cases: int = 300,
        general: int = 120,
        seed: int = 0,
        tell: Tell | None = None,
        cancel: CancelToken | None = None,
    ) -> Evaluation:
        """Evaluate both models in one run, to the end. Blocks for minutes; not for event loops."""
        raise NotImplementedError

    def list(self, person: Person, limit: int = 50) -> list[Evaluation]:
        """The evaluations, the newest first. Raises NotAllowed."""
        raise NotImplementedError

    def get(self, person: Person, evaluation: str) -> Evaluation:
        """One of them. Raises NotFound, NotAllowed."""
        raise NotImplementedError

    def replies(
        self,
        person: Person,
        evaluation: str,
        change: Literal["all", "better", "worse"] = "all",
        limit: int = 50,
        after: int = 0,
    ) -> Sequence[Pair]:
        """Answers side by side, those that changed most first; `after`: how many to pass over."""
        raise NotImplementedError

    def report_text(
        self, person: Person, evaluation: str, as_: Literal["markdown", "html"] = "markdown"
    ) -> str:
        """The whole report for people, as text of a file. Raises NotFound, NotAllowed."""
        raise NotImplementedError

    def newest(self, tuned: str) -> Evaluation | None:
        """The newest complete evaluation of this tuned model (label)."""
        raise NotImplementedError
