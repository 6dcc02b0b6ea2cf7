"""Datasets: what was reviewed and sent, and files, as turns that a model can learn from."""

from chatbot.learning.dataset.service import Datasets
from chatbot.learning.dataset.views import Bad, Built, Checked, Dataset, Example, Problem

__all__ = ["Bad", "Built", "Checked", "Dataset", "Datasets", "Example", "Problem"]
