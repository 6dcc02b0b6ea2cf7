"""Review: what waits for a judgement, and verdicts. Knows no page."""
