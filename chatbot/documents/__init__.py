"""Files to articles, articles to passages. Pure: knows no rows, no people and no network.

Markdown, HTML, PDF, DOCX, text and CSV. Whatever a file holds is text: markup is read for headings
and thrown away, scripts and links are never followed, nothing is run. A bad file is a `Bad` with
its reason and never an exception.
"""

from chatbot.documents.cutting import Cut, cut, text_of
from chatbot.documents.markdown import markdown_of, parse_text, plain_of_markdown
from chatbot.documents.parsed import LARGEST, Bad, Parsed, Section, Tell, Visibility
from chatbot.documents.reading import SUFFIXES, read, read_folder
from chatbot.documents.web import plain_of_html

__all__ = [
    "LARGEST",
    "SUFFIXES",
    "Bad",
    "Cut",
    "Parsed",
    "Section",
    "Tell",
    "Visibility",
    "cut",
    "markdown_of",
    "parse_text",
    "plain_of_html",
    "plain_of_markdown",
    "read",
    "read_folder",
    "text_of",
]
