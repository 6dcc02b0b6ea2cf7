"""What a text says without asking a model: its language, mood, wish, exact things and names.

    service.py (one door) ─▶ languages.py · moods.py · intents.py · entities.py ─▶ backends.heads
                          ─▶ cards.py (a thread's summary, by rules and heads)
    views.py is what doors see.

Every method takes milliseconds and no model call. Without the sentence encoder the heads are
silent (None, or by rules), and everything else works. Knows nothing of rows, people or pages.
"""

from chatbot.analysis.service import Analysis
from chatbot.analysis.views import Card, Entity, Intent, Item, Mood, Quote, Said

__all__ = ["Analysis", "Card", "Entity", "Intent", "Item", "Mood", "Quote", "Said"]
