"""Stored turns, to be asked again under another prompt beside what was said.

    turns ─▶ which there are to choose from: one's own, and for reviewers rated ones
    of    ─▶ the values of one: its question, the conversation before it, and what was said

A turn of somebody else's is shown to reviewers only, with personal values masked, and each view is
in the audit. Knows nothing of pages or of how a prompt is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chatbot.answering import HISTORY, history_of
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.errors import NotFound
from chatbot.knowledge import Knowledge
from chatbot.masking import mask
from chatbot.options import Masking, Options
from chatbot.releases import Releases
from chatbot.sourcing import for_person, label
from store import messages, replays
from store.records import Person

MOST = 60
"""Turns to choose from, of each kind."""
GLANCE = 160
"""Characters of a text that the choice shows."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A turn to choose. `own` False: somebody else's, masked."""

    message: str
    question: str
    answer: str
    prompt: str | None
    version: int | None
    model: str | None
    rating: int | None
    at: datetime
    own: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a turn was made of: its question, the messages before it, what was said and by whom.

    `better`: how whoever judged it would have worded it; empty where nobody did. `passages`: what
    the model got of the knowledge base, as prompts take it.
    """

    glance: Glance
    question: str
    history: list[dict[str, str]]
    said: str
    better: str
    tokens: int | None
    seconds: float | None
    passages: list[dict[str, str]]


class Replay:
    """Reads turns within what one person may see. `workspace`: a name that is not masked."""

    def __init__(
        self, archive: Archive, releases: Releases, audit: Audit, options: Options, workspace: str
    ) -> None:
        self._archive = archive
        self._releases = releases
        self._audit = audit
        self._options = options
        self._workspace = workspace

    def turns(self, person: Person, text: str = "") -> list[Glance]:
        """Turns whose question or answer holds `text`, newest first; own ones before others'."""
        with self._archive.main.reading() as session:
            found = replays.own(session, person.id, limit=MOST)
            others = (
                replays.rated(session, person.id, limit=MOST) if "reviewer" in person.roles else []
            )
        told = [self._glance(one, [one.question, one.answer], own=True) for one in found]
        told += [self._glance(one, self._masked(one.question, one.answer)) for one in others]
        wanted = text.casefold().strip()
        fitting = [one for one in told if wanted in f"{one.question}\n{one.answer}".casefold()]
        if any(not one.own for one in fitting):
            self._audit.note(person, "rated_turns_listed", "person", person.public_id)
        return [_cut(one) for one in fitting]

    def of(self, person: Person, message: str) -> Replayed:
        """The turn of an answer (public id). Raises NotFound when it is not this person's to see.

        Reviewers may see rated ones of others; that is noted.
        """
        reviews = "reviewer" in person.roles
        with self._archive.main.writing() as session:
            found = replays.turn(session, message, user_id=person.id, others=reviews)
            own = found.user_id == person.id
            if not own:
                self._audit.note_in(session, person, "rated_turn_seen", "message", message)
            [question] = messages.by_ids(session, found.conversation_id, [found.parent_id or 0])
            before = question.parent_id
            path = messages.path(session, before, limit=HISTORY) if before else []
            trace = messages.traces(session, [found.id]).get(found.id)
        internal = Knowledge.may_see_internal(person)
        passages = for_person(trace.passages if trace else [], internal=internal)
        history = [past.message for past in history_of(path)]
        texts = [found.question, found.answer, found.better or ""]
        texts += [one["content"] for one in history]
        if not own:
            texts = self._masked(*texts)
        return Replayed(
            glance=_cut(self._glance(found, texts[:2], own=own)),
            question=texts[0],
            said=texts[1],
            better=texts[2],
            history=[one | {"content": text} for one, text in zip(history, texts[3:], strict=True)],
            tokens=found.reply_tokens,
            seconds=found.total_s,
            passages=[{"title": label(one), "text": one["text"]} for one in passages],
        )

    def _masked(self, *texts: str) -> list[str]:
        """The texts with personal values as tags, the same value the same tag in all of them."""
        rules = replace(self._options.get(Masking).rules(self._workspace), on=True)
        asked = [{"role": "user", "content": text} for text in texts]
        found = mask(asked, rules).messages
        return [one["content"] for one in found if one["role"] == "user"]

    def _glance(
        self, found: replays.StoredTurn, texts: Sequence[str], *, own: bool = False
    ) -> Glance:
        return Glance(
            message=found.public_id,
            question=texts[0],
            answer=texts[1],
            prompt=found.prompt,
            version=self._number(found.version),
            model=found.model,
            rating=found.rating,
            at=found.created_at,
            own=own,
        )

    def _number(self, version: str | None) -> int | None:
        try:
            return self._releases.number(version) if version else None
        except NotFound:
            return None


def _cut(one: Glance) -> Glance:
    shown: dict[str, Any] = {
        "question": _short(one.question),
        "answer": _short(one.answer),
    }
    kept = {name: getattr(one, name) for name in Glance.__slots__ if name not in shown}
    return Glance(**shown, **kept)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= GLANCE else line[: GLANCE - 1] + "…"
