"""Moving the alias: promoting, and rolling back. One transaction each, prompts included.

Everything that may fail is looked at before: the files are hashed, the model is opened, the gates
are asked. Conversations that began keep their model, so no answer breaks.
"""

from collections.abc import Mapping, Sequence

from chatbot.audit import require_admin
from chatbot.authoring.publishing import REASON, Prepared
from chatbot.authoring.writing import note_of
from chatbot.backends.checkpoint import read_manifest, verify
from chatbot.backends.registry import ModelInfo
from chatbot.errors import Conflict, GateClosed, Refused, UnknownModel
from chatbot.promotion.gating import reasons
from chatbot.promotion.looking import Looking
from chatbot.serving import PRODUCTION
from store import model_releases as rows
from store import prompts as prompt_rows
from store.engine import Session
from store.model_releases import Environment, ModelRelease
from store.records import Person

CHANGED = "Somebody promoted or rolled back meanwhile. Nothing was changed: look again."
ENVIRONMENTS: tuple[Environment, ...] = ("staging", "production")


class Moving(Looking):
    """What administrators move."""

    def promote(
        self,
        person: Person,
        model: str,
        *,
        reason: str = "",
        environment: Environment = "production",
        override: str = "",
        prompts: Mapping[str, str] | None = None,
    ) -> ModelRelease:
        """Let the name in CHATBOT_MODEL stand for a model (name or label) from now on.

        `prompts`: versions (number, hash or its beginning) by name that are released with it, each
        through its own gate. `override`: why, although a gate is closed.

        Raises:
            GateClosed: with a sentence for each thing that is not met.
            Refused: it is served already, the setting names a version, or too short a reason.
            ModelUnavailable, ModelCorrupt: its files are not whole or cannot be opened.
            Conflict: somebody moved it meanwhile.
            UnknownModel, NotFound, NotAllowed, StoreUnavailable.
        """
        reason, override = note_of(reason), note_of(override)
        info, before = self._wanted(person, model, environment)
        prepared = self._prepared(person, info, environment, reason, override, prompts or {})
        if not prepared and info.label == self._served(environment, before):
            raise Refused(f"{environment.capitalize()} serves {info.label} already.")
        gate = self._gate(info) if environment == PRODUCTION else None
        against = reasons(gate.lines) if gate else []
        against += [f"{one.prompt}: {said}" for one in prepared for said in one.reasons]
        if against and not override:
            raise GateClosed(against, "Not promoted.")
        if against and len(override) < REASON:
            raise Refused(f"Give a reason of at least {REASON} characters; it is kept.")
        self._open(info)
        with self.archive.main.writing() as session:
            self._still(session, person, environment, before)
            released = [self.authoring.release_in(session, person, one).id for one in prepared]
            made = rows.add(
                session,
                alias=self.serving.alias,
                environment=environment,
                model=info.label,
                previous=None if before is None else before.id,
                actor=person.name,
                reason=reason,
                prompts=released,
                evaluation=gate.evaluation if gate else None,
                override=override if against else "",
            )
            self._note(session, person, "model_promoted", made)
        self.serving.forget()
        return made

    def roll_back(
        self, person: Person, *, reason: str = "", environment: Environment = "production"
    ) -> ModelRelease:
        """Serve again what was served before, with the prompts that were; no gate is asked.

        A prompt that somebody released since then stays as it is, and the reason says so. Rolling
        back twice goes back two steps, not back and forth.

        Raises Refused (nothing to go back to), ModelUnavailable, ModelCorrupt, UnknownModel (what
        it would go back to is not whole), Conflict, NotAllowed, StoreUnavailable.
        """
        reason = note_of(reason)
        with self.archive.main.reading() as session:
            require_admin(session, person)
            self._refuse_pinned()
            now = rows.current(session, self.serving.alias, environment)
            if now is None or (now.by_setting and now.previous is None):
                raise Refused(f"Nothing was promoted to {environment}, so there is no way back.")
            back = None if now.previous is None else rows.release(session, now.previous)
        by_setting = back is None or back.by_setting
        info = self._back_to(None if by_setting or back is None else back.model)
        self._open(info)
        with self.archive.main.writing() as session:
            self._still(session, person, environment, now)
            left = self._undo_prompts(session, person, now, f"Back to {info.label}")
            made = rows.add(
                session,
                alias=self.serving.alias,
                environment=environment,
                model=info.label,
                by_setting=by_setting,
                previous=None if back is None else back.previous,
                actor=person.name,
                reason=" ".join(filter(None, (reason or _since(back, now), _stayed(left)))),
                prompts=[] if back is None else _standing(session, back),
                evaluation=None if back is None else back.evaluation,
            )
            self._note(session, person, "model_rolled_back", made)
        self.serving.forget()
        return made

    def _wanted(
        self, person: Person, model: str, environment: Environment
    ) -> tuple[ModelInfo, ModelRelease | None]:
        """The model, and what is served now. Raises Refused, NotAllowed, UnknownModel."""
        if environment not in ENVIRONMENTS:
            raise Refused(f"There is no environment {environment}. It is staging or production.")
        with self.archive.main.reading() as session:
            require_admin(session, person)
            self._refuse_pinned()
            before = rows.current(session, self.serving.alias, environment)
        return self.registry.resolve(model), before

    def _prepared(
        self,
        person: Person,
        info: ModelInfo,
        environment: Environment,
        reason: str,
        override: str,
        prompts: Mapping[str, str],
    ) -> list[Prepared]:
        """The prompts' releases that are to go with it; those that serve already are left out."""
        found = [
            self.authoring.prepare(
                person, name, {version: 1}, environment, info.label, note=reason, override=override
            )
            for name, version in prompts.items()
        ]
        return [one for one in found if not self._serves(person, one)]

    def _serves(self, person: Person, one: Prepared) -> bool:
        now = self.authoring.serving(person, one.prompt, one.environment)
        return {share.sha for share in now} == set(one.weights)

    def _served(self, environment: Environment, before: ModelRelease | None) -> str:
        """The label that an environment serves; "" where it serves none."""
        if before is not None and not before.by_setting:
            return before.model
        return self.registry.resolve(self.settings.model).label if environment == PRODUCTION else ""

    def _refuse_pinned(self) -> None:
        if self.serving.is_pinned:
            name = self.serving.alias.partition("@")[0]
            raise Refused(
                f"CHATBOT_MODEL names one version, {self.serving.alias}, so that is served. "
                f"Set it to a name, such as {name}, and promotion decides what the name stands for."
            )

    def _back_to(self, label: str | None) -> ModelInfo:
        """The model that rolling back returns to; None: the one of the setting."""
        try:
            return self.registry.resolve(label or self.settings.model)
        except UnknownModel:
            raise UnknownModel(
                f"{label or self.settings.model}, which served before, is not here any more. "
                "Add it again, or promote another model."
            ) from None

    def _open(self, info: ModelInfo) -> None:
        """Hash its files and load it, so that the first question does not find it broken."""
        if info.path is not None:
            manifest = read_manifest(info.path)
            if manifest is not None:
                verify(info.path, manifest)
        self.registry.open(info.label)

    def _still(
        self,
        session: Session,
        person: Person,
        environment: Environment,
        before: ModelRelease | None,
    ) -> None:
        """Hold the alias, and see that nobody moved it. Raises Conflict, NotAllowed."""
        require_admin(session, person)
        rows.lock(session)
        if rows.current(session, self.serving.alias, environment) != before:
            raise Conflict(CHANGED)

    def _undo_prompts(
        self, session: Session, person: Person, now: ModelRelease, note: str
    ) -> list[str]:
        """Take back the prompts that went with a release; the names of those that stay."""
        return [
            prompt_rows.release_by(session, release).prompt
            for release in now.prompts
            if not self.authoring.undo_in(session, person, release, note)
        ]

    def _note(self, session: Session, person: Person, action: str, made: ModelRelease) -> None:
        detail: dict[str, str | int] = {
            "environment": made.environment,
            "alias": made.alias,
            "release": made.public_id,
            "prompts": len(made.prompts),
        }
        if made.evaluation:
            detail["evaluation"] = made.evaluation
        if made.override:
            detail["override"] = made.override
        self.audit.note_in(session, person, action, "model", made.model, **detail)


def _standing(session: Session, back: ModelRelease) -> list[str]:
    """The prompt releases by which what went with an earlier release serves again now."""
    standing = []
    for public_id in back.prompts:
        old = prompt_rows.release_by(session, public_id)
        now = prompt_rows.current_release(session, old.prompt, old.environment)
        if now is not None and now.weights == old.weights:
            standing.append(now.public_id)
    return standing


def _since(back: ModelRelease | None, now: ModelRelease) -> str:
    if back is None:
        return f"Back to what was served before {now.model} was promoted."
    return f"Back to what was promoted on {back.created_at:%d %b %Y}."


def _stayed(prompts: Sequence[str]) -> str:
    if not prompts:
        return ""
    return f"Released since then or the first of their kind, so as they are: {', '.join(prompts)}."
