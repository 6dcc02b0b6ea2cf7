"""Words that show how somebody feels, in four languages: the mood where no head can read it.

A short list written for support mail, no general lexicon: it knows English, German, French and
Spanish. A word before which `not` stands counts the other way round, at half its weight.
"""

import math
import re
from functools import cache

_WORDS = {
    "en": {
        -2.0: "unacceptable ridiculous outrageous disgusting furious scam fraud thieves lawyer "
        "worst liar lies shameful disgrace incompetent useless joke fed-up livid appalling",
        -1.0: "disappoint* broken crack* damag* wrong missing late delay* annoy* unhappy sad bad "
        "fail* problem* complain* frustrat* upset torn defect* faulty never still again poor "
        "unfortunately scratch* refus* worried lost stuck waste* charged twice overcharged "
        "unfair locked stopped bent",
        1.0: "pleased nice good happy glad great kind helpful like lovely well "
        "appreciate* friendly beautiful",
        2.0: "wonderful amazing perfect love loved adore* excellent fantastic delighted brilliant "
        "thrilled best awesome superb",
    },
    "de": {
        -2.0: "unverschämt* frechheit unmöglich* betrug anwalt wütend lächerlich* skandal* "
        "katastroph* schlimmste* zumutung sauerei dreist*",
        -1.0: "enttäusch* kaputt* defekt* falsch* fehlt* verspät* ärger* leider gesprungen riss "
        "beschädigt* mahnung problem* schlecht* beschwer* traurig immer-noch flacker* zerbrochen* "
        "kratzer vermisse* warte* unzufrieden",
        1.0: "freue* gut gute* schön* gern* zufrieden nett* freundlich* hilfreich* toll* gefällt",
        2.0: "wunderbar* perfekt* begeistert* großartig* liebe fantastisch* super hervorragend* "
        "wunderschön* überglücklich",
    },
    "fr": {
        -2.0: "inadmissible* scandaleu* honteu* arnaque* avocat furieu* ridicule* inacceptable*",
        -1.0: "déçu* cassé* abîmé* erreur* manque* retard* problème* mauvais* malheureusement "
        "fissur* plainte* défectueu* toujours-pas triste*",
        1.0: "content* bien bon* bonne* joli* aimable* satisfait* plaît utile* ravi*",
        2.0: "parfait* magnifique* adore* excellent* génial* merveilleu* formidable*",
    },
    "es": {
        -2.0: "inaceptable* vergüenza estafa abogado indignante* furios* ridículo* "
        "ladrones inadmisible*",
        -1.0: "decepcion* rot* roto dañad* falta* retras* tarde problema* mal error* queja* "
        "defectuos* lamentable* grieta* triste* parpade* todavía-no equivocad*",
        1.0: "content* bien buen* bonit* amable* satisfech* gust* útil* alegr*",
        2.0: "perfect* maravillos* encant* excelente* genial* fantástic* estupend* preciosa*",
    },
}
_DENYING = "not no never don't didn't isn't nicht kein keine pas ne nunca sin"
_NOT = frozenset(_DENYING.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHOUTED = re.compile(r"\b[^\W\d_]{4,}\b")
_SPREAD = 2.0
"""The sum of weights at which a score is three quarters of its greatest."""


def by_words(text: str, language: str) -> float:
    """How good the mood of a text is by its words: -1 to 1; 0 in a language that is not known."""
    known = _known(language)
    if known is None:
        return 0.0
    words = [match[0].replace("’", "'").lower() for match in _WORD.finditer(text)]
    total = 0.0
    for number, word in enumerate(words):
        weight = _weight(known, word)
        denied = bool(_NOT & set(words[max(0, number - 2) : number]))
        total += -weight / 2 if denied else weight
    return math.tanh((total - heat(text)) / _SPREAD)


def heat(text: str) -> float:
    """How loud a text is: words in capitals and rows of marks; 0 or more."""
    long_ones = _SHOUTED.findall(text)
    loud = [word for word in long_ones if word.isupper()]
    shouted = len(loud) / max(1, len(long_ones)) if len(loud) > 1 else 0.0
    marks = min(2, len(re.findall(r"[!?]{2,}", text)))
    return 2 * shouted + 0.4 * marks


def _weight(known: tuple[dict[str, float], dict[str, float]], word: str) -> float:
    whole, stems = known
    if word in whole:
        return whole[word]
    return next((stems[word[:size]] for size in range(len(word), 2, -1) if word[:size] in stems), 0)


@cache
def _known(language: str) -> tuple[dict[str, float], dict[str, float]] | None:
    """Whole words and stems of a language, with their weights."""
    if language not in _WORDS:
        return None
    rows = [(word, by) for by, words in _WORDS[language].items() for word in words.split()]
    whole = {word.replace("-", " "): by for word, by in rows if not word.endswith("*")}
    return whole, {word[:-1]: by for word, by in rows if word.endswith("*")}
