"""Addresses of others that are told of events, signed and once each."""
