"""Hides the values of one request for a small model that was trained on tags.

Training and serving both come here, so that the model meets at work what it was taught.
Knows nothing of messages or tokens: texts in, texts and their numbering out.
"""

from collections.abc import Sequence

from chatbot.values.names import names
from chatbot.values.tags import Tags

TAGS_A_TYPE = 8
"""Tags that a small model's tokenizer reserves for each type."""


def conceal(texts: Sequence[str]) -> tuple[list[str], Tags]:
    """Return the texts with tags for values and names, and the one numbering of them all.

    The first `TAGS_A_TYPE` values of each type get tags, later ones stay text. `hide` of the
    numbering goes on with the same names and limit, in a reply for instance.
    """
    tags = Tags(known=names(texts), limit=TAGS_A_TYPE)
    return [tags.hide(text) for text in texts], tags
