"""What the other services stand on: models, database, options, prompts, knowledge.

The first half of the wiring; `bootstrap` has the second.
"""

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from chatbot.allowance import Allowance
from chatbot.analysis import Analysis
from chatbot.archive import Archive, told
from chatbot.audit import Audit
from chatbot.backends.fast import Fast
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder
from chatbot.connecting import Connecting
from chatbot.errors import StoreUnavailable
from chatbot.knowledge import Knowledge
from chatbot.notices import Notices
from chatbot.opening import Opening
from chatbot.options import Masking, Options
from chatbot.prompt_files import sandbox_of
from chatbot.releases import Releases
from chatbot.replicas import Replicas
from chatbot.serving import Serving
from chatbot.settings import Settings
from prompts.sandbox import Sandbox
from store import accounts
from store.engine import Database
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Base:
    """What the other services stand on."""

    settings: Settings
    registry: Registry
    fallback: tuple[str, ...]
    database: Database
    archive: Archive
    audit: Audit
    options: Options
    sandbox: Sandbox
    releases: Releases
    serving: Serving
    connecting: Connecting
    notices: Notices
    replicas: Replicas
    encoder: OpenEncoder
    allowance: Allowance
    knowledge: Knowledge
    opening: Opening
    analysis: Analysis
    local_person: int

    def model(self) -> str:
        """The full name of the default model."""
        return self.registry.resolve().label

    def label(self, name: str) -> str:
        """The full name of what a program may name as a model. Raises UnknownModel."""
        encoder = self.encoder()
        embeds = encoder is not None and encoder.name == name
        return name if embeds else self.registry.resolve(name).label

    def no_encoder(self) -> str:
        """Why there is no sentence encoder, in a sentence."""
        from chatbot.backends.encoder import missing  # imports numpy

        return missing(self.settings)


def lay(settings: Settings) -> Base:
    """Open the database and what stands on nothing else. Raises as `bootstrap.build`."""
    registry = Registry(
        settings.models_folder,
        hosted=settings.hosted,
        default=settings.model,
        scripted=settings.scripted or settings.model == "scripted",
        fast=_fast(settings),
        masking=lambda: options.get(Masking).rules(settings.workspace),
        serving=lambda: serving.label(),
        connected=lambda: connecting.records(),
    )
    database = _open(settings)
    archive = Archive(database)
    audit = Audit(archive)
    connecting = _connecting(settings, archive, audit, registry)
    fallback = _resolved(settings, registry, database)
    serving = Serving(archive, settings.model)
    options = Options(archive, audit)
    sandbox = sandbox_of(settings)
    releases = Releases(archive, sandbox.serve)
    releases.publish_library()
    local_person = _local_person(settings, archive).id
    encoder = cache(partial(_encoder, settings))
    notices = Notices()
    knowledge = Knowledge(archive, audit, encoder)
    return Base(
        settings=settings,
        registry=registry,
        fallback=fallback,
        database=database,
        archive=archive,
        audit=audit,
        options=options,
        sandbox=sandbox,
        releases=releases,
        serving=serving,
        connecting=connecting,
        notices=notices,
        replicas=Replicas(archive, notices.tell),
        encoder=encoder,
        allowance=Allowance(options, local_person),
        knowledge=knowledge,
        opening=Opening(settings, knowledge, releases),
        analysis=Analysis(encoder, settings.heads_folder),
        local_person=local_person,
    )


def _connecting(
    settings: Settings, archive: Archive, audit: Audit, registry: Registry
) -> Connecting:
    """What connects models; those that the settings name stay."""
    named = {settings.model, settings.grader, *settings.fallback}
    needed = {name.partition("@")[0] for name in named}
    return Connecting(
        archive,
        audit,
        others=registry.settled,
        needed=lambda: {registry.resolve().name, *needed},
    )


def _resolved(settings: Settings, registry: Registry, database: Database) -> tuple[str, ...]:
    """The labels of the models to fall back on. Raises UnknownModel for one that is not there."""
    try:
        registry.resolve(settings.model)
        return tuple(registry.resolve(name).label for name in settings.fallback)
    except BaseException:
        database.close()
        raise


def _fast(settings: Settings) -> Fast | None:
    """How local models get the fast runtime: a precision that was asked for is waited for."""
    if settings.runtime == "transformers":
        return None
    if settings.runtime == "auto":
        return Fast(settings.conversions_folder)
    return Fast(settings.conversions_folder, settings.runtime, wait=True)


def _encoder(settings: Settings) -> "Encoder | None":
    """What compares sentences by meaning; found when the first are to be picked."""
    from chatbot.backends.encoder import open_encoder  # imports numpy

    return open_encoder(settings)


def _local_person(settings: Settings, archive: Archive) -> Person:
    """Who is at the machine's terminal."""
    with archive.main.writing() as session:
        return accounts.ensure_local_person(session, settings.local_name)


def _open(settings: Settings) -> Database:
    """The database, with the tables of this version. Makes the home where it is missing."""
    try:
        settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with told():
            database = Database(settings.database, wait_s=settings.database_wait)
            try:
                if not database.schema().ok:
                    database.upgrade()
            except BaseException:
                database.close()
                raise
    except OSError as error:
        raise StoreUnavailable(
            f"The data cannot be written to {error.filename}: {error.strerror}. "
            "Choose another place with CHATBOT_HOME or CHATBOT_DATABASE_URL."
        ) from error
    return database
