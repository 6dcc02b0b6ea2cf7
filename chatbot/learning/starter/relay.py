"""Turns the corpus's free replies into what a model of this size can do: passing on.

A small model that learns to phrase freely learns the phrases by heart and says them to
anybody (LOG.md, run 2). So where the sources answer, it learns to open in a few words and
to pass on their sentences as they stand; a thread is summed up in its own sentences; a text
is reworked by adding and leaving out. Knows records with their slots still open.
"""

import re
from collections.abc import Sequence
from random import Random

from chatbot import reworking
from chatbot.learning.starter.reading import Record
from chatbot.learning.starter.slots import slots
from chatbot.picking import sentences

WORD = re.compile(r"\{\{\w+:\w+\}\}|[a-z]{3,}")
STOP = frozenset(
    """
    the and you your our are for with that this from not can will have has was were but they
    them its into than then also any all who what when where how which please
    """.split()  # noqa: SIM905 (read as a text)
)
OPENINGS = {
    "answer": ("", "", "", "", "Here is what I found: ", "Thanks for asking. ", "Of course. "),
    "multi": ("", "", "One after the other. ", "Thanks for your questions. "),
    "upset": ("I'm sorry about that. ", "That is annoying, I'm sorry. ", "I understand. "),
    "memory": ("", "", "Thanks for telling me. "),
}
CLOSINGS = ("", "", "", "", "", " Does that help?", " Just ask if anything is unclear.")
ENOUGH_OVERLAP = 0.34  # of a reply sentence's words, to count as said by a source's sentence
MOST_SENTENCES = 4
WARM = ("Thank you for your message. ", "Thanks for getting in touch. ", "Thank you for writing. ")
SHORTER = re.compile(r"short|brief|trim|cut|half|one line|text message|sms", re.IGNORECASE)
FORMAL = re.compile(r"formal|letter|e-?mail", re.IGNORECASE)


def words(text: str) -> set[str]:
    """Return the words of a text that say what it is about, slots included."""
    return set(WORD.findall(text.lower())) - STOP


def sources(record: Record, passages: Sequence[Record]) -> list[str]:
    """Return the sentences of the passages that say what the record's reply says, in order."""
    every = [one.text for passage in passages for one in sentences(passage["text"])]
    chosen: set[int] = set()
    for said in sentences(record["reply"]):
        about = words(said.text)
        scores = [len(about & words(one)) / max(1, len(about)) for one in every]
        best = max(range(len(every)), key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= ENOUGH_OVERLAP:
            chosen.add(best)
    found = slots(*(every[n] for n in chosen))
    for slot in sorted(slots(record["reply"]) - found):
        chosen |= set([n for n, one in enumerate(every) if slot in one][:1])
    return [every[n] for n in sorted(chosen)][:MOST_SENTENCES]


def reply(record: Record, passages: Sequence[Record], rng: Random) -> str | None:
    """Return the reply that passes the sources on; None where they do not say it all.

    Values of the reply that stand in no source (the thread's) need the free reply.
    """
    if record["skill"] not in OPENINGS:
        return None
    said = sources(record, passages)
    if not said or not slots(record["reply"]) <= slots(*said):
        return None
    return rng.choice(OPENINGS[record["skill"]]) + " ".join(said) + rng.choice(CLOSINGS)


def summary(thread: list[dict[str, str]]) -> str:
    """Return three lines of the thread's own sentences, as the product offers them."""
    return reworking.summary([(turn["role"] == "agent", turn["text"]) for turn in thread])


def rewriting(instruction: str, draft: str, rng: Random) -> str:
    """Return the draft in the form that fits, as the product offers them; no value is lost."""
    text = draft.strip()
    if SHORTER.search(instruction):
        return reworking.short(text, slots)
    if FORMAL.search(instruction):
        return reworking.letter(text)
    return rng.choice(WARM) + text
