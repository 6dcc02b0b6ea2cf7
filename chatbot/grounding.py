"""Holds a small model to its sources: the sentences that it gets, and what its answer must hold.

A model that quotes (`ChatModel.quotes`) is given the few sentences that answer best instead of
whole passages, copies them to the letter (chatbot/backends/copying.py), and where its answer holds
none of them, the best one is added: it may never be worse than quoting. Knows plain values, an
encoder that may be absent, and texts; nothing of models.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.picking import Picked, pick, sentences

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

MOST = 4
"""Sentences that a model gets: they hold all values of a good reply in 87 % (bench/picking.py)."""

FITTING = 0.26
"""The least score of a best sentence, by an encoder: below it no passage is about the question."""

EARLIER = 2
"""Earlier questions that are read along, for a question that only hints at its subject."""

NEAREST = "\n\nThe closest that I have: "


@dataclass(frozen=True, slots=True)
class Ground:
    """What an answer stands on: the sentences it may quote, and the one that answers best."""

    sentences: tuple[str, ...] = ()
    best: str = ""
    asked: tuple[str, ...] = ()

    def missing(self, answer: str) -> str:
        """What is to be added to a whole answer: nothing, or the best sentence.

        An answer stands as it is when it quotes a sentence, or says a value that the person gave.
        """
        said = _plain(answer)
        if not self.best or any(_plain(one) in said for one in self.sentences):
            return ""
        if _says_a_value_of(self.asked, answer):
            return ""
        return (NEAREST if said else "") + self.best


def ground(
    prompt: prompts.Prompt,
    given: Mapping[str, Any],
    history: Sequence[Mapping[str, str]],
    open_encoder: "Callable[[], Encoder | None]",
) -> tuple[dict[str, Any], Ground]:
    """The values with picked sentences in place of passages, and what the answer stands on.

    `open_encoder` is called where there are passages.

    Raises what `Encoder.encode` raises.
    """
    name = next((spec.name for spec in prompt.inputs if spec.kind == "passages"), "")
    passages = given.get(name) or []
    question = str(given.get("question", ""))
    if not passages:
        return dict(given), Ground()
    encoder = open_encoder()
    asked = [one["content"] for one in history if one["role"] == "user"]
    picked = pick(encoder, question, passages, earlier=asked[-EARLIER:], most=MOST)
    if encoder is not None and picked.best < FITTING:
        return dict(given) | {name: []}, Ground()
    quoted = tuple(one.sentence.text for one in picked.in_order())
    best = picked.sentences[0].sentence.text if picked.sentences else ""
    return (
        dict(given) | {name: _narrowed(passages, picked)},
        Ground(quoted, best, (*asked, question)),
    )


def drafts(prompt: prompts.Prompt, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The sentences of a text to work on: what a question holds under its first empty line."""
    _, _, text = str(given.get("question", "")).partition("\n\n")
    return tuple(one.text for one in sentences(text)) if prompt.input("question") else ()


def _narrowed(passages: Sequence[Mapping[str, str]], picked: Picked) -> list[dict[str, str]]:
    """The passages cut down to their picked sentences; those without any left out."""
    texts: dict[int, list[str]] = {}
    for one in picked.in_order():
        texts.setdefault(one.passage, []).append(one.sentence.text)
    return [dict(passages[at]) | {"text": " ".join(kept)} for at, kept in texts.items()]


def _says_a_value_of(texts: Sequence[str], answer: str) -> bool:
    from chatbot import values  # reads tables for a tenth of a second

    said = "\n".join(texts)
    return any(value.text in said for value in values.find(answer))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
