"""Two models or prompts side by side on live questions, and votes.

    service.py: comparisons, questions, answers, votes · views.py: what they show

Knows no page.
"""

from chatbot.comparing.service import ROLES, Comparing
from chatbot.comparing.views import Asked, Choice, Line, Place, Prompt, Side, Standing, Voted

__all__ = [
    "ROLES",
    "Asked",
    "Choice",
    "Comparing",
    "Line",
    "Place",
    "Prompt",
    "Side",
    "Standing",
    "Voted",
]
