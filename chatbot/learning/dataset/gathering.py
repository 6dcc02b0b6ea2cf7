"""What was reviewed and sent → turns, with the messages that the prompt rendered for them.

    a judged answer  ─▶ its trace, rendered again by the version that it names
                        (without a trace: by the version that serves the conversation now)
    a sent reply     ─▶ the ticket up to what was answered, with the draft's passages and wishes

A verdict makes a turn where the answer was good as it stood, or was corrected; several reviewers
who disagree make none. Knows rows and prompts; nothing of masks, splits or files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from chatbot.answering import HISTORY, plan_of
from chatbot.archive import Archive
from chatbot.chain import render
from chatbot.errors import ChatbotError, NotFound
from chatbot.learning.dataset.drafted import Drafted, talk_of
from chatbot.learning.dataset.turns import Left, Turn, hashed
from chatbot.learning.dataset.views import Origin
from chatbot.releases import Releases
from chatbot.tracing import rendered
from store import dataset_sources, messages, tickets
from store.dataset_sources import Answer, Judged, Opinion, SentReply
from store.records import Message, Trace

if TYPE_CHECKING:
    from store.engine import Session

PAGE = 20
"""Items that are read and rendered at once: a writer may wait for the end of a page."""
WHOLE = "complete"

POOR = "judged poor, and nobody corrected it"
UNUSED = "not to be used for training, says its reviewer"
SPLIT = "reviewers disagree"
SKIPPED = "skipped by its reviewer"
GONE = "its conversation was deleted, or it is no answer"
CUT = "the answer broke off and was not corrected"
REFUSED = "its prompt cannot be rendered any more"
NO_THREAD = "the message that the draft answered is not there any more"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the verdicts on an item say together. `text`: the corrected answer."""

    kind: Literal["good", "corrected", "left"]
    text: str = ""
    why: str = ""


def decide(opinions: Sequence[Opinion]) -> Decision:
    """One decision of all verdicts, the oldest first. The newest correction counts."""
    judged = [one for one in opinions if one.rating]
    if not judged:
        return Decision("left", why=SKIPPED)
    if not all(one.use for one in judged):
        return Decision("left", why=UNUSED)
    corrected = [one for one in judged if one.text is not None and one.text.strip()]
    if not corrected and len({one.rating for one in judged}) > 1:
        return Decision("left", why=SPLIT)
    if corrected:
        return Decision("corrected", text=str(corrected[-1].text))
    return Decision("good") if judged[-1].rating > 0 else Decision("left", why=POOR)


