"""What is done by rule for a model that only quotes: it cannot rephrase, translate or add.

    whole(body, …)     what it quoted, as a letter with the given facts and what is asked back
    rework(text, want) another frame, the sentences with values alone, small mistakes mended
    insert(text, said) one more sentence before the closing lines

English, like the model. Every rule keeps all values. What it cannot do is refused with a sentence.
"""

import re
from collections.abc import Sequence

from chatbot.drafting.claims import every_sentence, is_claim
from chatbot.drafting.letter import FRAMES, SORRY, framed, parted, reframed
from chatbot.drafting.views import Want
from chatbot.errors import Refused
from chatbot.reworking import short

LARGER = "Choose a larger model for it, or change the text by hand."
RULED = "Done by rule: {label} quotes and cannot rephrase."
NO_LONGER = "{label} cannot write a text longer. " + LARGER
NO_TRANSLATION = "{label} writes English alone, so it cannot translate. " + LARGER
NOTHING_FITS = "{label} only quotes, and no source says anything about that. " + LARGER

FOR_THANKS = "Thank you for your kind words. We are very happy to hear that."
HOLDING = "Thank you for your message. I am looking into this and will write to you again."
SHORT = ("brief", "concise")

_SPACES = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_BEFORE_MARK = re.compile(r"[ \t]+([,.;:!?])(?=\s|$)")
_DOUBLED = re.compile(r"\b(\w+)([ \t]+\1)+\b", re.IGNORECASE)
_I = re.compile(r"\bi(?='m\b|'ve\b|'ll\b|'d\b|\s)")
_START = re.compile(r"(\A|\n[ \t]*\n?|[.!?][ \t]+)([a-z])")
_RIGHTLY_DOUBLED = frozenset({"that", "had"})


def whole(
    body: str,
    *,
    tone: str,
    customer: str,
    signed: str,
    facts: Sequence[str],
    missing: Sequence[str],
    sorry: bool,
    language: str,
) -> str:
    """A quoted body as a whole letter. `sorry`: the customer is unhappy. `language`: the body's."""
    english, opening = language in ("", "en"), FRAMES.get(tone, FRAMES["neutral"]).opening
    text = _unopened(body)
    if english and sorry and not opening and tone not in SHORT:
        text = f"{SORRY} {text}"
    said = text.casefold()
    more = [_ended(fact) for fact in facts if fact.strip().rstrip(".").casefold() not in said]
    parts = [text, " ".join(more)]
    if missing and english:
        parts.append(f"Could you please send us {_listed(missing)}?")
    whole_body = "\n\n".join(part for part in parts if part.strip())
    return framed(whole_body, tone, customer, signed, language)


def without_sources(*, thanks: bool) -> str:
    """What can be said where nothing can be quoted: to thanks, or that somebody will look."""
    return FOR_THANKS if thanks else HOLDING


def to_last_quotation(text: str, sources: Sequence[str]) -> str:
    """A text that was cut off, without its last sentence where no source has that to the letter."""
    every = every_sentence(text)
    last = every[-1].text.rstrip() if every else ""
    is_whole = last.endswith((".", "!", "?")) and any(last in source for source in sources)
    if len(every) > 1 and not is_whole:
        return text[: every[-1].start].rstrip()
    return text


def rework(text: str, want: Want, label: str) -> str:
    """A text in another way. Raises Refused where that takes more than rules."""
    if want == "longer":
        raise Refused(NO_LONGER.format(label=label))
    if want == "translate":
        raise Refused(NO_TRANSLATION.format(label=label))
    if want == "shorter":
        return _shorter(text)
    return _mended(text) if want == "grammar" else reframed(text, want)


def insert(text: str, sentence: str) -> str:
    """The text with one more sentence at the end of its body."""
    greeting, body, closing = parted(text)
    return _together(greeting, f"{body} {sentence}" if body else sentence, closing)


def _shorter(text: str) -> str:
    """Greeting, the sentences with values or questions, closing."""
    from chatbot import values  # reads tables for a tenth of a second

    greeting, body, closing = parted(text)
    kept = short(body, lambda said: values.find(said) or said.rstrip().endswith("?"))
    return _together(greeting, kept, closing)


def _mended(text: str) -> str:
    """Spaces, doubled words, capitals at the start of sentences and of "I"."""
    text = _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", text))
    text = _DOUBLED.sub(
        lambda twice: twice[0] if twice[1].casefold() in _RIGHTLY_DOUBLED else twice[1], text
    )
    return _START.sub(lambda found: found[1] + found[2].upper(), _I.sub("I", text))


def _unopened(body: str) -> str:
    """The body without the polite sentences that it opens with: its frame has one."""
    at = 0
    for one in every_sentence(body):
        if is_claim(one.text) or one.cited or one.text.rstrip().endswith("?"):
            break
        at = one.end
    return body[at:].lstrip() or body


def _together(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _ended(fact: str) -> str:
    said = fact.strip()
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _listed(things: Sequence[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last
