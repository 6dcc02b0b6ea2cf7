"""Fine-tunings as runs: queued, trained by a process of their own, watched, stopped, resumed."""

from chatbot.learning.jobs.service import Run as Run
from chatbot.learning.jobs.service import Runs as Runs
