"""Settings → ready services: the only wiring. Nothing else chooses an implementation."""

from dataclasses import dataclass
from datetime import timedelta

from chatbot import tracing
from chatbot.accounts import Accounts
from chatbot.answering import Answering
from chatbot.archive import Archive
from chatbot.arms import Arms
from chatbot.audit import Audit
from chatbot.authoring import Authoring, Parts
from chatbot.casework import Casework
from chatbot.chat import Chat
from chatbot.comparing import Comparing
from chatbot.completions import Completions
from chatbot.completions import Parts as CallParts
from chatbot.conversations import Conversations
from chatbot.demo import Demo
from chatbot.desk import Desk
from chatbot.drafting import Drafting
from chatbot.foundation import Base, lay
from chatbot.gate import Gates
from chatbot.keys import Keys
from chatbot.learning.dataset import Datasets
from chatbot.learning.evaluate.phrases import refuses
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.inside.service import Inside
from chatbot.learning.jobs import Runs
from chatbot.looking import Looking
from chatbot.macros import Macros
from chatbot.mailroom import Mailroom
from chatbot.monitoring import Around, Monitoring
from chatbot.net import Poster
from chatbot.preview import Preview
from chatbot.privacy import Privacy
from chatbot.product import Product as Product
from chatbot.promotion import Promotion
from chatbot.replay import Replay
from chatbot.replicas import Wire
from chatbot.results import Results
from chatbot.review import Review
from chatbot.settings import Settings
from chatbot.sourcing import Sourcing
from chatbot.speeds import Speeds
from chatbot.standing import Standing
from chatbot.testing import Folders, Planning, ProbeRuns, Runner, Testing, TurnCases
from chatbot.topics import Topics
from chatbot.webhooks import Webhooks
from chatbot.workbench import Workbench


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
    base = lay(settings)
    return _wired(base, _written(base), _laid(base))


@dataclass(frozen=True, slots=True)
class _Written:
    """What prompts are written, tested and judged with."""

    runner: Runner
    gates: Gates
    planning: Planning
    authoring: Authoring
    casework: Casework
    evaluations: Evaluations


def _written(base: Base) -> _Written:
    archive, releases, settings = base.archive, base.releases, base.settings
    runner = Runner(base.registry, base.sandbox, base.encoder, settings)
    gates = Gates(archive, releases, base.sandbox, runner.grader_label, runner.attacks)
    planning = Planning(archive, releases, runner, gates, settings.test_data)
    probing = ProbeRuns(archive, planning, runner, prompt=settings.prompt)
    authoring = _authoring(base, gates)
    evaluations = Evaluations(
        archive, base.audit, base.registry, settings, base.encoder, base.analysis, probing
    )
    return _Written(runner, gates, planning, authoring, Casework(authoring), evaluations)


@dataclass(frozen=True, slots=True)
class _Laid:
    """Services that others stand on."""

    replay: Replay
    chat: Chat
    drafting: Drafting
    desk: Desk
    traces: tracing.Traces
    workbench: Workbench
    datasets: Datasets
    keys: Keys


def _laid(base: Base) -> _Laid:
    archive, releases, workspace = base.archive, base.releases, base.settings.workspace
    chat, drafting = _chat(base), _drafting(base)
    return _Laid(
        replay=Replay(archive, releases, base.audit, base.options, workspace),
        chat=chat,
        drafting=drafting,
        desk=_desk(base, chat, drafting),
        traces=tracing.Traces(archive, releases),
        workbench=_workbench(base),
        datasets=_datasets(base),
        keys=_keys(base),
    )


