"""Exercises without end in copying, looking up, and quoting what answers.

The first two are windows of ids made of random words and tags: nothing but the context can
tell the answer, and only the answers are learned. Quoting is done on real text: a few of a
passage's words in, the sentence they come from out. Knows ids and texts, no files.
"""

import re
from collections.abc import Iterator, Sequence
from random import Random

from chatbot.learning.packing import Encoded
from chatbot.learning.starter.sources import Chat
from chatbot.learning.starter.tokenizer import TAGS, Encoder
from chatbot.picking import sentences

REPEAT_SHARE = 0.4
SAME_TYPE_SHARE = 0.6
PART_OF_KEY_SHARE = 0.5
STATEMENTS = ((" The", " is", "."), (" For", " it is", "."), ("\n", ":", "."))
QUESTIONS = (" What is the", " How about the", " Which")
HEAD_START = 2  # tokens of a repetition that nothing can foretell
EASY, HARD = (8, 3, 1, 0), (88, 12, 4, 8)
"""Longest repetition, most statements, words of a key, words between: at level 0 and 1."""

CONTENT = re.compile(r"[A-Za-z][a-z]{3,}")
QUOTE_REQUESTS = ("", "", "", "Quote: ", "Find this: ", "Where does it say: ", "what about ")
WORDS_EVERY = 5
"""Every fifth word is never a key, so that looking up can be measured on unseen ones."""

FEWEST_WORDS = 5  # of a sentence worth quoting
BACKGROUND = (1, 3)  # passages around the one that is quoted


class Exercises:
    """Windows of repetitions and look-ups over the words of one tokenizer.

    `unseen` are the ids of words that are never a key, `types` the ids of the tags of each type.
    """

    def __init__(self, encoder: Encoder, window: int) -> None:
        self._window, self._bos, self._end = window, encoder.bos, encoder.end
        words = encoder.words()
        self._words = [word for n, word in enumerate(words) if n % WORDS_EVERY]
        self.unseen = words[::WORDS_EVERY]
        self._everything = encoder.ordinary()
        by_type: dict[str, list[int]] = {}
        for tag in TAGS:
            by_type.setdefault(tag.split()[0], []).extend(encoder.plain(tag))
        self.types = list(by_type.values())
        self._tags = [number for numbers in self.types for number in numbers]
        self._phrase = {
            text: encoder.plain(text)
            for text in {*QUESTIONS, "?", ".", *(part for s in STATEMENTS for part in s)}
        }

    def window(self, rng: Random, level: float) -> Encoded:
        """Return one window filled with exercises; `level` goes from 0 (easy) to 1."""
        ids, learn = [self._bos], [False]
        while len(ids) < self._window:
            make = self._repetition if rng.random() < REPEAT_SHARE else self._look_up
            more, wanted = make(rng, level)
            ids += more
            learn += wanted
        return ids[: self._window], learn[: self._window]

    def _repetition(self, rng: Random, level: float) -> Encoded:
        few = [*rng.sample(self._everything, 40), *self._tags]
        pool = few if rng.random() < 0.5 else self._everything
        said = [rng.choice(pool) for _ in range(rng.randint(4, _between(level, 0)))]
        unknown = len(said) + 1 + HEAD_START
        learn = [False] * unknown + [True] * (len(said) - HEAD_START)
        return [*said, self._end, *said], learn

    def _look_up(self, rng: Random, level: float) -> Encoded:
        count = rng.randint(2, _between(level, 1))
        pool = rng.choice(self.types) if rng.random() < SAME_TYPE_SHARE else self._tags
        answers = rng.sample(pool, min(count, len(pool)))
        length = rng.randint(1, _between(level, 2))
        between = _between(level, 3) if rng.random() < 0.5 else 0
        return self.look_up(rng, answers, self._words, length=length, between=between)

    def look_up(
        self,
        rng: Random,
        answers: Sequence[int],
        words: Sequence[int],
        *,
        length: int,
        between: int,
    ) -> Encoded:
        """Return statements that give each answer a key, then a question for each of them.

        Keys have `length` of the `words`; up to `between` others stand before a statement.
        """
        keys = [[rng.choice(words) for _ in range(length)] for _ in answers]
        ids: list[int] = []
        before, middle, after = (self._phrase[part] for part in rng.choice(STATEMENTS))
        for key, answer in zip(keys, answers, strict=True):
            ids += [rng.choice(words) for _ in range(rng.randint(0, between))]
            ids += [*before, *key, *middle, answer, *after]
        learn = [False] * len(ids)
        for number in rng.sample(range(len(keys)), len(keys)):
            asked = self._asked(rng, keys[number])
            ids += [*asked, answers[number], *self._phrase["."]]
            learn += [False] * len(asked) + [True, False]
        return ids, learn

    def _asked(self, rng: Random, key: list[int]) -> list[int]:
        if len(key) > 1 and rng.random() < PART_OF_KEY_SHARE:
            key = rng.sample(key, rng.randint(1, len(key)))
        return [*self._phrase[rng.choice(QUESTIONS)], *key, *self._phrase["?"]]


def _between(level: float, which: int) -> int:
    return round(EASY[which] + level * (HARD[which] - EASY[which]))


def quotations(passages: Sequence[str], rng: Random) -> Iterator[Chat]:
    """Yield chats that ask for a sentence of a text by some of its words, other texts around it.

    Of each text up to two sentences are asked for, one after the other.
    """
    for text in passages:
        quotable = [one.text for one in sentences(text) if len(one.text.split()) >= FEWEST_WORDS]
        quotable = [sentence for sentence in quotable if len(CONTENT.findall(sentence)) >= 2]
        if not quotable:
            continue
        others = rng.sample(passages, min(len(passages), rng.randint(*BACKGROUND)))
        given = [text, *(other for other in others if other != text)]
        rng.shuffle(given)
        chat: Chat = [{"role": "system", "content": "\n\n".join(given)}]
        for sentence in rng.sample(quotable, min(len(quotable), 2)):
            words = CONTENT.findall(sentence)
            kept = rng.sample(words, rng.randint(2, min(5, len(words))))
            asked = rng.choice(QUOTE_REQUESTS) + " ".join(kept).lower()
            chat.append({"role": "user", "content": asked})
            chat.append({"role": "assistant", "content": sentence})
        yield chat
