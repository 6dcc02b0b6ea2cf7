"""The reply desk: tickets, their queue, drafts, replies, and the way back to the customer.

    service.py (one door) ─▶ intake · handing ─▶ reading ─▶ lists · triage ─▶ drafts ─▶ replies ─▶
    delivery
    views.py is what doors see.

A reply is never sent by itself: an agent sends it, it waits out the undo window, and one process
delivers it exactly once. Knows nothing of pages, protocols of mail, or how a draft is made.
"""

from chatbot.desk.drafts import Drafted
from chatbot.desk.errors import Blocked, TextConflict
from chatbot.desk.service import Desk
from chatbot.desk.views import (
    COUNTED,
    REASONS,
    Brought,
    Counts,
    Handed,
    How,
    Other,
    Queue,
    Reason,
    Reply,
    Row,
    Sending,
    Sort,
    State,
    StoredDraft,
    TakenBack,
    ThreadMessage,
    Ticket,
    Unbrought,
    Which,
    Work,
)

__all__ = [
    "COUNTED",
    "REASONS",
    "Blocked",
    "Brought",
    "Counts",
    "Desk",
    "Drafted",
    "Handed",
    "How",
    "Other",
    "Queue",
    "Reason",
    "Reply",
    "Row",
    "Sending",
    "Sort",
    "State",
    "StoredDraft",
    "TakenBack",
    "TextConflict",
    "ThreadMessage",
    "Ticket",
    "Unbrought",
    "Which",
    "Work",
]
