"""The services of one process, ready to use: what every door receives. Wires nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from chatbot import tracing
from chatbot.accounts import Accounts
from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.arms import Arms
from chatbot.audit import Audit
from chatbot.authoring import Authoring
from chatbot.backends.registry import Registry
from chatbot.casework import Casework
from chatbot.chat import Chat
from chatbot.comparing import Comparing
from chatbot.completions import Completions
from chatbot.connecting import Connecting
from chatbot.conversations import Conversations
from chatbot.demo import Demo
from chatbot.desk import Desk
from chatbot.drafting import Drafting
from chatbot.gate import Gates
from chatbot.keys import Keys
from chatbot.knowledge import Knowledge
from chatbot.learning.dataset import Datasets
from chatbot.learning.evaluate.service import Evaluations
from chatbot.learning.inside.service import Inside
from chatbot.learning.jobs import Runs
from chatbot.looking import Looking
from chatbot.macros import Macros
from chatbot.mailroom import Mailroom
from chatbot.monitoring import Monitoring
from chatbot.notices import Notices
from chatbot.opening import Opening
from chatbot.options import Options
from chatbot.preview import Preview
from chatbot.privacy import Privacy
from chatbot.promotion import Promotion
from chatbot.releases import Releases
from chatbot.replay import Replay
from chatbot.replicas import Replicas, Wire
from chatbot.results import Results
from chatbot.review import Review
from chatbot.serving import Serving
from chatbot.settings import Settings
from chatbot.speeds import Speeds
from chatbot.standing import Standing
from chatbot.testing import Folders, Testing, TurnCases
from chatbot.topics import Topics
from chatbot.webhooks import Webhooks
from chatbot.workbench import Workbench
from prompts.sandbox import Sandbox
from store import accounts
from store.engine import Database
from store.records import Person

log = logging.getLogger(__name__)

TIDY_EVERY = 60.0
"""Seconds between two looks for what is to be removed for good."""


@dataclass(frozen=True, slots=True)
class Product:
    """The services of one process, ready to use."""

    settings: Settings
    database: Database
    archive: Archive
    registry: Registry
    releases: Releases
    serving: Serving
    connecting: Connecting
    gates: Gates
    authoring: Authoring
    promotion: Promotion
    testing: Testing
    casework: Casework
    results: Results
    folders: Folders
    turn_cases: TurnCases
    arms: Arms
    speeds: Speeds
    notices: Notices
    monitoring: Monitoring
    replicas: Replicas
    wire: Wire
    chat: Chat
    conversations: Conversations
    preview: Preview
    traces: tracing.Traces
    sandbox: Sandbox
    evaluations: Evaluations
    inside: Inside
    looking: Looking
    replay: Replay
    workbench: Workbench
    comparing: Comparing
    audit: Audit
    accounts: Accounts
    keys: Keys
    options: Options
    privacy: Privacy
    standing: Standing
    review: Review
    knowledge: Knowledge
    opening: Opening
    analysis: Analysis
    drafting: Drafting
    desk: Desk
    macros: Macros
    topics: Topics
    mailroom: Mailroom
    webhooks: Webhooks
    demo: Demo
    completions: Completions
    datasets: Datasets
    runs: Runs
    local_person: int

    def person(self) -> Person:
        """Who is at the machine's terminal, with the roles that the database gives them now.

        In `solo` the one person there is.
        """
        with self.archive.main.reading() as session:
            return accounts.person(session, self.local_person)

    def recover(self) -> int:
        """Mark answers and test runs that a crash left unfinished as interrupted; how many answers.

        What other servers are at is let be. For the server's start only.
        """
        self.replicas.begin()
        self.testing.recover()
        self.evaluations.recover()
        self.runs.recover()
        return self.replicas.sweep()

    def duties(self) -> list[Coroutine[Any, Any, None]]:
        """What a server does besides answering, each until cancelled: here, or one for all."""
        shared: dict[str, Callable[[], Awaitable[None]]] = {
            "vectors": self.knowledge.keep_embedded,
            "replies": self.desk.keep_sending,
            "drafts": self.desk.keep_drafted,
            "review": self.review.keep_reading,
            "mail": self.mailroom.keep,
            "webhooks": self.webhooks.keep,
            "figures": self.monitoring.keep,
            "runs": self.runs.keep,
        }
        return [
            self.replicas.keep(),
            self.standing.keep(),
            self.serving.keep(self.registry.load_in_background),
            self.keep_tidy(),
            *(self.replicas.alone(work, keep) for work, keep in shared.items()),
        ]

    async def keep_tidy(self, every: float = TIDY_EVERY) -> None:
        """Remove for good what was deleted or left idle, until cancelled. For the server only.

        One server does it for all; what lives in a process or its home alone, each for itself.
        """
        mine = self.conversations, self.privacy
        rooms = self.accounts, self.completions, self.knowledge, self.desk, self.review
        while True:
            works: dict[object, Callable[[], object]]
            works = {self.runs: self.runs.tidy}
            works |= {room: partial(room.tidy, here=True) for room in mine}
            if await self.replicas.holds_now("tidying"):
                works |= {room: room.tidy for room in (*mine, *rooms)}
            for room, work in works.items():
                try:
                    await asyncio.to_thread(work)
                except Exception as error:  # noqa: BLE001  the next look may succeed
                    name = type(room).__name__
                    log.warning("%s was not tidied: %s", name, type(error).__name__)
            await asyncio.sleep(every)

    def close(self) -> None:
        """Let go of databases, models and the processes that render prompts."""
        self.wire.close()
        self.replicas.end()
        self.keys.close()
        self.inside.close()
        self.sandbox.close()
        self.registry.close()
        for place in self.archive.places():
            place.database.close()
