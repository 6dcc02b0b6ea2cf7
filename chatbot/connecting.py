"""Models behind an API that administrators connect while the server runs."""
