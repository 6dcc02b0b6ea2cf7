"""Keys of programs: who they are, what they may use, and how much of it.

`Keys` is all of it. Knows no HTTP, no header and no page.
"""

from chatbot.keys.errors import KeyLimit, KeyUnknown, ModelNotAllowed, RoleMissing
from chatbot.keys.service import Keys
from chatbot.keys.views import Caller, KeyView, Left, Limits, NewKey, Usage

__all__ = [
    "Caller",
    "KeyLimit",
    "KeyUnknown",
    "KeyView",
    "Keys",
    "Left",
    "Limits",
    "ModelNotAllowed",
    "NewKey",
    "RoleMissing",
    "Usage",
]
