"""Doors for programs: plain HTTP with JSON. Parse, call, answer; no widget."""
