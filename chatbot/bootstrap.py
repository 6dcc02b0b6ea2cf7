"""Settings → ready services: the only wiring. Nothing else chooses an implementation."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from chatbot import tracing
from chatbot.accounts import Accounts
from chatbot.allowance import Allowance
from chatbot.analysis import Analysis
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
from chatbot.comparing import Comparing
from chatbot.conversations import Conversations
from chatbot.demo import Demo
from chatbot.desk import Desk
from chatbot.drafting import Drafting
from chatbot.errors import StoreUnavailable
from chatbot.gate import Gates
from chatbot.knowledge import Knowledge
from chatbot.learning.dataset import Datasets
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.inside.service import Inside
from chatbot.learning.jobs import Runs
from chatbot.looking import Looking
from chatbot.macros import Macros
from chatbot.mailroom import Mailroom
from chatbot.notices import Notices
from chatbot.opening import Opening
from chatbot.options import Masking, Options
from chatbot.preview import Preview
from chatbot.privacy import Privacy
from chatbot.product import Product as Product
from chatbot.promotion import Promotion
from chatbot.prompt_files import sandbox_of
from chatbot.releases import Releases
from chatbot.replay import Replay
from chatbot.results import Results
from chatbot.review import Review
from chatbot.serving import Serving
from chatbot.settings import Settings
from chatbot.sourcing import Sourcing
from chatbot.speeds import Speeds
from chatbot.standing import Standing
from chatbot.testing import Folders, Planning, ProbeRuns, Runner, Testing, TurnCases
from chatbot.topics import Topics
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


@dataclass(frozen=True, slots=True)
class _Base:
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
    notices: Notices
    encoder: OpenEncoder
    allowance: Allowance
    knowledge: Knowledge
    opening: Opening
    analysis: Analysis
    local_person: int

    def model(self) -> str:
        """The full name of the default model."""
        return self.registry.resolve().label


def build(settings: Settings) -> Product:
    """Open the database (made or brought up to date where needed) and wire the services.

    Loads no model: the first turn does, or `registry.load_in_background`.

    Raises:
        StoreUnavailable, SchemaMismatch: the database cannot be used.
        UnknownModel: the chosen model is not there.
    """
    return _wired(_base(settings))


def _base(settings: Settings) -> _Base:
    registry = Registry(
        settings.models_folder,
        hosted=settings.hosted,
        default=settings.model,
        scripted=settings.scripted or settings.model == "scripted",
        fast=_fast(settings),
        masking=lambda: options.get(Masking).rules(settings.workspace),
        serving=lambda: serving.label(),
    )
    registry.resolve(settings.model)
    fallback = tuple(registry.resolve(name).label for name in settings.fallback)
    database = _open(settings)
    archive = Archive(database)
    audit = Audit(archive)
    serving = Serving(archive, settings.model)
    options = Options(archive, audit)
    sandbox = sandbox_of(settings)
    releases = Releases(archive, sandbox.serve)
    releases.publish_library()
    local_person = _local_person(settings, archive).id
    encoder = cache(partial(_encoder, settings))
    knowledge = Knowledge(archive, audit, encoder)
    return _Base(
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
        notices=Notices(),
        encoder=encoder,
        allowance=Allowance(options, local_person),
        knowledge=knowledge,
        opening=Opening(settings, knowledge, releases),
        analysis=Analysis(encoder, settings.heads_folder),
        local_person=local_person,
    )


def _wired(base: _Base) -> Product:
    """The services that stand on models, a database and what administrators chose."""
    settings, archive, audit, options = base.settings, base.archive, base.audit, base.options
    registry, releases, sandbox = base.registry, base.releases, base.sandbox
    runner = Runner(registry, sandbox, base.encoder, settings)
    gates = Gates(archive, releases, sandbox, runner.grader_label, runner.attacks)
    planning = Planning(archive, releases, runner, gates, settings.test_data)
    authoring = _authoring(base, gates)
    probing = ProbeRuns(archive, planning, runner, prompt=settings.prompt)
    evaluations = Evaluations(
        archive, audit, registry, settings, base.encoder, base.analysis, probing
    )
    casework = Casework(authoring)
    replay = Replay(archive, releases, audit, options, settings.workspace)
    chat = _chat(base)
    drafting = _drafting(base)
    traces = tracing.Traces(archive, releases)
    desk = _desk(base, chat, drafting)
    workbench = _workbench(base)
    datasets = Datasets(
        archive, audit, releases, options, registry, settings, base.analysis, base.encoder
    )
    return Product(
        settings=settings,
        database=base.database,
        archive=archive,
        registry=registry,
        releases=releases,
        serving=base.serving,
        gates=gates,
        authoring=authoring,
        promotion=_promotion(base, authoring, evaluations),
        testing=Testing(archive, audit, runner, planning),
        casework=casework,
        results=Results(archive, authoring, casework, sandbox, registry, base.model),
        folders=Folders(runner, planning, sandbox),
        arms=Arms(archive),
        speeds=Speeds(archive),
        notices=base.notices,
        chat=chat,
        conversations=_conversations(base, chat),
        preview=_preview(base),
        traces=traces,
        sandbox=sandbox,
        evaluations=evaluations,
        inside=Inside(registry, releases, settings.workspace),
        looking=Looking(sandbox, registry, settings.workspace, base.encoder),
        replay=replay,
        turn_cases=TurnCases(replay, casework, planning, options, settings.workspace),
        workbench=workbench,
        comparing=Comparing(
            archive, audit, registry, releases, base.knowledge, workbench, settings
        ),
        audit=audit,
        accounts=_accounts(settings, archive, audit),
        options=options,
        privacy=_privacy(base, chat),
        standing=Standing(archive, chat),
        review=Review(archive, audit, options, traces, base.analysis, settings.workspace),
        knowledge=base.knowledge,
        opening=base.opening,
        analysis=base.analysis,
        drafting=drafting,
        desk=desk,
        macros=Macros(archive, audit),
        topics=Topics(archive, base.encoder),
        mailroom=Mailroom(archive, desk, settings),
        demo=Demo(archive, base.knowledge, desk),
        datasets=datasets,
        runs=Runs(archive, audit, datasets, registry, settings, evaluations),
        local_person=base.local_person,
    )


def _authoring(base: _Base, gates: Gates) -> Authoring:
    return Authoring(
        Parts(
            base.archive,
            base.audit,
            base.releases,
            base.sandbox,
            gate=gates,
            model=base.model,
            default_prompt=base.settings.prompt,
        )
    )


def _promotion(base: _Base, authoring: Authoring, evaluations: Evaluations) -> Promotion:
    named = base.archive, base.audit, base.registry, authoring, base.serving, base.settings
    return Promotion(*named, evaluations.newest)


def _chat(base: _Base) -> Chat:
    settings = base.settings
    answering = Answering(
        base.registry,
        base.releases,
        base.fallback,
        settings.workspace,
        Sourcing(base.knowledge),
        base.encoder,
    )
    return Chat(
        base.archive,
        base.registry,
        base.releases,
        base.notices,
        answering,
        base.allowance,
        message_limit=settings.message_limit,
        opening=base.opening,
    )


def _drafting(base: _Base) -> Drafting:
    return Drafting(
        base.archive,
        base.registry,
        base.releases,
        base.knowledge,
        base.analysis,
        base.allowance,
        workspace=base.settings.workspace,
        encoder=base.encoder,
    )


def _desk(base: _Base, chat: Chat, drafting: Drafting) -> Desk:
    settings, registry = base.settings, base.registry
    return Desk(
        base.archive,
        base.audit,
        base.notices,
        chat,
        base.analysis,
        drafting,
        base.knowledge,
        late_hours=settings.late_hours,
        undo_seconds=settings.undo_seconds,
        text_limit=settings.message_limit,
        local_person=base.local_person,
        drafts_ahead=lambda: registry.resolve().where != "hosted",
    )


def _privacy(base: _Base, chat: Chat) -> Privacy:
    return Privacy(
        base.archive,
        base.audit,
        base.options,
        chat.stop_all,
        home=base.settings.home_folder,
        workspace=base.settings.workspace,
        temporary_minutes=base.settings.temporary_minutes,
    )


def _conversations(base: _Base, chat: Chat) -> Conversations:
    return Conversations(
        base.archive,
        base.registry,
        base.releases,
        base.notices,
        chat.is_running,
        temporary_minutes=base.settings.temporary_minutes,
    )


def _workbench(base: _Base) -> Workbench:
    return Workbench(
        base.archive,
        base.registry,
        base.releases,
        base.allowance,
        workspace=base.settings.workspace,
        encoder=base.encoder,
    )


def _preview(base: _Base) -> Preview:
    settings = base.settings
    return Preview(
        base.archive,
        base.registry,
        base.releases,
        Sourcing(base.knowledge),
        workspace=settings.workspace,
        opening=base.opening,
        message_limit=settings.message_limit,
        encoder=base.encoder,
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
