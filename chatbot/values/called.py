"""Finds people's names where the words beside them say so: "my name is ada", "Dear Ms Weber".

For privacy, beside `names`: it looks at one text, and takes small letters after words that can be
followed by nothing else. Knows English, and the commonest phrases of a few other languages.
"""

import re
from collections.abc import Iterator

from chatbot.values.english import BEFORE_NAMES, ORDINARY, TIMES

_SPACE = r"[ \u00a0]"
_WORD = r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){0,30}"
_NAME = rf"(?P<name>{_WORD}(?:{_SPACE}{_WORD}){{0,3}})"
_INTRODUCED = re.compile(
    r"\b(?:my (?:full |first |last )?name(?: is|'s|’s)|(?:i am|i'm|i’m) called|mein name ist"
    r"|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo|meu nome é"
    rf"|mijn naam is|jag heter){_SPACE}{{1,2}}{_NAME}",
    re.IGNORECASE,
)
_FIELD = re.compile(
    rf"(?:^|[\n,;(]){_SPACE}{{0,2}}(?:full |first |last |sur|customer )?name{_SPACE}?:"
    rf"{_SPACE}{{0,2}}{_NAME}",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Sir|Madam|Herrn?|Frau|Monsieur|Madame|Mme|Señora?|Sra?|Signora?"
    rf"|Signor|Senhora?)\.?{_SPACE}{{1,2}}{_NAME}"
)
_GREETED = re.compile(
    r"(?:^|[\n>])[ \t]{0,8}(?:Dear|Hi|Hello|Hey|Hallo|Lieber?|Bonjour|Cher|Chère|Hola|Querid[oa]"
    rf"|Ciao){_SPACE}{{1,2}}{_NAME}"
)
_SIGNED = re.compile(
    r"\b(?i:regards|sincerely|thanks|thank you|cheers|best|wishes|grüße|grüßen|gruß|cordialement"
    rf"|saludos),?[ \t]{{0,4}}\r?\n[ \t\r\n]{{0,4}}{_NAME}"
)
_MOST_WORDS = 3


def called(text: str) -> Iterator[str]:
    """Yield the names that are announced, as they are written."""
    for cue in (_INTRODUCED, _FIELD, _TITLED, _GREETED, _SIGNED):
        for match in cue.finditer(text):
            name = _taken(match["name"], small=cue in {_INTRODUCED, _FIELD})
            if name:
                yield name


def _taken(words: str, *, small: bool) -> str:
    """Return the words that are the name: up to the first that is none."""
    taken: list[str] = []
    for word in re.split(_SPACE, words)[:_MOST_WORDS]:
        plain = word.lower()
        no_name = plain in BEFORE_NAMES or plain in ORDINARY or plain in TIMES
        if no_name or not (small or word[0].isupper()) or (taken and _ends(taken[0], word)):
            break
        taken.append(word)
    return " ".join(taken)


def _ends(first: str, word: str) -> bool:
    """A name that began with a capital goes on with capitals."""
    return first[0].isupper() and not word[0].isupper()
