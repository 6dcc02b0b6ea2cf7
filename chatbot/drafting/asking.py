"""A thread → what a model is asked: the question, what came before it, passages and wishes.

The question is what the customer wrote since our last message; everything before it is history.
Text of customers, colleagues and passages enters as values: it can open no role. Nothing is read
but the thread and what knowledge finds for it, so no other customer's words get in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import prompts
from chatbot.analysis import Said
from chatbot.chain import Past, Plan, Renderer
from chatbot.drafting.views import Source
from chatbot.errors import EmptyText
from store.records import Person

if TYPE_CHECKING:
    from chatbot.knowledge import Hit, Knowledge

HISTORY = 64
"""Earlier messages considered."""
SEARCHED = 4
"""Earlier messages that are searched along with the question: the last two exchanges."""
PASSAGES = 5
"""Passages that a draft gets."""

NOBODY_WAITS = "The thread has no message of a customer. Paste what they wrote."
CUT = "The customer's message is very long; the first {kept:,} characters were read."
ANSWERED = "The last message of this thread is ours: the draft answers the customer's last one."
PERSONS_TONES = {"friendly": "warm", "empathetic": "warm", "concise": "brief"}
"""Tones that the library's prompts write like another, with a word of instruction."""
_THANKS = re.compile(
    r"\b(?:thank(?:s| you)|danke|dank|gracias|merci|happy|wonderful|love(?:ly)?)\b", re.IGNORECASE
)
_WANTS = re.compile(
    r"[?¿]|\b(?:please (?!go on|keep)\w+|need|want|how|when|where|why|can you|could you|but|still"
    r"|brauche|m(?:ö|oe)chte|wann|warum|aber|leider|necesito|quiero|cu[áa]ndo|pero|todav[íi]a)\b",
    re.IGNORECASE,
)
_VALUES = re.compile(r"\d")
"""Who only thanks gives no figures."""
CHANGING = "Change your last reply: {instruction}\n\nWrite the whole new reply, nothing else."


@dataclass(frozen=True, slots=True)
class Asked:
    """A thread taken apart: `question` is the customer's, `earlier` the messages before it.

    `customer`: their name, where the thread has one. `subject`: the ticket's, or empty.
    """

    question: str
    earlier: tuple[Past, ...]
    customer: str
    notes: tuple[str, ...] = ()
    subject: str = ""

    @property
    def is_thanks(self) -> bool:
        """Whether the customer thanks and asks for nothing, as far as words tell."""
        wants = _WANTS.search(self.question)
        return (
            bool(_THANKS.search(self.question)) and not wants and not _VALUES.search(self.question)
        )

    @property
    def searched(self) -> list[str]:
        """What is searched along with the question: the subject, and the last messages."""
        return [*self._titled, *(past.content for past in self.earlier[-SEARCHED:])]

    @property
    def hints(self) -> list[str]:
        """What sentences are compared with beside the question: the subject, what they said."""
        theirs = [past.content for past in self.earlier if past.role == "user"]
        return [*self._titled, *theirs[-1:]]

    @property
    def _titled(self) -> list[str]:
        return [self.subject] if self.subject.strip() else []


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a draft should be, in the agent's words."""

    tone: str = "neutral"
    facts: tuple[str, ...] = ()
    instruction: str = ""
    agent: str = ""


def asked(thread: Sequence[Said], subject: str = "") -> Asked:
    """Take a thread apart. Raises EmptyText: no message of it is a customer's."""
    said = [one for one in thread if one.text.strip()]
    last = max((at for at, one in enumerate(said) if one.role == "customer"), default=-1)
    if last < 0:
        raise EmptyText(NOBODY_WAITS)
    first = last
    while first and said[first - 1].role == "customer":
        first -= 1
    question = "\n\n".join(one.text for one in said[first : last + 1])
    names = [one.name for one in said if one.role == "customer" and one.name.strip()]
    notes = (ANSWERED,) if last + 1 < len(said) else ()
    customer = names[-1].strip() if names else ""
    return Asked(question, _history(said[:first]), customer, notes, subject)


def _history(said: Sequence[Said]) -> tuple[Past, ...]:
    """Questions and answers in turn, as many models insist on; the latest are kept."""
    joined: list[Past] = []
    for one in said:
        role = "user" if one.role == "customer" else "assistant"
        if joined and joined[-1].role == role:
            joined[-1] = replace(joined[-1], content=f"{joined[-1].content}\n\n{one.text}")
        elif joined or role == "user":
            joined.append(Past(0, "user" if role == "user" else "assistant", one.text))
    kept = joined[-HISTORY:]
    return tuple(kept[1:] if kept and kept[0].role == "assistant" else kept)


