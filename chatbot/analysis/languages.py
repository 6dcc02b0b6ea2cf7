"""Which language a text is written in, or an honest "" when it is too short to tell.

py3langid (Lui and Baldwin 2012, "langid.py") decides among the languages that support desks see;
values (numbers, links, codes) are left out first, since they belong to no language. Very short
texts are told by words that only one of these languages writes often.
"""

import re
import threading
from functools import cache
from typing import Any

_LIKELY = (
    "ar bg cs da de el en es et fi fr he hr hu it ja ko lt lv nb nl pl pt ro ru sk sl sv th tr uk "
    "vi zh"
)
LIKELY = tuple(_LIKELY.split())
"""ISO 639-1 codes of the languages that are told apart."""

SURE = 0.9
"""Below this probability of the best language nothing is said."""
SHORT = 20
"""Letters; a shorter text of a Latin alphabet is told by its words or not at all."""

COMMON = {
    "en": "the is my where hello hi please thanks thank you what how when can i want have not",
    "de": "ich ist mein meine wo wann hallo bitte danke nicht das und wie kann warum ein eine",
    "fr": "je est mon ma où bonjour merci quand pas le la les comment une vous pourquoi",
    "es": "hola gracias dónde mi está cuándo por el qué cómo quiero buenos días no puedo",
    "it": "ciao grazie dove il mio mia quando è come perché buongiorno non vorrei",
    "nl": "hallo waar is mijn wanneer bedankt hoe ik het een niet dank waarom goedendag",
}
"""Words that tell a short text; a word of several languages counts for each."""

_NO_WORDS = re.compile(r"https?://\S+|\S+@\S+|\S*\d\S*")
_LETTERS = re.compile(r"[^\W\d_]+")
_LOCK = threading.Lock()


def language_of(text: str) -> str:
    """ISO 639-1 code of a text's language; "" when it is too short or too mixed to tell."""
    words = _LETTERS.findall(_NO_WORDS.sub(" ", text[:4000]))
    joined = " ".join(words).lower()
    if sum(map(len, words)) < SHORT and _is_latin(joined):
        return _by_words(joined.split())
    with _LOCK:
        code, chance = _identifier().classify(joined)
    return str(code) if chance >= SURE else _by_words(joined.split())


def _is_latin(text: str) -> bool:
    return all(ord(char) < 0x250 for char in text)


def _by_words(words: list[str]) -> str:
    counts = {code: sum(word in known for word in words) for code, known in _common().items()}
    best = sorted(counts.values(), reverse=True)
    if best[0] == 0 or best[0] == best[1]:
        return ""
    return max(counts, key=lambda code: counts[code])


@cache
def _common() -> dict[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in COMMON.items()}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages([code for code in LIKELY if code in found.labels])
    return found
