"""The frame of a reply, in a tone: how it greets, opens and closes. English.

A model too small to phrase is given one by rule, so that what it quotes reads as a letter; and
changes of tone are changes of the frame, since it cannot rephrase what is inside.
"""

import re
from dataclasses import dataclass

from chatbot.drafting.claims import is_claim


@dataclass(frozen=True, slots=True)
class Frame:
    """`greeting` with {name}, and without one; `opening` and `ending` are sentences or empty."""

    greeting: str
    nameless: str
    opening: str
    ending: str
    closing: str


FRAMES = {
    "neutral": Frame("Hello {name},", "Hello,", "", "", "Kind regards"),
    "warm": Frame(
        "Hello {name},",
        "Hello,",
        "Thank you so much for writing to us.",
        "If anything is unclear, just write to us again.",
        "Warm regards",
    ),
    "friendly": Frame(
        "Hi {name},",
        "Hi,",
        "Thanks for getting in touch!",
        "If anything is unclear, just write to us again.",
        "Best wishes",
    ),
    "formal": Frame(
        "Dear {name},",
        "Dear customer,",
        "Thank you for your message.",
        "Please do not hesitate to write to us if you have further questions.",
        "Yours sincerely",
    ),
    "empathetic": Frame(
        "Hello {name},",
        "Hello,",
        "I understand how annoying this is.",
        "If anything is unclear, just write to us again.",
        "Kind regards",
    ),
    "apologetic": Frame(
        "Hello {name},",
        "Hello,",
        "I am sorry for the trouble that this has caused you.",
        "",
        "Kind regards",
    ),
    "brief": Frame("Hello {name},", "Hello,", "", "", "Kind regards"),
    "concise": Frame("Hello {name},", "Hello,", "", "", "Kind regards"),
}
"""A frame for each tone of a reply."""

ABROAD = {
    "de": Frame("Guten Tag {name},", "Guten Tag,", "", "", "Freundliche Grüße"),
    "es": Frame("Hola, {name}:", "Hola:", "", "", "Un saludo"),
    "fr": Frame("Bonjour {name},", "Bonjour,", "", "", "Cordialement"),
}
"""A frame for quotations in other languages than English."""

SORRY = "I am sorry about that."
_FIRST_AND_LAST = 2
_GREETING = re.compile(
    r"\A\s*((?:hello|hi|hey|dear|good \w+)\b[^\n]{0,80}?[,!]?)[ \t]*\n", re.IGNORECASE
)
_NAMED = re.compile(r"^(?:hello|hi|hey|dear|good \w+)[ \t]+(.+?)[,!]?$", re.IGNORECASE)
_CLOSING = re.compile(
    r"\n[ \t]*((?:(?:kind|best|warm|many)\w*[ \t]+(?:regards|wishes)|regards|cheers"
    r"|(?:yours[ \t]+)?sincerely)"
    r"[ \t]*,?[ \t]*(?:\n[^\n]{1,80}){0,3})\s*\Z",
    re.IGNORECASE,
)
_GENERIC = re.compile(r"^(?:customer|there|team|sir|madam|all)\b", re.IGNORECASE)


def framed(body: str, tone: str, name: str, signed: str, language: str = "en") -> str:
    """A body as a letter. `name` may be empty; `signed` stands under the closing line."""
    frame = ABROAD.get(language) or FRAMES.get(tone, FRAMES["neutral"])
    greeting = frame.greeting.format(name=name) if name else frame.nameless
    parts = (greeting, _joined(frame.opening, body), frame.ending, _signed(frame.closing, signed))
    return "\n\n".join(part for part in parts if part)


def _joined(opening: str, body: str) -> str:
    return f"{opening} {body}" if opening and body else opening or body


def _signed(closing: str, signed: str) -> str:
    return f"{closing}\n{signed}" if signed else closing


def reframed(text: str, tone: str) -> str:
    """A letter with the greeting, opening and closing of another tone; what it claims stays."""
    greeting, body, closing = parted(text)
    named = _NAMED.match(greeting)
    name = named[1].strip() if named and not _GENERIC.match(named[1]) else ""
    frame, signed = FRAMES[tone], closing.partition("\n")[2].strip()
    parts = [
        (frame.greeting.format(name=name) if name else frame.nameless) if greeting else "",
        _joined(frame.opening, _without_frames(body)),
        frame.ending if greeting or closing else "",
        _signed(frame.closing, signed) if closing else "",
    ]
    return "\n\n".join(part for part in parts if part)


def parted(text: str) -> tuple[str, str, str]:
    """Greeting, body and closing lines of a letter; what it lacks is empty."""
    greeting, closing = _GREETING.match(text), _CLOSING.search(text)
    body = text[greeting.end() if greeting else 0 : closing.start() if closing else len(text)]
    return (
        greeting[1].strip() if greeting else "",
        body.strip(),
        closing[1].strip() if closing else "",
    )


def _without_frames(body: str) -> str:
    """The body without the openings and endings that frames have."""
    for frame in FRAMES.values():
        for sentence in (frame.opening, frame.ending):
            if sentence and not is_claim(sentence):
                body = body.replace(sentence, "")
    lines = (re.sub(r"[ \t]{2,}", " ", line).strip() for line in body.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def called(name: str) -> str:
    """What a customer is called in a greeting: the first name of two, else all of it."""
    words = name.split()
    if not words or not all(part.strip(".-'’").replace("-", "").isalpha() for part in words):
        return ""
    if len(words) == _FIRST_AND_LAST and len(words[0].strip(".")) > 1:
        words = words[:1]
    called_so = " ".join(words)
    return called_so.title() if called_so.islower() else called_so
