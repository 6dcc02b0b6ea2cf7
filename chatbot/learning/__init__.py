"""Everything that trains. Imported by its own commands only, never by a running server."""
