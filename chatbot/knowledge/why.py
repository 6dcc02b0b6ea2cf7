"""Why a passage was found: the words of the question that stand in it, as the search reads them.

Words that every text has are no reason and left out, where their language is one of `GRAMMAR`.
"""

import re
from functools import cache

from chatbot.knowledge.views import Hit
from store.stemming import stems

GRAMMAR = {
    "en": "a an the this that these those and or but if of in on at to for from by with as is are "
    "am was were be been do does did has have had can could will would should may i you he she it "
    "we they me my your his her its our their what which who when where why how not no so than",
    "de": "der die das den dem des ein eine einen einem einer und oder aber wenn von vom in im am "
    "an auf zu zum zur für aus bei mit als ist sind war bin sein hat habe haben kann können wird "
    "ich du er sie es wir ihr mich mir mein meine ihre was wer wann wo warum wie nicht so man",
    "fr": "le la les l un une des du de d et ou mais si en dans sur à au aux pour par avec est "
    "sont être a ai ont je j tu il elle on nous vous ils me mon ma mes votre vos son sa ce c cette "
    "que qu qui quoi quand où pourquoi comment ne n pas y",
    "es": "el la los las un una unos y o pero si de del en a al para por con es son está ser ha "
    "he yo tú él ella nosotros me mi mis su sus lo se que qué quién cuándo dónde cómo no",
    "it": "il lo la i gli le l un uno una e o ma se di del della in nel a al da per con su è sono "
    "ha ho io tu lui lei noi mi mio mia che chi quando dove perché come non si",
    "nl": "de het een en of maar als van in op aan te voor uit bij met is zijn was heeft heb kan "
    "ik je jij u hij zij we wij mij mijn uw wat wie wanneer waar waarom hoe niet er",
}
"""Articles, pronouns, prepositions, conjunctions and auxiliaries by ISO 639-1."""

_WORD = re.compile(r"[^\W_]+")


def matched(question: str, hit: Hit, most: int = 12) -> tuple[str, ...]:
    """The question's words that the hit's title, headings or text have too, in their order."""
    held = set(stems(f"{hit.label}\n{hit.text}", hit.language))
    grammar = _grammar(hit.language)
    words = dict.fromkeys(_WORD.findall(question))
    found = (
        word
        for word in words
        if word.lower() not in grammar and held & set(stems(word, hit.language))
    )
    return tuple(found)[:most]


@cache
def _grammar(language: str) -> frozenset[str]:
    """The grammar's words of a language; of a text in none, those of all."""
    known = [GRAMMAR.get(language, "")] if language else GRAMMAR.values()
    return frozenset(" ".join(known).split())
