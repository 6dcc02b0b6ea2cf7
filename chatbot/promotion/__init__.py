"""Which model production serves: promotion behind a gate, and the way back.

Rows say which model the name in CHATBOT_MODEL stands for (chatbot/serving.py reads them); files
come and go by `adding` and chatbot/learning/exporting. Trains and measures nothing.
"""

from chatbot.promotion.findings import look
from chatbot.promotion.service import Promotion
from chatbot.promotion.views import Gate, Line, Stage
from store.model_releases import ModelMark, ModelRelease

__all__ = ["Gate", "Line", "ModelMark", "ModelRelease", "Promotion", "Stage", "look"]
