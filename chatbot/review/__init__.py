"""Review: what people rated, flagged or changed waits here for a reviewer's verdict.

    service.py (one door): lists.py (the queue) · opening.py (one item, masked) · judging.py
    (verdicts, flags, comments) · exporting.py (files: examples.py, shapes.py) · telling.py
    reading.py: what an item is listed and found by, masked, made once
    hiding.py: one numbering of tags for all that an item shows · key.py: pseudonyms and seals

Reviewers see items alone, never whose they are, and every view is in the audit. Knows no page.
"""

from chatbot.review.service import Review
from chatbot.review.views import (
    TAGS,
    Agreement,
    Choices,
    Comment,
    Filters,
    Item,
    Line,
    Note,
    Opinion,
    Queue,
    Row,
    Shape,
    Span,
    Which,
)

__all__ = [
    "TAGS",
    "Agreement",
    "Choices",
    "Comment",
    "Filters",
    "Item",
    "Line",
    "Note",
    "Opinion",
    "Queue",
    "Review",
    "Row",
    "Shape",
    "Span",
    "Which",
]