def _wired(base: Base, written: _Written, laid: _Laid) -> Product:
    """The services that stand on models, a database and what administrators chose."""
    settings, archive, audit, options = base.settings, base.archive, base.audit, base.options
    registry, releases, sandbox = base.registry, base.releases, base.sandbox
    return Product(
        settings=settings,
        database=base.database,
        archive=archive,
        registry=registry,
        releases=releases,
        serving=base.serving,
        connecting=base.connecting,
        gates=written.gates,
        authoring=written.authoring,
        promotion=_promotion(base, written),
        testing=Testing(archive, audit, written.runner, written.planning, base.replicas),
        casework=written.casework,
        results=_results(base, written),
        folders=Folders(written.runner, written.planning, sandbox),
        arms=Arms(archive),
        speeds=Speeds(archive),
        notices=base.notices,
        monitoring=_monitoring(base, laid.chat),
        replicas=base.replicas,
        wire=Wire(archive, base.notices, base.replicas),
        chat=laid.chat,
        conversations=_conversations(base, laid.chat),
        preview=_preview(base),
        traces=laid.traces,
        sandbox=sandbox,
        evaluations=written.evaluations,
        inside=Inside(registry, releases, settings.workspace),
        looking=Looking(sandbox, registry, settings.workspace, base.encoder),
        replay=laid.replay,
        turn_cases=_turn_cases(base, written, laid.replay),
        workbench=laid.workbench,
        comparing=_comparing(base, laid.workbench),
        audit=audit,
        accounts=_accounts(settings, archive, audit),
        keys=laid.keys,
        options=options,
        privacy=_privacy(base, laid.chat),
        standing=Standing(archive, laid.chat),
        review=Review(archive, audit, options, laid.traces, base.analysis, settings.workspace),
        knowledge=base.knowledge,
        opening=base.opening,
        analysis=base.analysis,
        drafting=laid.drafting,
        desk=laid.desk,
        macros=Macros(archive, audit),
        topics=Topics(archive, base.encoder),
        mailroom=Mailroom(archive, laid.desk, settings),
        webhooks=Webhooks(archive, audit, Poster(settings.webhook_hosts)),
        demo=Demo(archive, base.knowledge, laid.desk),
        completions=_completions(base, laid.keys),
        datasets=laid.datasets,
        runs=Runs(archive, audit, laid.datasets, registry, settings, written.evaluations),
        local_person=base.local_person,
    )


def _monitoring(base: Base, chat: Chat) -> Monitoring:
    settings = base.settings
    around = Around(
        states=lambda: [job.turn.state for job in chat.jobs],
        hosted=lambda: (*settings.hosted, *base.connecting.records()),
        refuses=refuses,
        mailbox=settings.mailbox,
        workspace=settings.workspace,
    )
    return Monitoring(base.archive, base.audit, base.analysis, around)


def _keys(base: Base) -> Keys:
    return Keys(
        base.archive,
        base.audit,
        label=base.label,
        published=base.releases.current,
    )


def _results(base: Base, written: _Written) -> Results:
    authors = written.authoring, written.casework
    return Results(base.archive, *authors, base.sandbox, base.registry, base.model)


def _turn_cases(base: Base, written: _Written, replay: Replay) -> TurnCases:
    workspace = base.settings.workspace
    return TurnCases(replay, written.casework, written.planning, base.options, workspace)


def _comparing(base: Base, workbench: Workbench) -> Comparing:
    models = base.registry, base.releases, base.knowledge
    return Comparing(base.archive, base.audit, *models, workbench, base.settings)


def _datasets(base: Base) -> Datasets:
    rows = base.archive, base.audit, base.releases, base.options, base.registry
    return Datasets(*rows, base.settings, base.analysis, base.encoder)


def _authoring(base: Base, gates: Gates) -> Authoring:
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


def _promotion(base: Base, written: _Written) -> Promotion:
    rows = base.archive, base.audit, base.registry, written.authoring
    return Promotion(*rows, base.serving, base.settings, written.evaluations.newest)


def _chat(base: Base) -> Chat:
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
        writer=base.replicas.writer,
    )


def _drafting(base: Base) -> Drafting:
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


def _desk(base: Base, chat: Chat, drafting: Drafting) -> Desk:
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


def _privacy(base: Base, chat: Chat) -> Privacy:
    return Privacy(
        base.archive,
        base.audit,
        base.options,
        chat.stop_all,
        home=base.settings.home_folder,
        workspace=base.settings.workspace,
        temporary_minutes=base.settings.temporary_minutes,
    )


def _conversations(base: Base, chat: Chat) -> Conversations:
    return Conversations(
        base.archive,
        base.registry,
        base.releases,
        base.notices,
        chat.is_running,
        temporary_minutes=base.settings.temporary_minutes,
    )


def _completions(base: Base, keys: Keys) -> Completions:
    return Completions(
        CallParts(
            base.archive,
            base.registry,
            base.releases,
            Sourcing(base.knowledge),
            base.encoder,
            no_encoder=base.no_encoder,
            may_use=keys.may_use,
            writer=base.replicas.writer,
            fallback=base.fallback,
            workspace=base.settings.workspace,
            message_limit=base.settings.message_limit,
        )
    )


def _workbench(base: Base) -> Workbench:
    return Workbench(
        base.archive,
        base.registry,
        base.releases,
        base.allowance,
        workspace=base.settings.workspace,
        encoder=base.encoder,
    )


def _preview(base: Base) -> Preview:
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
