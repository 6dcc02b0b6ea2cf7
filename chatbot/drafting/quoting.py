"""Which sentences a model that only quotes is given: those that answer best, of the best passages.

A sentence counts by itself and by its passage, since a passage that fits is rarely beside the point
in its other sentences: on the demo's 75 tickets with expected facts, five sentences held all of
them for 57 instead of 52 (bench/draft.py --picks). Knows texts and an encoder; nothing of models.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.drafting.views import Source
from chatbot.picking import Pick, pick

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

MOST = 5
"""Sentences of a draft."""
LONGEST = 256
"""Tokens of a draft: five sentences of a language that the model was not trained on fit."""
FEW = 3
"""Sentences of a short variant."""
PASSAGE = 0.8
"""What the best passage adds to a sentence's score, which is 1 at most; others add their share."""
RANKED = 60
"""Sentences that are compared."""


def ranked(
    encoder: "Encoder | None", question: str, earlier: Sequence[str], sources: Sequence[Source]
) -> list[Pick]:
    """Sentences of the sources, the best first. Raises what `Encoder.encode` raises."""
    passages = [{"title": one.label, "text": one.text} for one in sources]
    found = pick(encoder, question, passages, earlier=earlier, most=RANKED).sentences
    best = max((one.score for one in sources), default=0.0)
    if best <= 0:
        return list(found)
    return sorted(found, key=lambda one: -(one.score + PASSAGE * sources[one.passage].score / best))


def chosen(found: Sequence[Pick], variant: int) -> tuple[Pick, ...]:
    """The sentences of a variant: the best; all of the best passage; the best few; later ones."""
    if not found:
        return ()
    first = found[0].passage
    tries = (
        tuple(found[:MOST]),
        tuple(one for one in found if one.passage == first)[:MOST],
        tuple(found[:FEW]),
        tuple(found[1 : MOST + 1]),
        tuple(found[2 : MOST + 2]),
    )
    different = list({frozenset(one): one for one in tries if one}.values())
    return different[variant % len(different)]


def passages(picked: Sequence[Pick], sources: Sequence[Source]) -> list[dict[str, str]]:
    """The sources cut down to these sentences, in their order; others are left out."""
    texts: dict[int, list[str]] = {}
    for one in sorted(picked, key=lambda pick: (pick.passage, pick.sentence.start)):
        texts.setdefault(one.passage, []).append(one.sentence.text)
    return [
        {"title": sources[at].label, "text": " ".join(kept)} for at, kept in sorted(texts.items())
    ]
