"""The exact things in a text (amounts, dates, phones, codes …) and the typed tags they become.

`find` finds them, `Tags` swaps them for tags such as ⟨phone 1⟩ and back, in streams too, and
`missing` names those of a draft that stand in no source. Knows nothing of models, messages
or rows; finds by form, checksum and neighbouring words, and looks nothing up.
"""

from chatbot.values.check import missing
from chatbot.values.find import TAG, find
from chatbot.values.phones import REGIONS
from chatbot.values.tags import Restorer, Tags
from chatbot.values.types import KINDS, TYPES, Value

__all__ = ["KINDS", "REGIONS", "TAG", "TYPES", "Restorer", "Tags", "Value", "find", "missing"]
