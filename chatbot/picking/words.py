"""How alike two texts are by the words they share, where no encoder is at hand. Knows English.

Words are cut to a stem ("returned" and "returns" meet), words of grammar are left out, and a word
that stands in few of the sentences counts for more (inverse document frequency: Spärck Jones 1972).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

_OF_GRAMMAR = """
    a about am an and any are as at be been but by can could did do does for from get got had has
    have hello hi how i if in is it its just me my no not of on or our please pls so some that
    the their them there they this to us was we were what when where which who why will with
    would you your
"""
GRAMMAR = frozenset(_OF_GRAMMAR.split())
"""Words that say nothing of the subject."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ers", "ed", "es")
_SHORTEST_STEM = 3


def stems(text: str) -> list[str]:
    """The stems of a text's words in order, words of grammar left out."""
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return [_stem(word) for word in words if word not in GRAMMAR]


def likeness(question: str, texts: Sequence[str]) -> list[float]:
    """For each text, the share of the question's weight that its words cover: 0 to 1."""
    asked = set(stems(question))
    found = [set(stems(text)) for text in texts]
    counts = Counter(stem for stems_ in found for stem in stems_)
    weight = {stem: math.log(1 + len(texts) / (1 + counts[stem])) + 0.1 for stem in asked}
    whole = sum(weight.values())
    return [sum(weight[stem] for stem in asked & has) / whole if whole else 0.0 for has in found]


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    else:
        if word.endswith("s") and not word.endswith("ss") and len(word) > _SHORTEST_STEM:
            word = word[:-1]
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeious":
        word = word[:-1]
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] in "eyi" else word