class Gathering:
    """Reads turns of one workspace. `drafted` renders what drafts were made from."""

    def __init__(
        self, archive: Archive, releases: Releases, drafted: Drafted, workspace: str
    ) -> None:
        self._archive = archive
        self._releases = releases
        self._drafted = drafted
        self._workspace = workspace

    def judged(self, sources: Sequence[Origin], since: datetime | None) -> Iterator[Turn | Left]:
        """Turns of judged answers and replies, in order of the items."""
        after = 0
        while True:
            with self._archive.main.reading() as session:
                page = dataset_sources.judged(session, after=after, since=since, limit=PAGE)
                found = [self._judged(session, item, sources) for item in page]
            if not page:
                return
            yield from (one for one in found if one is not None)
            after = page[-1].id

    def sent(
        self, since: datetime | None, least_distance: float, *, unjudged: bool
    ) -> Iterator[Turn | Left]:
        """Turns of replies that were sent, in order. `unjudged`: those that nobody judged alone.

        The draft is the worse of a pair where at least `least_distance` (0 to 1) was changed.
        """
        after = 0
        while True:
            with self._archive.main.reading() as session:
                page = dataset_sources.sent(session, after=after, since=since, limit=PAGE)
                votes = dataset_sources.of_replies(session, [one.id for one in page])
                found = [
                    self._sent(session, one, votes.get(one.id, ()), least_distance)
                    for one in page
                    if not (unjudged and one.id in votes)
                ]
            if not page:
                return
            yield from found
            after = page[-1].id

    def _judged(
        self, session: "Session", item: Judged, sources: Sequence[Origin]
    ) -> Turn | Left | None:
        """The turn of an item; None where its source was not asked for."""
        decision = decide(item.opinions)
        if decision.kind == "left":
            return Left(decision.why)
        source: Origin = "verdict" if decision.kind == "good" else "correction"
        if source not in sources:
            return None
        if item.reply_id is not None:
            reply = dataset_sources.sent_by_ids(session, [item.reply_id]).get(item.reply_id)
            made = self._reply(session, reply) if reply else Left(GONE)
            was = reply.text if reply else ""
        else:
            made, was = self._answer(session, item.message_id or 0)
        if isinstance(made, Left):
            return made
        made.source, made.label = source, item.topic or made.label
        if decision.kind == "good":
            made.reply = was
            return Left(CUT) if not made.whole else made
        made.reply = decision.text
        made.rejected = was if was.strip() and was.strip() != decision.text.strip() else None
        return made

    def _sent(
        self,
        session: "Session",
        reply: SentReply,
        votes: Sequence[Opinion],
        least_distance: float,
    ) -> Turn | Left:
        decision = decide(votes) if votes else Decision("good")
        if decision.kind == "left" and decision.why != SKIPPED:
            return Left(decision.why)
        made = self._reply(session, reply)
        if isinstance(made, Left):
            return made
        made.reply = decision.text or reply.text
        worse = made.draft if (reply.distance or 0) >= least_distance else ""
        made.rejected = worse if worse.strip() and worse.strip() != made.reply.strip() else None
        return made

    # Messages, rendered again --------------------------------------------------------------------

    def _answer(self, session: "Session", message_id: int) -> tuple[Turn | Left, str]:
        """The turn of an answer without its reply, and what was answered."""
        found = dataset_sources.answers(session, [message_id]).get(message_id)
        if found is None:
            return Left(GONE), ""
        asked = messages.by_ids(session, found.conversation_id, [found.parent_id, found.id])
        both = {one.id: one for one in asked}
        question, reply = both[found.parent_id], both[found.id]
        trace = messages.traces(session, [found.id]).get(found.id)
        try:
            if trace is not None and trace.version is not None:
                made = self._traced(session, found, trace, question, reply)
            else:
                made = self._untraced(session, found, question)
        except ChatbotError:
            return Left(REFUSED), ""
        made.talk = hashed("conversation", found.talk)
        ticket = tickets.of_conversation(session, found.conversation_id)
        if ticket is not None and ticket.merged_into is not None:
            made.talk = talk_of(session, ticket)
        made.message_id = found.id
        made.people = (found.person,)
        made.whole = found.status == WHOLE
        return made, reply.content

    def _traced(
        self,
        session: "Session",
        found: Answer,
        trace: Trace,
        question: Message,
        reply: Message,
    ) -> Turn:
        version = str(trace.version)
        history = messages.by_ids(session, found.conversation_id, trace.history_ids)
        sent = rendered(self._releases, trace, version, question, history, reply)
        if not sent.messages:
            raise NotFound(REFUSED)
        said = sent.messages[:-1] if trace.inputs["continued"] else sent.messages
        made = Turn("verdict", "", said, "", prompt=trace.prompt, version=version)
        made.changed = sent.rendered_hash != trace.rendered_hash
        return made

    def _untraced(self, session: "Session", found: Answer, question: Message) -> Turn:
        """By the version that serves the conversation now, without the passages that it had."""
        path = (
            messages.path(session, question.parent_id, limit=HISTORY) if question.parent_id else []
        )
        version = found.version or self._releases.served(found.prompt)
        prompt = self._releases.prompt(version)
        plan = plan_of(prompt, question.content, path, self._workspace, self._releases.renderer)
        said = render(plan).messages
        made = Turn("verdict", "", said, "", prompt=found.prompt, version=version)
        made.present = True
        return made

    def _reply(self, session: "Session", reply: SentReply) -> Turn | Left:
        try:
            made = self._drafted.turn(session, reply)
        except ChatbotError:
            return Left(REFUSED)
        return made or Left(NO_THREAD)
