"""The exact things in a text (amounts, dates, phones, codes …) and the typed tags they become.

`find` finds them, `Tags` swaps them for tags such as ⟨phone 1⟩ and back, in streams too, and
`missing` names those of a draft that stand in no source. `conceal` hides the values of one
request, names included, as a small model trained on tags wants it. Knows nothing of models,
messages or rows; finds by form, checksum and neighbouring words, and looks nothing up.
"""

from chatbot.values.check import missing
from chatbot.values.conceal import TAGS_A_TYPE, conceal
from chatbot.values.find import TAG, find
from chatbot.values.names import names
from chatbot.values.phones import REGIONS
from chatbot.values.tags import Restorer, Tags
from chatbot.values.types import KINDS, TYPES, Value

__all__ = [
    "KINDS",
    "REGIONS",
    "TAG",
    "TAGS_A_TYPE",
    "TYPES",
    "Restorer",
    "Tags",
    "Value",
    "conceal",
    "find",
    "missing",
    "names",
]
