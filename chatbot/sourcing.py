"""What the knowledge base gives to a turn, and what of it an answer used.

    find  ─▶ passages that fit a question in its thread, of those that this person may see
    given ─▶ what of them the model got, as the trace keeps it
    used  ─▶ which of those an answer cites like [1], or quotes
    note  ─▶ citations counted, questions without a passage collected

A search that fails leaves a turn without passages and a line in its trace: it never breaks it.
Knows nothing of models, pages or tickets.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.chain import Past
from chatbot.picking import sentences
from chatbot.picking.words import stems
from store.records import Person

if TYPE_CHECKING:
    from chatbot.knowledge import Hit, Knowledge

log = logging.getLogger(__name__)

Json = dict[str, Any]

MOST = 5
"""Passages that a turn gets."""
EARLIER = 4
"""Messages before a question that are searched along with it: the last two turns."""
SAYING = 3
"""Words of a subject from which on a text without a question mark asks for something."""
QUOTED = 24
"""Characters of a sentence from which on it is quoted where it stands in an answer."""

BROKEN = "The knowledge base could not be searched, so the model got no passages."
NOT_SHOWN = "Your roles do not show what this source says."

_CITED = re.compile(r"\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\]")


@dataclass(frozen=True, slots=True)
class Sourced:
    """What was found. `lacked`: something was asked for that no passage is about."""

    hits: "tuple[Hit, ...]" = ()
    lacked: bool = False
    notes: tuple[str, ...] = ()

    def values(self, prompt: prompts.Prompt) -> dict[str, list[dict[str, str]]]:
        """The passages as the prompt takes them; nothing where there is none."""
        spec = prompt.passages_input
        if spec is None or not self.hits:
            return {}
        return {spec.name: [{"title": hit.label, "text": hit.text} for hit in self.hits]}


NOTHING = Sourced()


class Sourcing:
    """Searches for turns. Blocking; may be shared by threads."""

    def __init__(self, knowledge: "Knowledge") -> None:
        self._knowledge = knowledge

    def find(
        self, person: Person, prompt: prompts.Prompt, question: str, past: Sequence[Past]
    ) -> Sourced:
        """What fits a question after the messages of `past`, for a prompt that takes passages.

        Only what this person may see is looked at. Raises nothing of the search's.
        """
        spec = prompt.passages_input
        if spec is None:
            return NOTHING
        try:
            if self._knowledge.empty():
                return NOTHING
            hits = self._knowledge.search(
                question,
                earlier=[one.content for one in past[-EARLIER:]],
                most=min(MOST, spec.most),
                internal=self._knowledge.may_see_internal(person),
            )
            fitting = self._knowledge.is_fitting(hits)
            strays = fitting and bool(past) and self._strays(person, question, hits)
        except Exception as error:  # noqa: BLE001  an answer without sources is better than none
            # The exception's text may quote the question, so only its type is logged.
            log.error("a search for passages broke: %s", type(error).__name__)  # noqa: TRY400
            return Sourced(notes=(BROKEN,))
        if not fitting:
            return Sourced(lacked=is_asking(question))
        return Sourced(tuple(hits), lacked=strays)

    def _strays(self, person: Person, question: str, hits: "Sequence[Hit]") -> bool:
        """Whether a question in a thread left the subject of what was found for the thread.

        It shares no word with that, and alone it finds nothing; short ones never do.
        """
        asked = set(stems(question))
        found = {stem for one in hits for stem in stems(f"{one.label} {one.text}")}
        if len(asked) < SAYING or asked & found:
            return False
        internal = self._knowledge.may_see_internal(person)
        alone = self._knowledge.search(question, most=1, internal=internal)
        return not self._knowledge.is_fitting(alone)

    def note(
        self,
        question: str,
        lacked: bool,  # noqa: FBT001
        passages: Sequence[Json],
        message: str,
        *,
        channel: str = "chat",
    ) -> None:
        """Count what an answer (public id) used of its passages, or keep what was lacked.

        A database that does not take it costs the count alone.
        """
        cited = [str(one["passage"]) for one in passages if one["used"]]
        try:
            if cited:
                self._knowledge.note_cited(cited, channel, message)
            if lacked:
                self._knowledge.lacked(question, channel)
        except Exception as error:  # noqa: BLE001  the answer stands without it
            log.warning("what an answer cited was not counted: %s", type(error).__name__)


def is_asking(text: str) -> bool:
    """Whether a message asks for something: thanks and greetings do not."""
    said = len(stems(text))
    return said >= SAYING or ("?" in text and said > 0)


def given(sourced: Sourced, kept: Sequence[tuple[int, str]] | None) -> list[Json]:
    """The passages that a model got, as a trace keeps them, numbered as in the prompt.

    `kept`: which of them, and what of each, where a model got picked sentences alone.
    """
    whole = [(at, hit.text) for at, hit in enumerate(sourced.hits)]
    return [
        {
            "n": number,
            "passage": (hit := sourced.hits[at]).passage,
            "article": hit.article,
            "title": hit.title,
            "heading": hit.heading,
            "text": text,
            "internal": hit.internal,
            "score": round(hit.score, 4),
            "used": "",
        }
        for number, (at, text) in enumerate(whole if kept is None else kept, 1)
    ]


def used(passages: Sequence[Json], answer: str) -> list[Json]:
    """The same with how an answer used each: `cited` like [1], else `quoted`, else not at all."""
    numbers = cited(answer)
    said = _plain(answer)
    return [
        one | {"used": "cited" if one["n"] in numbers else "quoted" if _quotes(said, one) else ""}
        for one in passages
    ]


def cited(answer: str) -> set[int]:
    """The numbers that an answer cites, like [1] or [1, 3]."""
    return {int(number) for found in _CITED.findall(answer) for number in re.split("[,;]", found)}


def as_values(prompt: prompts.Prompt, passages: Sequence[Json]) -> dict[str, list[dict[str, str]]]:
    """The passages of a trace as the prompt took them."""
    spec = prompt.passages_input
    if spec is None or not passages:
        return {}
    return {spec.name: [{"title": label(one), "text": one["text"]} for one in passages]}


def for_person(passages: Sequence[Json], *, internal: bool) -> list[Json]:
    """The passages of a trace, without the words of internal ones for who may not see those."""
    hidden = {"title": "Internal", "heading": "", "text": NOT_SHOWN}
    return [one | hidden if one["internal"] and not internal else dict(one) for one in passages]


def for_export(conversation: Json, *, internal: bool) -> Json:
    """A conversation as `store.export` tells it, its traces as `for_person` shows them."""
    for message in conversation["messages"]:
        if trace := message["trace"]:
            trace["passages"] = for_person(trace["passages"], internal=internal)
    return conversation


def label(passage: Json) -> str:
    """Where a passage of a trace stands: "Title › Heading"."""
    return " › ".join(part for part in (passage["title"], passage["heading"]) if part)


def _quotes(said: str, passage: Json) -> bool:
    """Whether a sentence of a passage stands in an answer."""
    texts = (_plain(one.text) for one in sentences(passage["text"]))
    return any(len(text) >= QUOTED and text in said for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
