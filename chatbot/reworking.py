"""What a model too small to rephrase can make of a text: itself, short, a letter, a summary.

    forms("Make it shorter:\n\nThank you. It costs $3.")
    → ("Thank you. It costs $3.", "It costs $3.", "Dear customer, …")

Every form is made of the text's own sentences, and none loses a value. Which fits the request, the
model says. Knows English words for such requests, nothing of models.
"""

import re
from collections.abc import Callable

from chatbot.picking import sentences

REQUEST = re.compile(
    r"\b(?:re-?write|re-?phrase|re-?word|summar(?:y|i[sz]e)|shorten|shorter|briefer|polish"
    r"|(?:make|change|turn|put) (?:it|this|the|that))\b",
    re.IGNORECASE,
)
"""In the first lines of a question, over the text."""

SPOKEN = re.compile(
    r"^(customer|client|user|visitor|agent|assistant|support): *(.+)$", re.IGNORECASE | re.MULTILINE
)
SALUTED = re.compile(r"(?:dear|hello|hi|hey)\b", re.IGNORECASE)
WE = ("agent", "assistant", "support")


def forms(question: str) -> tuple[str, ...]:
    """The forms of the text under the first empty line, when what is above asks for one."""
    request, _, text = question.partition("\n\n")
    text = text.strip()
    if not text or not REQUEST.search(request):
        return ()
    if spoken := SPOKEN.findall(text):
        return (summary([(who.lower() in WE, said) for who, said in spoken]),)
    from chatbot import values  # reads tables for a tenth of a second

    letters = () if SALUTED.match(text) else (letter(text),)
    return tuple(dict.fromkeys((text, short(text, values.find), *letters)))


def short(text: str, holds_value: Callable[[str], object]) -> str:
    """The sentences that hold values; the first one where none does."""
    every = [one.text for one in sentences(text)]
    return " ".join([one for one in every if holds_value(one)] or every[:1]) or text


def letter(text: str) -> str:
    """The text between a salutation and a closing line."""
    return f"Dear customer,\n\n{text}\n\nKind regards"


def summary(spoken: list[tuple[bool, str]]) -> str:
    """Three lines of a thread's own words: Wants, Done, Open.

    `spoken`: for each message whether it was ours, and what it said.
    """
    theirs = [said for ours, said in spoken if not ours]
    ours = [said for ours, said in spoken if ours]
    last_is_ours, last = spoken[-1]
    wants = " ".join(theirs[: 1 if last_is_ours else -1] or theirs[:1]) or last
    left = "the customer's answer" if last_is_ours else last
    lines = {"Wants": wants, "Done": " ".join(ours) or "nothing yet", "Open": left}
    return "\n".join(f"{name}: {_ended(line)}" for name, line in lines.items())


def _ended(line: str) -> str:
    """The line with a mark at its end, which people in a hurry leave out."""
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
