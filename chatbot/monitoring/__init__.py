"""Figures of what was answered, by hour and version, and the alerts they raise."""

from chatbot.monitoring.measures import MEASURES as MEASURES
from chatbot.monitoring.service import Around as Around
from chatbot.monitoring.service import Monitoring as Monitoring
