"""Our local runtime on a Ray cluster, behind OpenAI's contract (extra `cluster`)."""
