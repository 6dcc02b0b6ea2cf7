"""Writing prompts: drafts, versions, tests, releases, comparisons. For authors and administrators.

Versions and releases are only ever added. Every method takes the person who asks and looks up their
roles in the database, then does what it says or raises with a sentence for them.
"""

from chatbot.authoring.access import Parts
from chatbot.authoring.exchanging import BAD_NAME, NAME
from chatbot.authoring.service import Authoring
from chatbot.authoring.views import (
    Badge,
    Draft,
    HistoryPage,
    PromptLine,
    ReleaseLine,
    ReleasePage,
    Saved,
    Share,
    TestsState,
    Version,
)
from chatbot.authoring.writing import Incoming

__all__ = [
    "BAD_NAME",
    "NAME",
    "Authoring",
    "Badge",
    "Draft",
    "HistoryPage",
    "Incoming",
    "Parts",
    "PromptLine",
    "ReleaseLine",
    "ReleasePage",
    "Saved",
    "Share",
    "TestsState",
    "Version",
]
