"""The one door of the review."""

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.options import Options
from chatbot.review.key import Key
from chatbot.review.parts import Parts
from chatbot.review.telling import Telling
from chatbot.tracing import Traces


class Review(Telling):
    """What waits for a verdict. Blocking but for `keep_reading`: call it from threads.

    Only people who are reviewers in the database may use it; the methods that others may call say
    so. A foreign or unknown id is NotFound. `workspace`: a name that is not hidden.
    """

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        options: Options,
        traces: Traces,
        analysis: Analysis,
        workspace: str,
    ) -> None:
        super().__init__(Parts(archive, audit, options, traces, analysis, workspace, Key(archive)))
