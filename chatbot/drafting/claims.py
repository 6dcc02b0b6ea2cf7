"""Cuts a reply into sentences, and tells which of them claim something.

Greetings, thanks, regrets, questions, requests and closing lines claim nothing: they need no
source. Every claim comes with the numbers that it cites, also when those stand behind its full
stop. Knows texts alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatbot.picking import sentences
from chatbot.picking.words import stems

CITED = re.compile(r"[ \t]*\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\]")
"""A citation with the space before it."""
UNFILLED = re.compile(r"\[\[([^\[\]\n]{1,80})\]\]")
"""A place that a person has to fill in."""

LEAST_WORDS = 2
"""Words of a subject, below which nothing is claimed."""
POLITE_WORDS = 9
"""Words of a subject up to which a sentence that opens politely is politeness alone."""
UNENDED_WORDS = 5
"""Words from which on a line without a mark at its end is a sentence; shorter ones sign."""

_OPENS_POLITELY = (
    r"hello|hi|hey|dear|welcome|good (?:morning|afternoon|evening|day)|you.?re welcome",
    r"(?:many |again,? )?thank(?:s| you)|of course|here is what|one after the other",
    r"(?:(?:i|we).{1,4} )?(?:(?:so|very|really|truly) )?(?:sorry|glad|happy)|that is annoying",
    r"(?:i|we) (?:\w+ )?(?:apologi[sz]e|regret|hope|wish|appreciate|understand|see|need)",
    r"(?:i|we) (?:would like|do not|don.t|cannot|can.t) (?:have|know|say|answer|tell|find)",
    r"(?:please )?accept (?:my|our)|to (?:help|answer|go on).*\b(?:i|we) (?:\w+ )?need",
    r"(?:kind|best|warm|many)(?:est)? (?:\w+ )?(?:regards|wishes)|regards|sincerely|yours",
    r"cheers|best\b|if (?:you|anything) .*(?:know|ask|questions?|us again)",
    r"(?:please |just )?(?:let (?:me|us)|feel free|do not hesitate|don.t hesitate|ask\b)",
    r"(?:please |just )?(?:get in touch|write (?:to )?(?:me|us))",
    r"please (?:(?:send|tell|give|share|name) (?:me|us)|reply|answer)|(?:i am )?looking forward",
    # German, Spanish, French
    r"hallo|guten |liebe|sehr geehrte|danke|vielen dank|mit (?:freundlichen|besten)",
    r"(?:viele|beste|liebe|freundliche) gr|es tut (?:mir|uns)|entschuldig|wir bitten|ich bitte",
    r"bitte (?:senden|schicken|teilen|nennen|schreiben|geben)|k(?:ö|oe)nnt?en sie",
    r"hola|buen[oa]s|estimad|querid|(?:muchas )?gracias|(?:un |cordiales )?saludo|atentamente",
    r"lo siento|lamento|disculp|por favor",
    r"bonjour|ch(?:er|ère)|merci|cordialement|bien à|désolé|veuillez|pourriez",
)
_POLITE = re.compile(rf"\W*(?:{'|'.join(_OPENS_POLITELY)})", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that claims something: `text` is the reply's from `start` to `end`, uncited."""

    start: int
    end: int
    text: str
    cited: tuple[int, ...]


def claims(text: str) -> list[Claim]:
    """The claims of a reply, in order; those that cite something always count."""
    return [one for one in every_sentence(text) if one.text and (one.cited or is_claim(one.text))]


def every_sentence(text: str) -> list[Claim]:
    """All sentences of a reply. A citation behind a full stop belongs to the sentence before."""
    found: list[Claim] = []
    for start, end in _sentences(text):
        if found and (behind := _cited_at(text, start)):
            before = found[-1]
            found[-1] = Claim(before.start, behind[0], before.text, (*before.cited, *behind[1]))
            start = behind[0] + len(text[behind[0] : end]) - len(text[behind[0] : end].lstrip())
        if start < end:
            piece = text[start:end]
            found.append(Claim(start, end, uncited(piece), numbers(piece)))
    return found


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Spans of sentences; a line that stands over others counts as one, too."""
    at = 0
    for one in sentences(text):
        for line in re.finditer(r"[^\n]*\w[^\n]*", text[at : one.start]):
            start = at + line.start() + len(line[0]) - len(line[0].lstrip())
            yield start, at + line.end()
        yield one.start, one.end
        at = one.end


def _cited_at(text: str, start: int) -> tuple[int, tuple[int, ...]] | None:
    """Where the citations that begin here end, and their numbers."""
    at, found = start, []
    while match := CITED.match(text, at):
        found += _numbers(match[1])
        at = match.end()
    return (at, tuple(found)) if found else None


def numbers(text: str) -> tuple[int, ...]:
    """The numbers that a text cites, like [1] or [1, 3], each once, in order."""
    found = [number for match in CITED.finditer(text) for number in _numbers(match[1])]
    return tuple(dict.fromkeys(found))


def _numbers(listed: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", listed)]


def uncited(text: str) -> str:
    """A text without its citations: what a customer reads."""
    return CITED.sub("", text)


def is_claim(sentence: str) -> bool:
    """Whether a sentence, without citations, claims something that needs a source."""
    said = sentence.strip()
    if said.endswith("?"):
        return False
    about = len(stems(said))
    ended = said[-1:] in ".!…:" or len(_WORD.findall(said)) >= UNENDED_WORDS
    if about < LEAST_WORDS or not ended:
        return any(map(str.isdigit, said)) and about > 1 and ended
    polite = _POLITE.match(said) is not None and about <= POLITE_WORDS
    return not polite or any(map(str.isdigit, said))
