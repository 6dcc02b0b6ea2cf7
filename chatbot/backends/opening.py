"""One checkpoint at a time is opened by transformers.

It imports its parts when they are first used and keeps what it does to new weights in the process:
of two threads that open at once, one may see a half-made module, or weights called missing that are
there.
"""

import threading

OPENING = threading.RLock()
"""To be held while transformers is imported or opens weights."""
