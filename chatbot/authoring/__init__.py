"""Writing prompts: drafts, versions, tests, releases, comparisons. For authors and administrators.

Versions and releases are only ever added. Every method takes the person who asks and looks up their
roles in the database, then does what it says or raises with a sentence for them.
"""

from chatbot.authoring.access import Parts
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

__all__ = [
    "Authoring",
    "Badge",
    "Draft",
    "HistoryPage",
    "Parts",
    "PromptLine",
    "ReleaseLine",
    "ReleasePage",
    "Saved",
    "Share",
    "TestsState",
    "Version",
]
