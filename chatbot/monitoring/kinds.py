"""Of which kind an error is, by the sentence that an answer ended with.

An answer keeps the sentence that people read. Each kind is named by sentences of `chatbot.errors`,
of `chatbot.answering` and of `chatbot.backends.provider_errors`; hosts and models in them vary.
`tests/unit/chatbot/monitoring/test_kinds.py` goes through all of these.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

TITLES: Mapping[str, str] = {
    "unavailable": "Model not available",
    "timeout": "No answer in time",
    "broken": "Connection broke off",
    "busy": "Provider busy",
    "quota": "Provider's quota used up",
    "refused": "Request refused",
    "too long": "Too long for the model",
    "empty": "Empty answer",
    "stopped": "Server stopped",
    "other": "Other",
}
"""How people read each kind. In this order they stand in a plot."""

_SAID = (
    ("unavailable", r"cannot be loaded|files are damaged|overloaded or starting|no such model\."),
    ("timeout", r"did not answer in time"),
    ("busy", r"server is busy|asked a lot in a short time"),
    ("quota", r"quota is used up"),
    ("too long", r"does not fit this model"),
    ("empty", r"model gave no answer"),
    ("stopped", r"server stopped here"),
    ("refused", r"refused the request|does not accept the key|requests on elsewhere"),
    ("refused", r"knows no such model or path|does not answer\. Check that the server runs"),
    ("broken", r"broke off|failed \(\d+\)|stream ended before"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _SAID)


@lru_cache(maxsize=512)
def kind_of(sentence: str) -> str:
    """A name of `TITLES`; `stopped` for an answer that a crash left without a sentence."""
    if not sentence:
        return "stopped"
    return next((kind for kind, said in _PATTERNS if said.search(sentence)), "other")
