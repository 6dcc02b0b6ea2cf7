"""Which judge looks at which reply: from a case and an answer to the verdicts of the measures."""

from collections.abc import Iterator

from chatbot.backends.encoder import Encoder
from chatbot.learning.evaluate import judging, phrases
from chatbot.learning.evaluate.cases import ANSWERABLE, Case, references
from chatbot.learning.evaluate.measures import AIMS, Trial
from chatbot.learning.evaluate.public import POOL, intent_references
from chatbot.learning.evaluate.running import Answer
from chatbot.learning.evaluate.topics import Topics
from chatbot.learning.starter.reading import TEXT_SKILLS

BY_ENCODER = ("topic", "intent")
"""Measures that need a sentence encoder."""


class Judge:
    """Judges answers; without an encoder, topics are left out."""

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder
        self._pools: dict[str, Topics] = {}

    def trials(self, case: Case, answer: Answer) -> list[Trial]:
        """Return the verdicts on one answer. A failed call fails in all of them."""
        found = [*self._by_rule(case, answer), *self._by_meaning(case, answer.text)]
        if answer.error:
            return [Trial(key, AIMS[key].at_most) for key, _ in found]
        return found

    def _by_rule(self, case: Case, answer: Answer) -> Iterator[Trial]:
        reply = answer.text
        carried = judging.carried(case.facts, case.reference, reply)
        invented = judging.invented(case, reply)
        yield Trial("invented", bool(invented))
        sound = not judging.broken_off(reply, answer.finish) and not judging.repeats(reply)
        yield Trial("fluent", sound)
        if case.skill in TEXT_SKILLS:
            yield Trial("kept", len(carried) == len(set(case.facts)))
        else:
            for fact in case.facts:
                key = "memory" if fact in case.remembered else "exact"
                yield Trial(key, fact in carried)
        if case.skill == "lacking":
            yield Trial("lacking", not invented and phrases.says_lack(reply))
        if case.skill in ANSWERABLE:
            yield Trial("refused", not carried and phrases.refuses(reply))
        if case.skill == "limit":
            yield Trial("limit", not invented and phrases.states_limit(reply))

    def _by_meaning(self, case: Case, reply: str) -> Iterator[Trial]:
        if self._encoder is None or not case.pool:
            return
        if case.pool not in self._pools:
            found = intent_references() if case.pool == POOL else references(case.pool)
            self._pools[case.pool] = Topics(self._encoder, found)
        met = bool(reply.strip()) and self._pools[case.pool].are_met(reply, case.topics)
        yield Trial("intent" if case.pool == POOL else "topic", met)
