"""What a call of the API does: messages in, pieces of an answer out. Knows no HTTP."""
