"""Phrases that show what a sentence does: ask, want, report as done, or only greet.

English, German, French and Spanish. Written for support mail; a sentence in another language is
known by its question mark alone.
"""

import re

_WANTS = re.compile(
    r"\b(?:i(?:'d| would) (?:like|prefer|love|rather)|i (?:do(?:n't| not) )?(?:want|need|wish)|"
    r"i(?:'m| am) looking for|we (?:want|need|would like)|please|could (?:you|i|we)|"
    r"can (?:you|i|we)|would you|may i|let me|"
    r"ich (?:möchte|will|brauche|hätte|bitte|wünsche)|wir (?:möchten|wollen|brauchen|hätten)|"
    r"bitte|könn(?:t)?en (?:sie|wir)|können sie|kann ich|darf ich|"
    r"je (?:voudrais|veux|souhaite|souhaiterais|désire|demande)|nous (?:voudrions|souhaitons)|"
    r"pouvez-vous|pourriez-vous|puis-je|merci de|s'il vous plaît|svp|"
    r"(?:quiero|queremos|quisiera|quisiéramos|necesito|necesitamos|querría)|me gustaría|"
    r"(?:pueden|puede|podrían|podría|puedo)\b.{0,60}\?|por favor)(?!\w)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:(?:i|we)(?:'ve| have) (?!(?:to|a|an|no|not|the|two|guests?)\b)"
    r"(?:already |now |just )?\w+|"
    r"(?:has|have) been \w+|(?:was|were) (?:sent|refunded|received|confirmed|cancell?ed|shipped|"
    r"replaced|delivered|booked|changed|returned)|"
    r"(?:i|we) (?:already |just |also )?(?:sent|returned|tried|called|wrote|paid|ordered|bought|"
    r"cancell?ed|checked|restarted|refunded|booked|replaced|received|shipped|confirmed|asked|"
    r"contacted|reported|emailed|forwarded)|already|sent back|"
    r"(?:ich|wir) (?:habe|haben|hatte|hatten)\b.{0,80}?\b(?:ge\w+t|ge\w+en|\w+iert|be\w+t|"
    r"be\w+en|er\w+t|er\w+en|überwiesen|versucht)|(?:wurde|worden|bereits|schon)\b|"
    r"(?:j'ai|nous avons|a été|ont été|déjà)\b|"
    r"(?:he|hemos|ha sido|han sido|ya) \w+(?:ado|ido|to|cho)\b)",
    re.IGNORECASE,
)
_GREETS = re.compile(
    r"(?:\W*(?:hello|hi|hey|dear|good (?:morning|day|afternoon|evening)|thanks?|thank you|"
    r"(?:kind|best|warm) regards|regards|cheers|sincerely|yours|hallo|guten (?:tag|morgen|abend)|"
    r"liebe[rs]?|sehr geehrte|danke|vielen dank|mit freundlichen grüßen|freundliche grüße|"
    r"viele grüße|gruß|bonjour|bonsoir|merci|cordialement|hola|buenos días|buenas|gracias|"
    r"un saludo|saludos|atentamente))\b[^.!?]{0,40}[.!?,]*\Z",
    re.IGNORECASE,
)


def asks(sentence: str) -> bool:
    """Whether a sentence is a question."""
    return sentence.rstrip(" \"'”’)").endswith(("?", "؟", "？"))


def wants(sentence: str) -> bool:
    """Whether a sentence says what its writer wants."""
    return bool(_WANTS.search(sentence.replace("’", "'"))) and not greets(sentence)


def reports(sentence: str) -> bool:
    """Whether a sentence says that something was done."""
    return bool(_DONE.search(sentence.replace("’", "'"))) and not asks(sentence)


def greets(sentence: str) -> bool:
    """Whether a sentence only greets or thanks."""
    return bool(_GREETS.match(sentence)) and not asks(sentence)
