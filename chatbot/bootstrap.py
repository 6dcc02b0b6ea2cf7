"""Settings → ready services: the only wiring. Nothing else chooses an implementation."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from chatbot import tracing
from chatbot.accounts import Accounts
from chatbot.allowance import Allowance
from chatbot.answering import Answering
from chatbot.archive import Archive, told
from chatbot.arms import Arms
from chatbot.audit import Audit
from chatbot.authoring import Authoring, Parts
from chatbot.backends.fast import Fast
from chatbot.backends.registry import Registry
from chatbot.casework import Casework
from chatbot.chain import OpenEncoder
from chatbot.chat import Chat
from chatbot.conversations import Conversations
from chatbot.errors import StoreUnavailable
from chatbot.gate import Gates
from chatbot.learning.inside.service import Inside
from chatbot.looking import Looking
from chatbot.notices import Notices
from chatbot.options import Masking, Options
from chatbot.preview import Preview
from chatbot.privacy import Privacy
from chatbot.product import Product as Product
from chatbot.prompt_files import sandbox_of
from chatbot.releases import Releases
from chatbot.replay import Replay
from chatbot.results import Results
from chatbot.settings import Settings
from chatbot.standing import Standing
from chatbot.testing import Folders, Planning, Runner, Testing, TurnCases
from chatbot.workbench import Workbench
from prompts.sandbox import Sandbox
from store import accounts
from store.engine import Database
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder


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


def _accounts(settings: Settings, archive: Archive, audit: Audit) -> Accounts:
    return Accounts(
        archive,
        audit,
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(days=settings.session_days),
        let_in_new=settings.oidc_new_people == "chatter",
        joins_addresses=bool(settings.oidc_issuer),
    )


def build(settings: Settings) -> Product:
    """Open the database (made or brought up to date where needed) and wire the services.

    Loads no model: the first turn does, or `registry.load_in_background`.

    Raises:
        StoreUnavailable, SchemaMismatch: the database cannot be used.
        UnknownModel: the chosen model is not there.
    """
    registry = Registry(
        settings.models_folder,
        hosted=settings.hosted,
        default=settings.model,
        scripted=settings.scripted or settings.model == "scripted",
        fast=_fast(settings),
        masking=lambda: options.get(Masking).rules(settings.workspace),
    )
    registry.resolve(settings.model)
    fallback = [registry.resolve(name).label for name in settings.fallback]
    database = _open(settings)
    archive = Archive(database, Database.in_memory())
    audit = Audit(archive)
    options = Options(archive, audit)
    return _wired(settings, registry, fallback, database, archive, audit, options)


def _wired(
    settings: Settings,
    registry: Registry,
    fallback: Sequence[str],
    database: Database,
    archive: Archive,
    audit: Audit,
    options: Options,
) -> Product:
    """The services that stand on models, a database and what administrators chose."""
    sandbox = sandbox_of(settings)
    releases = Releases(archive, sandbox.serve)
    releases.publish_library()

    def default_model() -> str:
        return registry.resolve(settings.model).label

    encoder = cache(partial(_encoder, settings))
    runner = Runner(registry, sandbox, encoder, settings)
    gates = Gates(archive, releases, sandbox, runner.grader_label, runner.attacks)
    planning = Planning(archive, releases, runner, gates, settings.test_data)
    notices = Notices()
    authoring = _authoring(settings, archive, audit, releases, sandbox, gates, default_model)
    casework = Casework(authoring)
    replay = Replay(archive, releases, audit, options, settings.workspace)
    answering = Answering(registry, releases, fallback, settings.workspace, encoder)
    local_person = _local_person(settings, archive).id
    allowance = Allowance(options, local_person)
    chat = _chat(settings, archive, registry, releases, notices, answering, allowance)
    return Product(
        settings=settings,
        database=database,
        archive=archive,
        registry=registry,
        releases=releases,
        gates=gates,
        authoring=authoring,
        testing=Testing(archive, audit, runner, planning),
        casework=casework,
        results=Results(archive, authoring, casework, sandbox, registry, default_model),
        folders=Folders(runner, planning, sandbox),
        arms=Arms(archive),
        notices=notices,
        chat=chat,
        conversations=_conversations(settings, archive, registry, releases, notices, chat),
        preview=_preview(settings, archive, registry, releases, encoder),
        traces=tracing.Traces(archive, releases),
        sandbox=sandbox,
        inside=Inside(registry, releases, settings.workspace),
        looking=Looking(sandbox, registry, settings.workspace, encoder),
        replay=replay,
        turn_cases=TurnCases(replay, casework, planning, options, settings.workspace),
        workbench=_workbench(settings, archive, registry, releases, allowance, encoder),
        audit=audit,
        accounts=_accounts(settings, archive, audit),
        options=options,
        privacy=_privacy(settings, archive, audit, options, chat),
        standing=Standing(archive, chat),
        local_person=local_person,
    )


def _authoring(
    settings: Settings,
    archive: Archive,
    audit: Audit,
    releases: Releases,
    sandbox: Sandbox,
    gates: Gates,
    default_model: Callable[[], str],
) -> Authoring:
    return Authoring(
        Parts(
            archive,
            audit,
            releases,
            sandbox,
            gate=gates,
            model=default_model,
            default_prompt=settings.prompt,
        )
    )


def _chat(
    settings: Settings,
    archive: Archive,
    registry: Registry,
    releases: Releases,
    notices: Notices,
    answering: Answering,
    allowance: Allowance,
) -> Chat:
    return Chat(
        archive,
        registry,
        releases,
        notices,
        answering,
        allowance,
        message_limit=settings.message_limit,
        prompt=settings.prompt,
        model=settings.model,
    )


def _privacy(
    settings: Settings, archive: Archive, audit: Audit, options: Options, chat: Chat
) -> Privacy:
    return Privacy(
        archive,
        audit,
        options,
        chat.stop_all,
        home=settings.home_folder,
        workspace=settings.workspace,
        temporary_minutes=settings.temporary_minutes,
    )


def _conversations(
    settings: Settings,
    archive: Archive,
    registry: Registry,
    releases: Releases,
    notices: Notices,
    chat: Chat,
) -> Conversations:
    return Conversations(
        archive,
        registry,
        releases,
        notices,
        chat.is_running,
        temporary_minutes=settings.temporary_minutes,
    )


def _workbench(
    settings: Settings,
    archive: Archive,
    registry: Registry,
    releases: Releases,
    allowance: Allowance,
    encoder: OpenEncoder,
) -> Workbench:
    return Workbench(
        archive,
        registry,
        releases,
        allowance,
        workspace=settings.workspace,
        encoder=encoder,
    )


def _preview(
    settings: Settings,
    archive: Archive,
    registry: Registry,
    releases: Releases,
    encoder: OpenEncoder,
) -> Preview:
    return Preview(
        archive,
        registry,
        releases,
        workspace=settings.workspace,
        prompt=settings.prompt,
        model=settings.model,
        message_limit=settings.message_limit,
        encoder=encoder,
    )


def _local_person(settings: Settings, archive: Archive) -> Person:
    """Who is at the machine's terminal, known in both places."""
    with archive.main.writing() as session:
        person = accounts.ensure_local_person(session, settings.local_name)
    archive.know(person)
    return person


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
