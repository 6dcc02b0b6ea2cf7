"""A reply that was sent → the messages that its draft was asked with.

A draft keeps its passages, tone, instruction and version, and which message it answered; the thread
up to there is read again. A small model that quotes got the best sentences of its passages alone,
so for a draft of such a model these are picked again. Knows tickets and prompts, nothing of files.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chatbot.analysis import Said
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Plan, render
from chatbot.drafting import quoting
from chatbot.drafting.asking import Asked, Wishes, asked, plan_of, varied
from chatbot.drafting.service import VARIANTS
from chatbot.drafting.views import Source
from chatbot.errors import UnknownModel
from chatbot.learning.dataset.turns import Turn, hashed
from chatbot.releases import Releases
from store import ticket_texts, ticket_threads, tickets
from store.dataset_sources import SentReply
from store.ticket_records import Ticket, TicketDraft, TicketMessage

if TYPE_CHECKING:
    from store.engine import Session

THREAD = 60
"""Messages before the answered one that a draft is made from, as in chatbot.desk."""
READ = 200
"""Messages of a ticket that are looked through for the answered one."""


class Drafted:
    """Renders what drafts were asked with. `encoder` picks sentences for models that quote."""

    def __init__(
        self, registry: Registry, releases: Releases, workspace: str, encoder: OpenEncoder
    ) -> None:
        self._registry = registry
        self._releases = releases
        self._workspace = workspace
        self._encoder = encoder

    def turn(self, session: "Session", reply: SentReply) -> Turn | None:
        """The turn of a reply, its text and pair yet to be set; None without the answered message.

        Raises NotFound, PromptInvalid, EmptyText.
        """
        draft = ticket_texts.drafts_of(session, [reply.draft_id])[reply.draft_id]
        ticket = tickets.get(session, reply.ticket)
        thread = _until(ticket_threads.read(session, ticket, limit=READ), draft.answers)
        if not thread:
            return None
        said = [Said(one.role, one.content, one.name, one.at) for one in thread[-THREAD:]]
        opened = asked(said, ticket.subject)
        messages = render(self._plan(reply, draft, opened)).messages
        names = [ticket.customer, reply.author or "", reply.agent or ""]
        made = Turn("reply", talk_of(session, ticket), messages, reply.text)
        made.reply_id, made.draft = reply.id, draft.text
        made.prompt, made.version, made.label = draft.prompt, draft.version, ticket.intent
        made.people = tuple(dict.fromkeys([*names, *(one.name for one in thread)]))
        return made

    def _plan(self, reply: SentReply, draft: TicketDraft, opened: Asked) -> Plan:
        sources = [Source(**each) for each in draft.sources]
        agent = reply.agent or reply.author or ""
        wishes = Wishes(draft.tone or "neutral", tuple(reply.facts), draft.instruction, agent)
        prompt, renderer = self._releases.prompt(draft.version), self._releases.renderer
        plan = plan_of(prompt, opened, sources, wishes, self._workspace, renderer)
        if not self._quotes(draft.model):
            return varied(plan, draft.variant % VARIANTS)
        spec = prompt.passages_input
        if spec is None or not sources:
            return plan
        found = quoting.ranked(self._encoder(), opened.question, opened.hints, sources)
        picked = quoting.chosen(found, draft.variant % VARIANTS)
        return replace(
            plan, values=dict(plan.values) | {spec.name: quoting.passages(picked, sources)}
        )

    def _quotes(self, model: str) -> bool:
        """Whether a model (label) quotes; one that is gone is taken for one that does not."""
        try:
            return self._registry.resolve(model).trained_on_tags
        except UnknownModel:
            return False


def _until(thread: Sequence[TicketMessage], last: str | None) -> list[TicketMessage]:
    """The thread up to a message (public id); nothing where that is not in it."""
    at = next((at for at, one in enumerate(thread) if one.public_id == last), -1)
    return list(thread[: at + 1])


def talk_of(session: "Session", ticket: Ticket) -> str:
    """Which conversation a ticket is of: that of what goes on with it, as a chat or by itself.

    Its thread is in the thread of that one, so both are one conversation.
    """
    root = tickets.by_id(session, ticket.merged_into) if ticket.merged_into else ticket
    chat = tickets.conversation_of(session, root)
    return hashed("conversation", chat) if chat else hashed("ticket", root.public_id)
