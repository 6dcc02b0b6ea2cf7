"""Cut an article into passages: along headings, then paragraphs, then sentences, with overlap."""

from dataclasses import dataclass

from chatbot.documents.parsed import SEPARATOR, Parsed

LONGEST = 1000
OVERLAP = 150
BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage. `heading`: "A › B"; `start`: its first character in `text_of` the article."""

    heading: str
    text: str
    start: int


def text_of(parsed: Parsed) -> str:
    """The article's text: its sections, headings left out, an empty line between them."""
    return BETWEEN.join(section.text for section in parsed.sections)


def cut(parsed: Parsed, *, longest: int = LONGEST, overlap: int = OVERLAP) -> list[Cut]:
    """Passages of at most `longest` characters; neighbours of a section share up to `overlap`."""
    raise NotImplementedError
