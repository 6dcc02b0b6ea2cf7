"""Holds a small model to its sources: what it may quote, and what its answer must hold.

A model that quotes (`ChatModel.quotes`) is given the few sentences that answer best instead of
whole passages, and passes them on to the letter: it says how to open and to close, or, where the
sources may not fit, that they lack the answer (chatbot/backends/copying.py). To an answer that
quotes nothing the best sentence is added: it may never be worse than quoting. A question that looks
back (chatbot/lookback.py) gets the person's own earlier words said again. Which way of quoting is
best was measured: docs/decisions/0020-quoting.md. Knows plain values, an encoder that may be
absent, and texts; nothing of models.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.lookback import told
from chatbot.picking import Picked, pick

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

MOST = 5
"""Sentences that a model gets."""

FITTING = 0.1
"""The least score of a best sentence, by an encoder: below it no passage is about the question."""

SURE = 0.2
"""The score of a best sentence from which on the sources are taken to hold the answer."""

EARLIER = 1
"""Earlier questions that are read along, for a question that only hints at its subject."""

NEAREST = "\n\nThe closest that I have: "
TOLD = "You told me: "


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer stands on: the sentences to quote, joined, and the one that answers best.

    `asked` is what the person said; `told` what of it the question asks for. When not `sure`, the
    sources may lack the answer. `kept`: which passages the sentences are of, by place, and what is
    left of each; None where there were none to pick from.
    """

    quotation: str = ""
    best: str = ""
    sure: bool = False
    asked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    kept: tuple[tuple[int, str], ...] | None = None

    def missing(self, answer: str, *, for_others: bool = False) -> str:
        """What is to be added to a whole answer: nothing, the best sentence, what was told.

        An answer needs no sentence when it holds that, or says a value that the person gave. In a
        text `for_others` the sentence is added without a word, and nothing of what was told.
        """
        said = _plain(answer)
        stands = _plain(self.best) in said or _says_a_value_of(self.asked, answer)
        if for_others:
            return "" if stands else (" " if said else "") + self.best
        added = "" if stands else (NEAREST if said else "") + self.best
        again = [f"“{one.rstrip('.')}”" for one in self.told if _plain(one) not in said]
        if not again:
            return added
        return added + ("\n\n" if said or added else "") + TOLD + ", ".join(again) + "."


def ground(
    prompt: prompts.Prompt,
    given: Mapping[str, Any],
    history: Sequence[Mapping[str, str]],
    open_encoder: "Callable[[], Encoder | None]",
) -> tuple[dict[str, Any], Ground]:
    """The values with picked sentences in place of passages, and what the answer stands on.

    `open_encoder` is called where there are passages or earlier messages. Raises what
    `Encoder.encode` raises.
    """
    name = _input(prompt)
    passages = given.get(name) or []
    question = str(given.get("question", ""))
    asked = [one["content"] for one in history if one["role"] == "user"]
    encoder = open_encoder() if passages or asked else None
    again = told(encoder, question, asked)
    if not passages:
        return dict(given), Ground(told=again)
    picked = pick(encoder, question, passages, earlier=asked[-EARLIER:], most=MOST)
    if not picked.sentences or (encoder is not None and picked.best < FITTING):
        return dict(given) | {name: []}, Ground(told=again, kept=())
    kept = tuple(_narrowed(picked).items())
    held = Ground(
        quotation=" ".join(one.sentence.text for one in picked.in_order()),
        best=picked.sentences[0].sentence.text,
        sure=picked.best >= SURE,
        asked=(*asked, question),
        told=again,
        kept=kept,
    )
    narrowed = [dict(passages[at]) | {"text": text} for at, text in kept]
    return dict(given) | {name: narrowed}, held


def has_passages(prompt: prompts.Prompt, given: Mapping[str, Any]) -> bool:
    """Whether there is anything to pick from."""
    return bool(given.get(_input(prompt)))


def _input(prompt: prompts.Prompt) -> str:
    """The name of the input that takes passages; empty where there is none."""
    return spec.name if (spec := prompt.passages_input) else ""


def _narrowed(picked: Picked) -> dict[int, str]:
    """The picked sentences of each passage, by its place; those without any left out."""
    texts: dict[int, list[str]] = {}
    for one in picked.in_order():
        texts.setdefault(one.passage, []).append(one.sentence.text)
    return {at: " ".join(kept) for at, kept in texts.items()}


def _says_a_value_of(texts: Sequence[str], answer: str) -> bool:
    from chatbot import values  # reads tables for a tenth of a second

    said = "\n".join(texts)
    return any(value.text in said for value in values.find(answer))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
