"""Tests of prompts: cases asked of versions and models, judged, stored, compared, reported.

    service.py (who may, rows) ─▶ matrix.py (everything at once) ─▶ asking.py (the path of a turn)
                                                                 ─▶ prompts.checks, rubric.py
    injection.py makes the attack suite; views.py what doors see; probing.py asks tests and attacks
    for an evaluation of a tuned model.

Nothing here publishes: chatbot/gate.py looks at what was stored.
"""

from chatbot.testing.folder import Folders
from chatbot.testing.matrix import Column, Progress
from chatbot.testing.planning import Planning
from chatbot.testing.probing import ProbeRuns
from chatbot.testing.running import Runner
from chatbot.testing.service import Testing
from chatbot.testing.turns import TurnCases
from chatbot.testing.views import CellView, ColumnView, RunView, Standing

__all__ = [
    "CellView",
    "Column",
    "ColumnView",
    "Folders",
    "Planning",
    "ProbeRuns",
    "Progress",
    "RunView",
    "Runner",
    "Standing",
    "Testing",
    "TurnCases",
]
