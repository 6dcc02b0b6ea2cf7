"""The database: one place for every table, query and transaction. Knows nobody above it.

Queries take a session first and return frozen records, never rows. Only `engine.Database` commits.
"""
