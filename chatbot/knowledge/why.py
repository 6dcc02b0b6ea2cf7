"""Why a passage was found: the words of the question that stand in it, as the search reads them."""

import re

from chatbot.knowledge.views import Hit
from store.stemming import stems

_WORD = re.compile(r"[^\W_]+")


def matched(question: str, hit: Hit, most: int = 12) -> tuple[str, ...]:
    """The question's words that the hit's title, headings or text have too, in their order."""
    held = set(stems(f"{hit.label}\n{hit.text}", hit.language))
    words = dict.fromkeys(_WORD.findall(question))
    found = (word for word in words if held & set(stems(word, hit.language)))
    return tuple(found)[:most]
