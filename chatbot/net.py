"""Requests to addresses that people typed: to public ones alone, unless a host is allowed."""
