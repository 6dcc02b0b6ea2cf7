"""Ranks the sentences of passages by how well they answer a question.

A score is two parts of cosine and one part of shared words (words.py); without an encoder, shared
words alone. Title and heading are read with each sentence, since a sentence seldom repeats its
subject. What else was tried, and what it gave: docs/decisions/0015-picking.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chatbot.picking.sentences import Sentence, sentences
from chatbot.picking.words import likeness

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

MEANING = 2 / 3
"""The cosine's share of a score, where there is an encoder."""


class Pick(NamedTuple):
    """A sentence of `passages[passage]` and its score: 1 says the same, 0 shares nothing."""

    passage: int
    sentence: Sentence
    score: float


@dataclass(frozen=True, slots=True)
class Picked:
    """The picked sentences, the best first. Empty where the passages hold no sentence."""

    sentences: tuple[Pick, ...]

    @property
    def best(self) -> float:
        """The highest score, 0 where nothing was picked.

        It tells passages of another subject from those of the right one. That a passage of the
        right subject lacks the very detail asked for, it hardly tells: a floor, not a verdict.
        """
        return self.sentences[0].score if self.sentences else 0.0

    def in_order(self) -> tuple[Pick, ...]:
        """The same sentences as they stand in the passages: better to read."""
        return tuple(sorted(self.sentences, key=lambda pick: (pick.passage, pick.sentence.start)))


def pick(
    encoder: "Encoder | None",
    question: str,
    passages: Sequence[Mapping[str, str]],
    *,
    earlier: Sequence[str] = (),
    most: int = 4,
) -> Picked:
    """Return the `most` sentences of the passages that answer best.

    `passages` have a `title` and a `text`; `earlier` is what the same person said before, oldest
    first. Equal scores keep the order of the passages. Raises what `Encoder.encode` raises.
    """
    found = [
        (number, sentence)
        for number, passage in enumerate(passages)
        for sentence in sentences(passage["text"])
    ]
    if not found:
        return Picked(())
    texts = [_with_titles(passages[number]["title"], sentence) for number, sentence in found]
    found_at = scores(encoder, question, earlier, texts)
    ranked = sorted(range(len(found)), key=lambda at: -found_at[at])
    return Picked(tuple(Pick(*found[at], found_at[at]) for at in ranked[:most]))


def nearest(
    encoder: "Encoder | None", question: str, texts: Sequence[str], most: int
) -> tuple[int, ...]:
    """Return the places of the `most` texts that are most like a question, the likest last.

    A model heeds most what stands nearest to the question. Raises what `Encoder.encode` raises.
    """
    like = scores(encoder, question, (), texts)
    ranked = sorted(range(len(texts)), key=lambda at: -like[at])
    return tuple(reversed(ranked[:most]))


def scores(
    encoder: "Encoder | None", question: str, earlier: Sequence[str], texts: Sequence[str]
) -> list[float]:
    """How well each text answers a question. Raises what `Encoder.encode` raises."""
    words = likeness(question, texts)
    if encoder is None:
        return words
    asked, *rows = encoder.encode([" ".join([*earlier, question]), *texts])
    return [
        MEANING * max(0.0, float(asked @ row)) + (1 - MEANING) * word
        for row, word in zip(rows, words, strict=True)
    ]


def _with_titles(title: str, sentence: Sentence) -> str:
    return ". ".join(part for part in (title, sentence.heading, sentence.text) if part)
