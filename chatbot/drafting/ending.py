"""A model's whole text → a finished draft: cited, freed of its last line "Missing: …", marked.

Knows texts and figures; asks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.analysis import Said
from chatbot.drafting.asking import Asked, Wishes
from chatbot.drafting.checking import check, said_in
from chatbot.drafting.citing import cite
from chatbot.drafting.claims import numbers, uncited
from chatbot.drafting.lacking import asked_for, without_line
from chatbot.drafting.letter import called
from chatbot.drafting.small import to_last_quotation, whole
from chatbot.drafting.views import Check, Draft, Source
from chatbot.drafting.writing import Served, Status

ARTICLE = "an article that answers this"
QUOTED_ABROAD = (
    "{label} writes English only: what is {language} here was quoted from your articles. "
    "Read it as a whole before you send it."
)
ENGLISH_ONLY = (
    "{label} writes English only, and this customer writes {language}. "
    "Choose a larger model, or translate the draft yourself."
)
NO_SOURCES = "No article fits this message, so nothing in the draft has a source."
LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "sv": "Swedish",
    "da": "Danish",
    "tr": "Turkish",
}
"""Names of languages that notes and translations use; others by their code."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, and how it came about. `language`: of the text, or empty."""

    text: str
    language: str
    quotes: bool
    label: str
    status: Status
    first_s: float | None
    total_s: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What a draft was asked from. `known`: what we are called. `unhappy`: the customer is.

    `language` is the customer's.
    """

    thread: Sequence[Said]
    asked: Asked
    sources: tuple[Source, ...]
    wishes: Wishes
    language: str
    known: tuple[str, ...]
    unhappy: bool = False


def ended(written: Written, given: Given, served: Served, *, foreign: bool) -> Draft:
    """The finished draft. `foreign`: it is in another language than its sources."""
    sources = given.sources
    said = said_in(given.thread, given.wishes.facts)
    body, missing = without_line(written.text.strip())
    if written.quotes and written.status == "truncated":
        body = to_last_quotation(body, [one.text for one in sources])
    body = cite(body, sources, said, foreign=foreign)
    missing = _missing(body, missing, given)
    text = _letter(body, missing, written, given) if written.quotes and body else body
    looked = _looked_at(text, given, foreign=foreign)
    return Draft(
        text=text,
        sources=sources,
        missing=missing,
        unsupported=_sentences(looked),
        marks=looked.marks,
        language=given.language,
        model=written.label,
        prompt=served.prompt.name,
        version=served.sha,
        number=served.number,
        release_id=served.release_id,
        first_s=written.first_s,
        total_s=written.total_s,
        notes=_notes(written, given),
        status=written.status,
    )


def _looked_at(text: str, given: Given, *, foreign: bool) -> Check:
    known = (*given.known, given.wishes.agent)
    return check(
        text,
        given.thread,
        given.sources,
        given.wishes.facts,
        foreign=foreign,
        known=known,
    )


def _missing(body: str, named: Sequence[str], given: Given) -> tuple[str, ...]:
    """What the model named, what is asked for and not there, and an article where none fits."""
    cited = set(numbers(body))
    used = [uncited(body), *(one.text for one in given.sources if one.n in cited)]
    lacking = asked_for(used, [one.text for one in given.thread])
    article = () if given.sources or given.asked.is_thanks else (ARTICLE,)
    return tuple(dict.fromkeys((*named, *lacking, *article)))


def _letter(body: str, missing: Sequence[str], written: Written, given: Given) -> str:
    """What a small model quoted, as a letter; one that was stopped stays as it is."""
    if written.status == "stopped":
        return body
    wishes = given.wishes
    return whole(
        body,
        tone=wishes.tone,
        customer=called(given.asked.customer),
        signed=wishes.agent or given.known[0],
        facts=wishes.facts,
        missing=[one for one in missing if one != ARTICLE],
        sorry=given.unhappy,
        language=written.language,
    )


def _sentences(looked: Check) -> tuple[str, ...]:
    return tuple(mark.text for mark in looked.marks if mark.kind == "unsupported")


def _notes(written: Written, given: Given) -> tuple[str, ...]:
    notes = list(written.notes)
    if written.quotes and given.language not in ("", "en"):
        language = LANGUAGES.get(given.language, given.language)
        quoted = written.language == given.language
        note = QUOTED_ABROAD if quoted else ENGLISH_ONLY
        notes.append(note.format(label=written.label, language=language))
    if not given.sources and not given.asked.is_thanks:
        notes.append(NO_SOURCES)
    return tuple(notes)
