"""A test case from a stored turn: its question, the conversation before it, what it should say.

    what was corrected ─▶ the answer must mean about the same as the better one
    thumbs down        ─▶ it must not say that again
    else               ─▶ it must mean about the same as what was said

Cases outlive the conversations they came from, so personal values stand in them as tags. Who may
see a turn is decided by chatbot/replay.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import prompts
from chatbot.archive import Archive
from chatbot.casework import Casework
from chatbot.errors import Refused
from chatbot.masking import mask
from chatbot.options import Masking, Options
from chatbot.replay import Replay, Replayed
from chatbot.testing.injection import carrier
from chatbot.testing.planning import Planning
from store import messages, replays
from store.records import Feedback, Person

ALIKE = 0.75
"""How like what was said, or its correction, an answer must be."""
SAME = 0.95
"""How like a bad answer counts as saying it again."""
LONGEST = 80
"""Characters of a question in a case's name."""


class TurnCases:
    """Makes cases of turns. `workspace`: a name that is no secret."""

    def __init__(
        self,
        archive: Archive,
        replay: Replay,
        casework: Casework,
        planning: Planning,
        options: Options,
        workspace: str,
    ) -> None:
        self._archive = archive
        self._replay = replay
        self._casework = casework
        self._planning = planning
        self._options = options
        self._workspace = workspace

    def case_of(self, person: Person, prompt: str, message: str) -> dict[str, Any]:
        """The case of an answer (public id), as a test file has it.

        Raises NotFound, NotAllowed, Refused: the prompt has no place for a question.
        """
        sheet = self._casework.sheet(person, prompt)
        turn = self._replay.of(person, message)
        verdict = self._verdict(person, message)
        said = turn.said if verdict is None else (verdict.better or turn.said)
        question, said, *earlier = self._masked(
            [turn.question, said, *(one["content"] for one in turn.history)]
        )
        history = [one | {"content": text} for one, text in zip(turn.history, earlier, strict=True)]
        return {
            "description": _free(question, [one.description for one in sheet.cases]),
            "vars": _values(self._planning.newest(prompt), question, history),
            "assert": [_assertion(verdict, turn, said)],
        }

    def add(self, person: Person, prompt: str, message: str, *, parent: str | None) -> str:
        """Add the case to the tests of a prompt that had the hash `parent`; their new hash.

        Raises what `case_of` and saving tests raise.
        """
        case = self.case_of(person, prompt, message)
        return self._casework.put(person, prompt, None, case, parent=parent)

    def _verdict(self, person: Person, message: str) -> Feedback | None:
        """What this person says of the answer, else what who got it says."""
        others = "reviewer" in person.roles
        with self._archive.main.reading() as session:
            turn = replays.turn(session, message, user_id=person.id, others=others)
            for user in (person.id, turn.user_id):
                found = messages.feedback(session, user, [turn.id]).get(turn.id)
                if found is not None:
                    return found
        return None

    def _masked(self, texts: list[str]) -> list[str]:
        rules = replace(self._options.get(Masking).rules(self._workspace), on=True)
        asked = [{"role": "user", "content": text} for text in texts]
        return [one["content"] for one in mask(asked, rules).messages if one["role"] == "user"]


def _values(prompt: prompts.Prompt, question: str, history: list[Any]) -> dict[str, Any]:
    """The question in the input that takes it, the conversation in its thread."""
    asked = carrier(prompt)
    if asked is None:
        raise Refused("No input of this prompt takes a question, so a turn makes no case of it.")
    values: dict[str, Any] = {asked.name: [question] if asked.kind == "list" else question}
    if history and prompt.thread_input is not None:
        values[prompt.thread_input.name] = history
    return values


def _assertion(verdict: Feedback | None, turn: Replayed, said: str) -> dict[str, Any]:
    better = verdict is not None and bool(verdict.better)
    down = (verdict.rating if verdict is not None else turn.glance.rating) == -1
    if down and not better:
        return {"type": "not-similar", "value": said, "threshold": SAME}
    return {"type": "similar", "value": said, "threshold": ALIKE}


def _free(question: str, taken: Iterable[str]) -> str:
    """A name for the case that none of the others has."""
    plain = "".join(sign if sign.isprintable() else " " for sign in question)
    short = " ".join(plain.split()) or "…"
    cut = short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"
    name, known = f"From a conversation: {cut}", set(taken)
    numbered = (f"{name} ({number})" for number in range(2, len(known) + 3))
    return next(one for one in (name, *numbered) if one not in known)
