"""How the writer of a message feels, in five words: by a head in English, else by words.

The head learned from reviews, whose graded scores seldom come near the ends, so words of strong
feeling are counted beside it. The limits were chosen on the demo's English tickets.
"""

from chatbot.analysis.feelings import by_words, heat
from chatbot.analysis.views import Mood, MoodWord

ANGRY, UNHAPPY, CONTENT, HAPPY = -0.6, -0.35, 0.3, 0.7
"""Scores at which a mood begins, from -1 to 1."""
WORDS = 0.4
"""Weight of the words' score beside the head's."""
LOUD = 0.15
"""How much a score sinks by a heat of one."""


def word_of(score: float) -> MoodWord:
    """The mood's word for a score from -1 to 1."""
    if score <= ANGRY:
        return "angry"
    if score <= UNHAPPY:
        return "unhappy"
    if score < CONTENT:
        return "neutral"
    return "content" if score < HAPPY else "happy"


def mood_of(text: str, language: str, said: float | None) -> Mood:
    """The mood of a text; `said` is what the head says, None where it cannot read the language."""
    score = by_words(text, language)
    if said is not None:
        score = said + WORDS * score - LOUD * heat(text)
    score = max(-1.0, min(1.0, score))
    return Mood(word_of(score), round(score, 3))
