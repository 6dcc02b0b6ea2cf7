"""What a call of the API does: messages in, pieces of an answer out. Knows no HTTP.

Completions.run ─▶ a raw model, or `prompt:NAME` by the path of a turn
                ─▶ kept as a conversation of channel `api` where the key stores
"""

from chatbot.completions.errors import ShapeFailed as ShapeFailed
from chatbot.completions.errors import Unsupported as Unsupported
from chatbot.completions.once import Once as Once
from chatbot.completions.parts import Parts as Parts
from chatbot.completions.service import Completions as Completions
from chatbot.completions.views import Ask as Ask
from chatbot.completions.views import Embedded as Embedded
from chatbot.completions.views import Ended as Ended
from chatbot.completions.views import Logprob as Logprob
from chatbot.completions.views import ModelLine as ModelLine
from chatbot.completions.views import Piece as Piece
from chatbot.completions.views import Said as Said
from chatbot.completions.views import Schema as Schema
from chatbot.completions.views import Top as Top
