"""Hides the personal values of a turn for good: what a tag stood for is not kept anywhere.

All texts of a turn are hidden together, so that the same value is the same tag in the question, the
passages, the reply and the worse reply. Names are found by form (chatbot.masking), by whose
conversation it is, and in what people wrote by the name head, where there is an encoder.
"""

from collections.abc import Callable, Iterable, Mapping

from chatbot import masking
from chatbot.drafting.letter import parted
from chatbot.learning.dataset.turns import Turn
from chatbot.masking import Rules
from chatbot.values import TAG

SOFT = frozenset({"name", "company"})
"""Types of tags that a reply may have from nowhere: it greets and signs."""

Named = Callable[[str], Iterable[str]]
"""A text → the names of people in it."""


def hide(turn: Turn, rules: Rules, named: Named) -> Mapping[str, int]:
    """Hide the values of a turn in it; how many different ones of each group of masking."""
    texts = [*(one["content"] for one in turn.messages), turn.reply, turn.rejected or ""]
    people = list(turn.people)
    if turn.source != "import":
        written = [one["content"] for one in turn.messages if one["role"] != "system"]
        for text in (*written, turn.reply):
            people += named(text)
    hidden = masking.hide(texts, rules, people)
    *said, turn.reply, rejected = hidden.texts
    turn.messages = [one | {"content": text} for one, text in zip(turn.messages, said, strict=True)]
    turn.rejected = None if turn.rejected is None else rejected
    return hidden.counts


def ungreeted(messages: Iterable[Mapping[str, str]], reply: str) -> str:
    """The reply without a greeting that names somebody whom no message names.

    Greetings are written by rule around a draft, from the ticket's customer; a model that learned
    to write them would make names up.
    """
    greeting, body, closing = parted(reply)
    known = "\n".join(one["content"] for one in messages)
    if not body or all(match[0] in known for match in TAG.finditer(greeting)):
        return reply
    return f"{body}\n\n{closing}".strip()


def unfounded(messages: Iterable[Mapping[str, str]], reply: str) -> list[str]:
    """Tags of a reply that stand in no message: values that a model would have to invent."""
    known = {match[0] for one in messages for match in TAG.finditer(one["content"])}
    found = dict.fromkeys(match[0] for match in TAG.finditer(reply) if match["type"] not in SOFT)
    return [tag for tag in found if tag not in known]
