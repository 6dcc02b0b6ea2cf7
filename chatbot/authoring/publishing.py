"""Publishing and rolling back: releases that say what an environment serves from now on.

Authors publish to staging freely and to production through the gate. Rolling back is a release too:
it asks no gate, and both are in the audit. Conversations that began stay on their version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.authoring import views
from chatbot.authoring.access import require_author, require_overrider
from chatbot.authoring.views import Environment, ReleaseLine
from chatbot.authoring.writing import Writing, note_of
from chatbot.errors import Conflict, GateClosed, Refused
from chatbot.releases import heaviest
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import Person, Release

if TYPE_CHECKING:
    from chatbot.gate import Gate

REASON = 10
"""Fewest characters of a reason to publish against the gate."""
MOST_WEIGHT = 1_000
MOST_VERSIONS = 10

CHANGED = (
    "Somebody published this prompt or changed its tests meanwhile. Nothing was published: look at "
    "the gate again."
)

ENVIRONMENTS: tuple[Environment, ...] = ("staging", "production")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release that may be made: weights by hash, and what the gate looked at and said.

    `reasons`: what it has against it, overridden by `override`. `model`: the label it was asked
    about.
    """

    prompt: str
    environment: Environment
    weights: Mapping[str, int]
    note: str
    override: str
    model: str
    reasons: tuple[str, ...]
    seen: tuple[str | None, int | None]


