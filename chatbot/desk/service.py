"""The one door of the desk."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.chat import Chat
from chatbot.desk.delivery import Delivery
from chatbot.desk.drafts import Drafts
from chatbot.desk.handing import Handing
from chatbot.desk.intake import Intake
from chatbot.desk.lists import Lists
from chatbot.desk.parts import Parts
from chatbot.desk.reading import Reading
from chatbot.desk.replies import Replies
from chatbot.desk.triage import Triage
from chatbot.knowledge import Knowledge
from chatbot.notices import Notices

if TYPE_CHECKING:
    from chatbot.drafting import Drafting


class Desk(Lists, Triage, Handing, Intake, Reading, Drafts, Replies, Delivery):
    """Tickets for agents. Blocking but for `draft` and `keep_…`: call it from threads.

    Only people who are agents or administrators in the database may use it; the methods that a
    chatter may call say so, and see that person's own conversations alone. A foreign or unknown id
    is NotFound. `drafts_ahead`: whether drafts may be made that nobody asked for.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        notices: Notices,
        chat: Chat,
        analysis: Analysis,
        drafting: "Drafting",
        knowledge: Knowledge,
        *,
        late_hours: float,
        undo_seconds: float,
        text_limit: int,
        local_person: int,
        drafts_ahead: Callable[[], bool],
    ) -> None:
        super().__init__(
            Parts(
                archive=archive,
                audit=audit,
                notices=notices,
                chat=chat,
                analysis=analysis,
                drafting=drafting,
                knowledge=knowledge,
                late_hours=late_hours,
                undo_seconds=undo_seconds,
                text_limit=text_limit,
                local_person=local_person,
                drafts_ahead=drafts_ahead,
            )
        )
