"""The door of evaluations: a base model against a tuned one, kept, read, told as a report.

    held-out rows ─▶ both.py (asked, judged, counted) ─▶ gate.py ─▶ a row, and its replies
                                                             ─▶ telling.py: a report for people

Reviewers and administrators read; whoever starts one is named by the caller. An evaluation belongs
to the process that runs it, says every few seconds that it goes on, and ends when its row does.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.cancel import CancelToken
from chatbot.backends.checkpoint import fingerprint
from chatbot.backends.registry import ModelInfo, Registry
from chatbot.chain import OpenEncoder
from chatbot.errors import ChatbotError, NotAllowed, NotFound, Refused
from chatbot.learning.evaluate import keeping, telling
from chatbot.learning.evaluate.gate import Tolerance, gate
from chatbot.learning.evaluate.views import Evaluation, Line, Pair, Stopped
from chatbot.settings import Settings
from store import accounts, datasets
from store import errors as store_errors
from store import evaluations as rows
from store.columns import now
from store.engine import Session
from store.records import Person

if TYPE_CHECKING:
    from chatbot.learning.evaluate.both import Outcome, Probing, Tools

Tell = Callable[[str, int, int], None]
"""What goes on, how much of it is done, and of how much."""

ROLES = ("reviewer", "admin")
NOT_ALLOWED = "Only reviewers and administrators evaluate models. Ask an administrator."

CASES, GENERAL = 300, 120
"""Held-out rows and general situations that are asked by default."""
SIDE_BY_SIDE = 20
"""Replies of each kind in a report: most improved, most worsened."""

EVERY = 2.0
"""Seconds between two signs of life."""
SILENCE = timedelta(minutes=2)
"""After so long without one, the process that ran an evaluation is gone."""
STOPPED = "Stopped before its end. Nothing is said of the model."
GONE = "The process that ran it is gone. Evaluate again."


class Evaluations:
    """Runs, keeps and reads evaluations. `probing`: prompts' tests and attacks, where wired."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        registry: Registry,
        settings: Settings,
        encoder: OpenEncoder,
        analysis: Analysis,
        probing: "Probing | None" = None,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._registry = registry
        self._settings = settings
        self._encoder = encoder
        self._analysis = analysis
        self._probing = probing

    def run(
        self,
        by: Person | str,
        base: str,
        tuned: str,
        dataset: str,
        *,
        cases: int = CASES,
        general: int = GENERAL,
        seed: int = 0,
        probes: bool = True,
        shared: bool = False,
        tolerance: Tolerance | None = None,
        tell: Tell | None = None,
        cancel: CancelToken | None = None,
    ) -> Evaluation:
        """Evaluate both models in one run, to the end. Takes minutes; not for event loops.

        `by`: who wants it; a run's process knows the name alone, and the audit then names nobody.
        `base`, `tuned`: a name or a label; `cases`: held-out rows, `general`: situations of the
        general suite, at most so many; `probes`: whether prompts' tests, attacks and bias are
        looked at, without which the gate stays closed; `shared`: people talk to models of this
        process meanwhile. Stopped, it comes back as it is.

        Raises:
            UnknownModel, NotFound, Refused: nothing was begun.
            ModelUnavailable, ModelCorrupt, Refused, StoreUnavailable: it has failed.
        """
        first, second = self._registry.resolve(base), self._registry.resolve(tuned)
        if first.label == second.label:
            raise Refused(f"{first.label} cannot be compared with itself. Name another model.")
        settings = {"cases": cases, "general": general, "seed": seed, "probes": probes}
        found, held_out = self._begin(_name(by), (first, second), dataset, settings)
        token = cancel or CancelToken()
        with self._alive(found, token) as heard:

            def told(what: str, done: int, of: int) -> None:
                heard(what, done, of)
                if tell is not None:
                    tell(what, done, of)

            state: rows.State = "failed"
            said, outcome = "It broke off. Evaluate again.", None
            try:
                outcome, notes = self._ask(
                    (first, second), held_out, settings, told, token, shared=shared
                )
                state, said = ("complete", "") if outcome else ("stopped", STOPPED)
            except ChatbotError as error:
                said = str(error)
                raise
            except KeyboardInterrupt:
                state, said = "stopped", STOPPED
                raise
            finally:
                notes = notes if outcome else ()
                self._end(found, state, said, outcome, notes, tolerance, _person(by))
        return self._kept(found.public_id)

    def require(self, person: Person) -> None:
        """Let pass who may evaluate now. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            _require(session, person)

    # Reading -------------------------------------------------------------------------------------

    def list(self, person: Person, limit: int = 50) -> list[Evaluation]:
        """The evaluations, the newest first. Raises NotAllowed."""
        self.recover()
        with self._archive.main.reading() as session:
            _require(session, person)
            return [keeping.view(one) for one in rows.evaluations(session, limit)]

    def get(self, person: Person, evaluation: str) -> Evaluation:
        """One of them. Raises NotFound, NotAllowed."""
        with self._archive.main.reading() as session:
            _require(session, person)
            return keeping.view(_row(session, evaluation), session)

    def replies(
        self,
        person: Person,
        evaluation: str,
        change: Literal["all", "better", "worse"] = "all",
        limit: int = 50,
        after: int = 0,
        part: Literal["own", "general"] = "own",
    ) -> Sequence[Pair]:
        """Answers side by side, those that changed most first; all of them in their order.

        `after`: how many to pass over. Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            _require(session, person)
            return keeping.pairs(session, _row(session, evaluation), change, part, limit, after)

    def report_text(
        self, person: Person, evaluation: str, as_: Literal["markdown", "html"] = "markdown"
    ) -> str:
        """The whole report for people, as text of a file. Raises NotFound, NotAllowed."""
        with self._archive.main.reading() as session:
            _require(session, person)
            row = _row(session, evaluation)
            found = keeping.view(row, session)
            better, worse = (
                keeping.pairs(session, row, change, "own", SIDE_BY_SIDE, 0)
                for change in ("better", "worse")
            )
        return telling.written(found, better, worse, as_)

    def newest(self, tuned: str) -> Evaluation | None:
        """The newest complete evaluation of this tuned model (label)."""
        with self._archive.main.reading() as session:
            found = rows.newest(session, tuned)
            return None if found is None else keeping.view(found)

    # Writing -------------------------------------------------------------------------------------

    def stop(self, person: Person, evaluation: str) -> None:
        """End one early, whichever process runs it. One that has ended stays as it is.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.writing() as session:
            _require(session, person)
            found = _row(session, evaluation)
            if rows.end(session, found.id, "stopped", said=STOPPED):
                self._audit.note_in(
                    session, person, "evaluation_stopped", "model", found.tuned,
                    evaluation=found.public_id,
                )  # fmt: skip

    def recover(self) -> int:
        """Mark evaluations whose process is gone; how many."""
        with self._archive.main.writing() as session:
            return rows.interrupt(session, now() - SILENCE, GONE)

    # Inside --------------------------------------------------------------------------------------

    def _begin(
        self,
        person_name: str,
        models: tuple[ModelInfo, ModelInfo],
        dataset: str,
        settings: dict[str, Any],
    ) -> tuple[rows.Evaluation, Sequence[rows.HeldOut]]:
        base, tuned = models
        with self._archive.main.writing() as session:
            found = datasets.find(session, dataset)
            if found is None:
                raise NotFound(f"There is no dataset {dataset!r:.80}. `dataset list` shows them.")
            held_out = rows.held_out(
                session, found.id, settings["cases"], settings["seed"], tuned=tuned.label
            )
            if not held_out:
                raise Refused(
                    f"{found.name} holds no turn out that {tuned.label} has not learned from, so "
                    "nothing can be asked of it."
                )
            begun = rows.begin(
                session,
                base=base.label,
                tuned=tuned.label,
                tuned_sha=fingerprint(tuned.path),
                dataset=found.name,
                dataset_sha=found.sha,
                settings=settings,
                actor=person_name,
            )
            return begun, held_out

    def _ask(
        self,
        models: tuple[ModelInfo, ModelInfo],
        held_out: Sequence[rows.HeldOut],
        settings: dict[str, Any],
        tell: Tell,
        cancel: CancelToken,
        *,
        shared: bool,
    ) -> tuple["Outcome | None", tuple[str, ...]]:
        """What came out, and what could not be asked; nothing where somebody stopped it."""
        from chatbot.learning.evaluate import both, own, suite  # imports LangChain

        asked = own.own_cases(held_out, settings["seed"])
        options = suite.Options(
            cases=settings["general"], seed=settings["seed"], data=self._settings.test_data
        )
        questions, notes = both.questions(asked, options, probes=settings["probes"])
        tools = self._tools(tell, cancel, settings, shared=shared)
        try:
            return both.evaluate(*models, questions, tools), notes
        except Stopped:
            return None, notes

    def _tools(
        self, tell: Tell, cancel: CancelToken, settings: dict[str, Any], *, shared: bool
    ) -> "Tools":
        from chatbot.learning.evaluate.both import Tools

        return Tools(
            registry=self._registry,
            encoder=self._encoder(),
            feeling=self._feeling,
            tell=tell,
            cancel=cancel,
            probing=self._probing if settings["probes"] else None,
            seed=settings["seed"],
            shared=shared,
        )

    def _feeling(self, text: str) -> float:
        """How friendly a text sounds, from -1 to 1; 0 for one without words."""
        mood = self._analysis.mood(text)
        return 0.0 if mood is None else mood.score

    def _end(
        self,
        found: rows.Evaluation,
        state: rows.State,
        said: str,
        outcome: "Outcome | None",
        notes: tuple[str, ...],
        tolerance: Tolerance | None,
        by: Person | None,
    ) -> None:
        allowed = tolerance or Tolerance()
        lines: Sequence[Line] = gate(outcome.parts, allowed) if outcome else []
        report = keeping.report(outcome, lines, notes) if outcome else None
        with self._archive.main.writing() as session:
            if outcome is not None:
                rows.add_replies(session, found.id, keeping.replies(outcome.pairs))
                report = (report or {}) | {"tolerance": asdict(allowed)}
            passed = all(line.passed for line in lines) if outcome else None
            rows.end(session, found.id, state, said=said, report=report, passed=passed)
            self._audit.note_in(
                session, by, "model_evaluated", "model", found.tuned, evaluation=found.public_id
            )

    @contextmanager
    def _alive(self, found: rows.Evaluation, cancel: CancelToken) -> Iterator[Tell]:
        """Say every few seconds that it goes on; stop it when somebody ended its row."""
        ended = threading.Event()
        at: tuple[str, int, int] = ("", 0, 0)

        def beat() -> None:
            while not ended.wait(EVERY):
                said, done, total = at
                try:
                    with self._archive.main.writing() as session:
                        going = rows.hear(session, found.id, said=said, done=done, total=total)
                except ChatbotError:
                    continue  # the next sign of life may get through
                if not going:
                    cancel.cancel()

        def tell(what: str, done: int, of: int) -> None:
            nonlocal at
            at = (what, done, of)

        thread = threading.Thread(target=beat, name="evaluation", daemon=True)
        thread.start()
        try:
            yield tell
        finally:
            ended.set()
            thread.join()

    def _kept(self, evaluation: str) -> Evaluation:
        with self._archive.main.reading() as session:
            return keeping.view(rows.get(session, evaluation), session)


def _name(by: Person | str) -> str:
    return by if isinstance(by, str) else by.name


def _person(by: Person | str) -> Person | None:
    return None if isinstance(by, str) else by


def _require(session: Session, person: Person) -> None:
    if not accounts.has_role(session, person.id, ROLES):
        raise NotAllowed(NOT_ALLOWED)


def _row(session: Session, evaluation: str) -> rows.Evaluation:
    try:
        return rows.get(session, evaluation)
    except store_errors.NotFound:
        raise NotFound("There is no such evaluation.") from None
