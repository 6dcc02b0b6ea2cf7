"""Hides the personal values of a turn for good: what a tag stood for is not kept anywhere.

All texts of a turn are hidden together, so that the same value is the same tag in the question, the
passages, the reply and the worse reply. Names are found by form (chatbot.masking), by whose
conversation it is, and in what people wrote by the name head, where there is an encoder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from chatbot.analysis import Analysis
from chatbot.drafting.letter import parted
from chatbot.learning.dataset.turns import Turn
from chatbot.masking import Rules, mask
from chatbot.options import Masking
from chatbot.values import TAG

SOFT = frozenset({"name", "company"})
"""Types of tags that a reply may have from nowhere: it greets and signs."""

Named = Callable[[str], Iterable[str]]
"""A text → the names of people in it."""


def rules_of(options: Masking, workspace: str) -> Rules:
    """What is hidden in datasets: what the workspace hides, and never less than by default."""
    rules = options.rules(workspace)
    return replace(rules, on=True, groups=rules.groups | Rules().groups)


def names_by(analysis: Analysis) -> Named:
    """The names of people that a head finds; none without an encoder."""

    def named(text: str) -> list[str]:
        if analysis.why_not():
            return []
        found = [one.text for one in analysis.entities(text) if one.kind == "person"]
        return [name for name in found if name[:1].isupper()]

    return named


def hide(turn: Turn, rules: Rules, named: Named) -> Mapping[str, int]:
    """Hide the values of a turn in it; how many different ones of each group of masking."""
    texts = [*(one["content"] for one in turn.messages), turn.reply, turn.rejected or ""]
    people = list(turn.people)
    if turn.source != "import":
        written = [one["content"] for one in turn.messages if one["role"] != "system"]
        for text in (*written, turn.reply):
            people += named(text)
    hidden, counts = hide_texts(texts, rules, people)
    *said, turn.reply, rejected = hidden
    turn.messages = [one | {"content": text} for one, text in zip(turn.messages, said, strict=True)]
    turn.rejected = None if turn.rejected is None else rejected
    return counts


def hide_texts(
    texts: Sequence[str], rules: Rules, people: Sequence[str] = ()
) -> tuple[list[str], Mapping[str, int]]:
    """The texts with tags, and how many different values of each group were hidden."""
    masked = mask([{"role": "user", "content": text} for text in texts], rules, people)
    # Masking tells a model about the tags in a system message of its own; no text is one here.
    hidden = [one["content"] for one in masked.messages if one["role"] == "user"]
    return hidden, masked.counts or {}


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
