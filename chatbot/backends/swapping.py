"""Tags in place of values at the door of a checkpoint that was trained on them.

The model reads and writes ⟨phone 1⟩; callers see the number. What an answer may not hold
follows from its prompt, so that a value can be copied and not invented. Knows a vocabulary and
messages, nothing of weights or runtimes.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from chatbot.backends.checkpoint import Phrases
from chatbot.backends.copying import Choice, Choosing, Copying, Kind
from chatbot.errors import ModelUnavailable
from chatbot.values import TAG, TAGS_A_TYPE, TYPES, Tags, conceal

ENDS = frozenset(".!?\n")
"""Characters that end a sentence."""


class Tokens(Protocol):
    """What of a tokenizer is needed here."""

    ends: frozenset[int]

    def encode_text(self, text: str) -> Sequence[int]:
        """The tokens of a text alone."""


class Swapping:
    """One checkpoint's tags and digits, by token.

    `vocabulary` is what each entry says, in the order of the ids. Raises ModelUnavailable when
    it lacks tags.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._tags: set[int] = set()
        self._digits: dict[int, frozenset[str]] = {}
        self._ends = {n for n, text in enumerate(vocabulary) if text.rstrip(" ")[-1:] in ENDS}
        for number, text in enumerate(vocabulary):
            if TAG.fullmatch(text):
                self._tags.add(number)
            elif digits := _digits(text):
                self._digits[number] = digits
        known = {vocabulary[number] for number in self._tags}
        wanted = {f"⟨{kind} {n}⟩" for kind in TYPES for n in range(1, TAGS_A_TYPE + 1)}
        if lacking := len(wanted - known):
            raise ModelUnavailable(
                f"The checkpoint says that it was trained on tags, but its tokenizer lacks "
                f"{lacking} of them. Set trained_on_tags to false, or export it again."
            )

    def hide(self, messages: Sequence[dict[str, str]]) -> tuple[list[dict[str, str]], Tags]:
        """The messages with tags for values, and the one numbering of them all."""
        texts, tags = conceal([message["content"] for message in messages])
        hidden = [
            message | {"content": text} for message, text in zip(messages, texts, strict=True)
        ]
        return hidden, tags

    def banned(self, prompt: Collection[int], tags: Tags) -> frozenset[int]:
        """What the answer to this prompt may not hold: tags that are not in it, and digits.

        Values for which no tag was left stand in the prompt as text; their digits, and no
        others, are allowed, for else they could not be copied.
        """
        needed = _digits("".join(tags.left()))
        digits = {number for number, held in self._digits.items() if not held <= needed}
        return frozenset(self._tags.difference(prompt) | digits)

    def copying(
        self,
        sentences: Sequence[str],
        said: Sequence[str],
        tokens: Tokens,
    ) -> Copying:
        """What holds an answer to these sentences, hidden as the prompt is.

        Tags that stand in none of the texts `said` by people are guarded.
        """
        encode = tokens.encode_text
        forms = [{tuple(encode(text)), tuple(encode(f" {text}"))} for text in sentences]
        known = {token for text in said for token in encode(text)}
        return Copying(forms, self._tags - known, self._ends)

    def choosing(
        self,
        sentences: Sequence[str],
        phrases: Phrases,
        tokens: Tokens,
    ) -> Choosing:
        """What holds an answer to these sentences, hidden as the prompt is, and the phrases."""
        told: tuple[tuple[Kind, Sequence[str]], ...] = (
            ("quoted", sentences),
            ("opening", phrases.openings),
            ("closing", phrases.closings),
            ("limit", phrases.limits),
        )
        encode = tokens.encode_text
        choices = [
            Choice(kind, tuple(encode(text)), tuple(encode(f" {text}")))
            for kind, texts in told
            for text in dict.fromkeys(texts)
        ]
        return Choosing(choices, tokens.ends)


def _digits(text: str) -> frozenset[str]:
    """The decimal digits of a text, of any alphabet."""
    return frozenset(char for char in text if char.isdecimal())
