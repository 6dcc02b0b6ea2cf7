"""Figures of what was answered, by hour and version, and the alerts they raise."""