def searched(knowledge: "Knowledge", person: Person, thread: Asked) -> tuple[Source, ...] | None:
    """The passages that fit a thread and that a person may see; None where nothing was looked for.

    Raises StoreUnavailable, ModelUnavailable, ModelCorrupt.
    """
    if thread.is_thanks or knowledge.empty():
        return None
    hits = knowledge.search(
        thread.question,
        earlier=thread.searched,
        most=PASSAGES,
        internal=knowledge.may_see_internal(person),
    )
    return _sources_of(hits) if knowledge.is_fitting(hits) else ()


def _sources_of(hits: "Sequence[Hit]") -> tuple[Source, ...]:
    """Passages that were found, numbered as they are cited."""
    return tuple(
        Source(
            n=number,
            passage=hit.passage,
            article=hit.article,
            title=hit.title,
            heading=hit.heading,
            text=hit.text,
            internal=hit.internal,
            score=hit.score,
            language=hit.language,
        )
        for number, hit in enumerate(hits, 1)
    )


def plan_of(
    prompt: prompts.Prompt,
    thread: Asked,
    sources: Sequence[Source],
    wishes: Wishes,
    company: str,
    renderer: Renderer,
) -> Plan:
    """What is asked for a draft; inputs that the prompt does not declare are left out."""
    question, notes = _within(prompt, thread.question)
    tone, instruction = _tone(prompt, wishes)
    given: dict[str, Any] = {
        "question": question,
        "tone": tone,
        "facts": list(wishes.facts),
        "instruction": instruction,
        "agent": wishes.agent,
        "company": company,
        _passages(prompt): [{"title": one.label, "text": one.text} for one in sources],
    }
    return Plan(
        prompt=prompt,
        values=_declared(prompt, given),
        history=thread.earlier,
        notes=(*thread.notes, *notes),
        renderer=renderer,
    )


def changing(plan: Plan, question: str, text: str, instruction: str) -> Plan:
    """The same, to change a text that answers the question already."""
    past = (*plan.history, Past(0, "user", question), Past(0, "assistant", text))
    wish = CHANGING.format(instruction=instruction)
    return replace(plan, values=dict(plan.values) | {"question": wish}, history=past)


def shorter(plan: Plan, characters: int) -> Plan:
    """The plan with the question's first characters alone, for a model that holds no more."""
    question = str(plan.values["question"])[:characters]
    note = CUT.format(kept=characters)
    notes = (*(one for one in plan.notes if not one.startswith(CUT[:30])), note)
    return replace(plan, values=dict(plan.values) | {"question": question}, notes=notes)


def varied(plan: Plan, variant: int) -> Plan:
    """Another draft of the same: drawn with more freedom, its sources in another order."""
    if not variant:
        return plan
    parameters = dict(plan.prompt.parameters) | {"temperature": 0.8, "seed": variant}
    name = _passages(plan.prompt)
    passages = list(plan.values.get(name) or [])
    at = variant % len(passages) if passages else 0
    values = dict(plan.values) | ({name: passages[at:] + passages[:at]} if passages else {})
    return replace(plan, prompt=replace(plan.prompt, parameters=parameters), values=values)


def _declared(prompt: prompts.Prompt, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in given.items()
        if prompt.input(name) is not None and value not in ("", [], None)
    }


def _within(prompt: prompts.Prompt, question: str) -> tuple[str, tuple[str, ...]]:
    spec = prompt.input("question")
    if spec is None or len(question) <= spec.most:
        return question, ()
    return question[: spec.most], (CUT.format(kept=spec.most),)


def _tone(prompt: prompts.Prompt, wishes: Wishes) -> tuple[str, str]:
    """The tone as the prompt knows it, and the instruction that says the rest."""
    spec = prompt.input("tone")
    if spec is None or wishes.tone in spec.choices:
        return wishes.tone, wishes.instruction
    said = f"Sound {wishes.tone}."
    whole = f"{wishes.instruction.rstrip()} {said}" if wishes.instruction.strip() else said
    nearest = PERSONS_TONES.get(wishes.tone, "")
    return (nearest if nearest in spec.choices else ""), whole


def _passages(prompt: prompts.Prompt) -> str:
    """The name of the input that takes passages; "passages" where there is none."""
    return spec.name if (spec := prompt.passages_input) else "passages"
