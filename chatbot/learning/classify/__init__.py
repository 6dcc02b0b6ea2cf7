"""Trains heads on the sentence encoder: mood, intents and names, from labelled rows."""
