"""An item as a row of an export: its conversation, answers and verdict, masked or not.

What may be learned from: the newest correction; else what an agent sent, unless a reviewer called
it poor; else the model's answer where a reviewer called it good.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chatbot.review.hiding import Veil
from chatbot.review.parts import Parts
from store.review_records import ReviewItem, Verdict
from store.review_subjects import Said, Subject

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Example:
    """One row. `said`: the conversation up to the question, whose text is the last of it.

    `answer`: the model's; `sent`: an agent's instead, "" where none was; `correction`: a
    reviewer's, "" where there is none. `customer` is a pseudonym.
    """

    item: ReviewItem
    customer: str
    said: Messages
    answer: str
    sent: str
    correction: str
    notes: str
    use: bool

    @property
    def question(self) -> str:
        """What was asked."""
        return self.said[-1]["content"] if self.said else ""

    @property
    def approved(self) -> str:
        """The text that a model may learn to write; "" where there is none."""
        if not self.use or not self.said:
            return ""
        if self.correction:
            return self.correction
        if self.sent:
            return "" if self.item.verdict == -1 else self.sent
        return self.answer if self.item.verdict == 1 else ""

    @property
    def rejected(self) -> str:
        """What a model wrote and somebody replaced; "" where there is no such text."""
        return self.answer if self.answer.strip() != self.approved.strip() else ""


def example(
    parts: Parts, item: ReviewItem, about: Subject, verdicts: Sequence[Verdict], *, masked: bool
) -> Example:
    """An item with its subject and verdicts as a row."""
    corrected = [each.text for each in verdicts if each.text is not None]
    made = Example(
        item=item,
        customer=parts.key.pseudonym(about.customer),
        said=turns(about.before),
        answer=about.answer,
        sent=about.sent or "",
        correction=corrected[-1] if corrected else "",
        notes="\n".join(each.note for each in verdicts if each.note),
        use=all(each.use for each in verdicts if each.rating),
    )
    return _hidden(parts, made, about.people) if masked else made


def turns(said: Sequence[Said]) -> Messages:
    """A conversation in which the user and the assistant take turns, the user first and last."""
    found: Messages = []
    for each in said:
        role = "user" if each.role == "customer" else "assistant"
        if found and found[-1]["role"] == role:
            found[-1] = {"role": role, "content": f"{found[-1]['content']}\n\n{each.text}"}
        elif found or role == "user":
            found.append({"role": role, "content": each.text})
    return found[:-1] if found and found[-1]["role"] == "assistant" else found


def moment(at: datetime) -> str:
    """A time as text."""
    return at.isoformat(timespec="seconds")


def _hidden(parts: Parts, made: Example, people: Sequence[str]) -> Example:
    veil = Veil()
    first = veil.add(*(each["content"] for each in made.said))
    rest = veil.add(made.answer, made.sent, made.correction)
    theirs = [each["content"] for each in made.said if each["role"] == "user"]
    veil.drop(parts.rules(), [*people, *parts.names(theirs)])
    return replace(
        made,
        said=[each | {"content": veil.text(first + n)} for n, each in enumerate(made.said)],
        answer=veil.text(rest),
        sent=veil.text(rest + 1),
        correction=veil.text(rest + 2),
    )