class Publishing(Writing):
    """What authors release."""

    def gate(self, person: Person, prompt: str, version: str) -> "Gate":
        """Whether production may serve a version, and why not. Raises NotFound, NotAllowed."""
        found = self.version(person, prompt, version)
        return self.parts.gate(prompt, found.sha, self.parts.model())

    def publish(
        self,
        person: Person,
        prompt: str,
        weights: Mapping[str, int],
        environment: Environment,
        *,
        note: str = "",
        override: str = "",
    ) -> ReleaseLine:
        """Serve these versions (number, hash or its beginning) by their weights from now on.

        Production asks the gate about every version that it does not serve yet. `override`: why an
        administrator publishes although the gate is closed.

        Raises:
            GateClosed: with a sentence for each thing that is not met.
            Refused: no version, a weight that is none, too short a reason, or what serves already.
            Conflict: somebody published or changed the tests while the gate was asked.
            NotFound, NotAllowed, StoreUnavailable.
        """
        asked = (person, prompt, weights, environment, self.parts.model())
        prepared = self.prepare(*asked, note=note, override=override)
        if prepared.reasons and not prepared.override:
            raise GateClosed(prepared.reasons)
        with self._archive.main.writing() as session:
            return self.release_in(session, person, prepared)

    def prepare(
        self,
        person: Person,
        prompt: str,
        weights: Mapping[str, int],
        environment: Environment,
        model: str,
        *,
        note: str = "",
        override: str = "",
    ) -> Prepared:
        """Ask the gate about a release under a model (label), before a transaction makes it.

        Raises Refused, NotFound, NotAllowed, StoreUnavailable: what `publish` would, but for a
        closed gate, which the caller looks at.
        """
        note, override = note_of(note), override.strip()
        shas = self._weights(person, prompt, weights)
        if environment not in ENVIRONMENTS:
            raise Refused(f"There is no environment {environment}. It is staging or production.")
        with self._archive.main.reading() as session:
            seen = _standing(session, prompt, environment)
        reasons = self._against(prompt, shas, model) if environment == "production" else []
        if reasons and override and len(override) < REASON:
            raise Refused(f"Give a reason of at least {REASON} characters; it is kept.")
        kept = override if reasons else ""
        return Prepared(prompt, environment, shas, note, kept, model, tuple(reasons), seen)

    def release_in(self, session: Session, person: Person, prepared: Prepared) -> ReleaseLine:
        """Make the release in the caller's transaction. Raises Refused, Conflict, NotAllowed."""
        prompt, environment = prepared.prompt, prepared.environment
        require_author(session, person)
        if prepared.override:
            require_overrider(session, person)
        rows.lock(session, prompt)
        now = rows.current_release(session, prompt, environment)
        if now is not None and now.weights == prepared.weights:
            raise Refused(f"This is what {environment} serves already. Nothing was published.")
        if _standing(session, prompt, environment) != prepared.seen:
            raise Conflict(CHANGED)
        made = rows.publish(
            session,
            prompt=prompt,
            environment=environment,
            weights=dict(prepared.weights),
            actor=person.name,
            reason=prepared.note,
            run=self._run_behind(session, prompt, prepared.weights, prepared.model),
            override=prepared.override,
        )
        return self._told(session, person, "prompt_published", made)

    def undo_in(self, session: Session, person: Person, release: str, note: str) -> str:
        """Serve again what a release (public id) replaced, in the caller's transaction.

        Returns the prompt's name; "" where nothing was done: another release came after it, or
        there was none before it. Raises NotFound, NotAllowed.
        """
        require_author(session, person)
        undone = rows.release_by(session, release)
        rows.lock(session, undone.prompt)
        now = rows.current_release(session, undone.prompt, undone.environment)
        if now is None or now.id != undone.id or undone.previous is None:
            return ""
        back = rows.release(session, undone.previous)
        made = rows.roll_back(session, back, actor=person.name, reason=note_of(note))
        self._told(session, person, "prompt_rolled_back", made)
        return made.prompt

    def roll_back(
        self,
        person: Person,
        prompt: str,
        environment: Environment = "production",
        to: str | None = None,
        *,
        note: str = "",
    ) -> ReleaseLine:
        """Serve again what an earlier release served. `to`: its id; None: what it was before.

        No gate is asked. Rolling back twice goes back two releases, not back and forth.

        Raises Refused (there is nothing to go back to), NotFound, NotAllowed, StoreUnavailable.
        """
        note = note_of(note)
        with self._archive.main.writing() as session:
            require_author(session, person)
            rows.lock(session, prompt)
            if to is None:
                back = _earlier(session, prompt, environment)
            else:
                back = rows.release_of(session, prompt, environment, to)
            made = rows.roll_back(
                session,
                back,
                actor=person.name,
                reason=note or f"Back to what was published on {back.created_at:%d %b %Y}",
            )
            return self._told(session, person, "prompt_rolled_back", made)

    def earlier(
        self,
        person: Person,
        prompt: str,
        environment: Environment = "production",
        to: str | None = None,
    ) -> ReleaseLine:
        """The release that `roll_back` would return to. Raises what that does."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            if to is None:
                back = _earlier(session, prompt, environment)
            else:
                back = rows.release_of(session, prompt, environment, to)
            return views.release_line(back, rows.lines(session, back.weights), [])

    def serving(
        self, person: Person, prompt: str, environment: Environment
    ) -> tuple[views.Share, ...]:
        """What an environment serves now; () where nothing was released. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            now = rows.current_release(session, prompt, environment)
            return views.shares(now, rows.lines(session, now.weights if now else ()))

    def _weights(self, person: Person, prompt: str, weights: Mapping[str, int]) -> dict[str, int]:
        """The versions by their whole hash. Raises Refused, NotFound, NotAllowed."""
        if not weights or len(weights) > MOST_VERSIONS:
            raise Refused(f"A release serves 1 to {MOST_VERSIONS} versions. Name at least one.")
        if any(not 1 <= weight <= MOST_WEIGHT for weight in weights.values()):
            raise Refused(f"A weight is a whole number from 1 to {MOST_WEIGHT:,}.")
        with self._archive.main.reading() as session:
            require_author(session, person)
            found = {
                rows.version_of(session, prompt, name).sha: weight
                for name, weight in weights.items()
            }
        if len(found) < len(weights):
            raise Refused("Two of these are the same version. Name each once.")
        return found

    def _against(self, prompt: str, shas: Mapping[str, int], model: str) -> list[str]:
        """What the gate has against these versions; those that production serves have passed it."""
        with self._archive.main.reading() as session:
            now = rows.current_release(session, prompt, "production")
        served = set(now.weights) if now else set()
        reasons: list[str] = []
        for sha in shas:
            if sha not in served:
                found = self.parts.gate(prompt, sha, model)
                reasons += [line.reason for line in found.lines if not line.ok]
        return reasons

    def _told(self, session: Session, person: Person, action: str, made: Release) -> ReleaseLine:
        """Note a release in the audit, and show it."""
        known = rows.lines(session, made.weights)
        told = ", ".join(f"v{each.seq} {each.percent} %" for each in views.shares(made, known))
        detail = {"environment": made.environment, "versions": told, "release": made.public_id}
        if made.override:
            detail["override"] = made.override
        self._note(session, person, action, made.prompt, **detail)
        return views.release_line(made, known, [made])

    def _run_behind(
        self, session: Session, prompt: str, weights: Mapping[str, int], model: str
    ) -> str | None:
        """The public id of the newest complete test run of the version with the largest share."""
        tests = testing.current_tests(session, prompt)
        if tests is None:
            return None
        version = heaviest(weights)
        found = testing.latest_result(session, version=version, model=model, tests_sha=tests.sha)
        return None if found is None else found[0].public_id


def _standing(session: Session, prompt: str, environment: str) -> tuple[str | None, int | None]:
    """What the gate's word rests on besides the versions: the tests, and what is served now."""
    tests = testing.current_tests(session, prompt)
    now = rows.current_release(session, prompt, environment)
    return tests.source if tests else None, now.id if now else None


def _earlier(session: Session, prompt: str, environment: str) -> Release:
    """The release that serves something else and that rolling back returns to. Raises Refused."""
    now = rows.current_release(session, prompt, environment)
    if now is None:
        raise Refused(f"Nothing of {prompt} was ever published to {environment}.")
    back = now
    while back.weights == now.weights:
        if back.previous is None:
            raise Refused(f"This is the first that {environment} served of {prompt}.")
        back = rows.release(session, back.previous)
    return back
