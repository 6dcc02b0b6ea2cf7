"""Alembic's scripts. Run from code by `store.migrate`; there is no alembic.ini."""
