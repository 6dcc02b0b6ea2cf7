"""Knowledge: articles in, passages out. Searched by words and by meaning.

    Knowledge.add ─▶ store (articles, passages, words) ─▶ Knowledge.embed (vectors)
    Knowledge.search ─▶ words ∪ meaning ─▶ one score ─▶ Hits

Knows documents and rows; nothing of prompts, models that write, tickets or pages.
"""

from chatbot.knowledge.service import Knowledge as Knowledge
from chatbot.knowledge.views import Added as Added
from chatbot.knowledge.views import Article as Article
from chatbot.knowledge.views import Counts as Counts
from chatbot.knowledge.views import Hit as Hit
from chatbot.knowledge.views import Lack as Lack
from chatbot.knowledge.views import Listing as Listing
from chatbot.knowledge.views import Piece as Piece
from chatbot.knowledge.views import Row as Row
from chatbot.knowledge.views import State as State
from chatbot.knowledge.views import Version as Version
