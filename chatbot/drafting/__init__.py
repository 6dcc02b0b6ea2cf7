"""Drafts for people who answer customers: written from sources, cited, checked, rewritten.

    thread ─▶ asking.py (question, history, passages) ─▶ chatbot.chain ─▶ ending.py (citations,
    what is missing) ─▶ checking.py (marks) ─▶ Draft
    text ─▶ reworking.py ─▶ exact.py (numbers, links and names unchanged) ─▶ text
    words.py: what changed between two texts, word by word

Sends nothing and keeps nothing: whoever asks is handed text. Knows knowledge, analysis and prompts;
nothing of tickets, rows of drafts or pages.
"""

from chatbot.drafting.service import Drafting
from chatbot.drafting.views import (
    REWORKS,
    Check,
    Draft,
    Mark,
    ReworkTold,
    Source,
    Told,
    ValuesChanged,
    Want,
)
from chatbot.drafting.words import Token, apply, changes, distance

__all__ = [
    "REWORKS",
    "Check",
    "Draft",
    "Drafting",
    "Mark",
    "ReworkTold",
    "Source",
    "Token",
    "Told",
    "ValuesChanged",
    "Want",
    "apply",
    "changes",
    "distance",
]
