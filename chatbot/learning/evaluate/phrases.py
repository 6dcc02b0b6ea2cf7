r"""The phrases by which a reply says that it lacks something, refuses, or states a limit.

Patterns of English, written after reading the corpus's own replies; each line is one way of saying
it. `tests/unit/learning/test_evaluate_judging.py` measures them on good and on other replies.
"""

import re

_LACKS = (
    r"(?:don't|do not|doesn't|does not|didn't|can't|cannot|couldn't|won't) (?:\w+ ){0,3}?"
    r"(?:have|know|say|find|see|tell|mention|name|cover|list|answer|settle|show|give|state|"
    r"specify|include|contain|confirm|promise|guess|judge|look|reach|identify|read|appear)",
    r"(?:isn't|aren't|is not|are not|wasn't|not|nothing|no word|never|neither|nowhere)"
    r"(?: \w+){0,4}? (?:mentioned|said|listed|named|stated|given|covered|described|written|"
    r"in (?:what|my|our|the|these|that|either|any|here)|here|there|anywhere|shown|recorded|"
    r"part of|among|on (?:this|that|the|my|our)|about (?:that|this|it|the|whether))",
    r"(?:isn't|aren't) (?:known|given|visible|something)|(?:not|aren't) (?:passed|visible)",
    r"(?:says?|said|finds?|see|have|mentions?|know|there's|holds?|gives?) (?:\w+ )?"
    r"(?:nothing|no word|no information|no details?|neither|only|no \w+)",
    r"\bnothing\b[^.!?]{0,30}\b(?:says?|tells?|lets?|about|on)\b",
    r"\b(?:but|and|nor|with|has|have|got|just|,) (?:no|nothing|neither|not a)\b",
    r"\b(?:silent|silence|unclear|missing|lacks?|lacking|unknown|not sure|unsure|no idea)\b",
    r"\b(?:leaves? (?:that |it |this )?open|guess(?:ing|work)?|beyond (?:me|what|my))\b",
    r"without (?:an? |the |your )?(?:\w+ )?(?:number|name|date|address|code|details?)",
    r"falls between|hasn't reached|haven't got|in neither|in none",
    r"(?:haven't|never) (?:told|said|given|mentioned)|\bI only (?:have|know)\b",
    r"(?:I'd|I would|I'll|I will|I'm going to|let me|I can|shall I|want me to|should I|may I)"
    r"(?: \w+){0,4}? (?:need|ask|check|have|rather not|pass|put|find out|forward|colleague)",
    r"\bonly (?:\w+ ){0,4}?(?:can|could) (?:answer|say|tell|decide|settle|see)\b",
    r"(?:tell|send|give|let) (?:me|us)\b",
    r"(?:things?|details?|facts) (?:\w+ ){0,3}?(?:would help|are needed|first)",
    r"\bneeds? (?:\w+ ){0,3}?(?:to know|from you|your|things)|\bI need (?:the|an?)\b",
    r"\bdepends? on\b|\bbefore I can\b|\bonce (?:we|I) (?:know|have)\b",
    r"(?:which|what|when|where|how (?:long|many|much|old)|whose|who|is it|do you|did you|"
    r"are you|have you|was it|does it|(?:on|in|for|from|at|under) which)\b[^.!?]{2,140}\?",
    r"\b(?:were|was|is) (?:one|the|there|it)\b[^.!?]{3,60}\?",
)
_REFUSALS = (
    r"(?:don't|do not|can't|cannot|doesn't|does not) (?:\w+ )?(?:have|know|find|say|see|mention)",
    r"(?:isn't|aren't|not|nothing) (?:\w+ ){0,2}?(?:mentioned|said|listed|stated|"
    r"in (?:my|the|our)|what I have)",
    r"(?:can't|cannot) answer|(?:no|missing the) (?:information|text)|says? nothing about",
    r"rather not guess|won't guess|would be guessing|a guess wouldn't",
)
_LIMITS = (
    r"\b(?:I|I'm|I'd|me|that|this|it|which) (?:\w+ )?(?:can't|cannot|can not|couldn't|won't|"
    r"unable|not able|don't|do not|didn't|wouldn't|not|never|"
    r"isn't (?:something|one|for me|mine|my|what))",
    r"(?:can't|cannot|don't) (?:really )?(?:do|know|help|see|say|tell|judge|answer|offer)\b",
    r"isn't (?:something|a thing|one) I|a question for|don't take that from me|aren't mine",
    r"(?:beyond|outside|past|over) (?:me|my|what|reach|the|our)|too (?:small|much for)",
    r"larger model|only an? (?:\w+ )?(?:program|model|assistant|bot)|(?:aren't|isn't|not) my",
    r"\b(?:rather (?:not|leave)|I'm afraid|wish I could|guess(?:ing)?|by hearsay|all I know)\b",
    r"\bno (?:access|idea|view|sense|window|connection|opinion|way to)\b",
    r"would get (?:it|them) wrong|elsewhere|specialist|look it up|better (?:asked|ask|off)",
)


def says_lack(reply: str) -> bool:
    """Return whether a reply says that something is not known, or asks for what is missing."""
    return bool(_LACK.search(_straight(reply)))


def refuses(reply: str) -> bool:
    """Return whether a reply says flatly that it has no answer."""
    return bool(_REFUSAL.search(_straight(reply)))


def states_limit(reply: str) -> bool:
    """Return whether a reply says that something cannot be done or is not known."""
    return bool(_LIMIT.search(_straight(reply)))


def _straight(text: str) -> str:
    return text.replace("’", "'")


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_LACK, _REFUSAL, _LIMIT = map(_any, (_LACKS, _REFUSALS, _LIMITS))
