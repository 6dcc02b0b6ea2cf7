"""Fine-tunings as runs: queued, trained by a process of their own, watched, stopped, resumed."""

from chatbot.learning.jobs.service import Runs as Runs
from store.runs import Run as Run
