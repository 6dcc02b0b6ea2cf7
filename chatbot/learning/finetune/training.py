"""The way through a run. Start reading here."""

from pathlib import Path

from chatbot.learning.finetune.outcome import Outcome


def train(folder: Path) -> Outcome:
    """Train what the folder's plan says. Goes on where an earlier process of it stopped.

    Raises Refused (plan, rows, disk), ModelUnavailable or ModelCorrupt (base).
    """
    raise NotImplementedError(folder)
