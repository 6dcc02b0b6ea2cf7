"""Figures of what was answered, by hour and version, and the alerts they raise."""

from chatbot.monitoring.service import Monitoring as Monitoring
