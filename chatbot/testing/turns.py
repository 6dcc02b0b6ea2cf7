"""A test case from a stored turn: its question, the conversation before it, what it should say.

    what was corrected ─▶ the answer must mean about the same as the better one
    thumbs down        ─▶ it must not say that again
    else               ─▶ it must mean about the same as what was said

Cases outlive the conversations they came from, so personal values stand in them as tags; names stay
in a turn of one's own, since most of those are products'. Who may see a turn, and what of somebody
else's, chatbot/replay.py decides.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import prompts
from chatbot.casework import Casework
from chatbot.errors import Refused
from chatbot.masking import mask
from chatbot.options import Masking, Options
from chatbot.replay import Replay, Replayed
from chatbot.testing.injection import carrier
from chatbot.testing.planning import Planning
from store.records import Person

ALIKE = 0.75
"""How like what was said, or its correction, an answer must be."""
SAME = 0.95
"""How like a bad answer counts as saying it again."""
NAMES = frozenset({"names", "companies"})
LONGEST = 120
"""Characters of a question in a case's name."""


class TurnCases:
    """Makes cases of turns. `workspace`: a name that is no secret."""

    def __init__(
        self,
        replay: Replay,
        casework: Casework,
        planning: Planning,
        options: Options,
        workspace: str,
    ) -> None:
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
        wanted = turn.better or turn.said
        question, wanted, *earlier = self._masked(
            [turn.question, wanted, *(one["content"] for one in turn.history)]
        )
        history = [one | {"content": text} for one, text in zip(turn.history, earlier, strict=True)]
        return {
            "description": _free(question, [one.description for one in sheet.cases]),
            "vars": _values(self._planning.newest(prompt), question, history, turn.passages),
            "assert": [_assertion(turn, wanted)],
        }

    def add(
        self, person: Person, prompt: str, message: str, *, parent: str | None
    ) -> tuple[str, str]:
        """Add the case to a prompt's tests, which had the hash `parent`; their new one, its name.

        Raises what `case_of` and saving tests raise.
        """
        case = self.case_of(person, prompt, message)
        sha = self._casework.put(person, prompt, None, case, parent=parent)
        return sha, case["description"]

    def _masked(self, texts: list[str]) -> list[str]:
        rules = self._options.get(Masking).rules(self._workspace)
        rules = replace(rules, on=True, groups=rules.groups - NAMES)
        asked = [{"role": "user", "content": text} for text in texts]
        return [one["content"] for one in mask(asked, rules).messages if one["role"] == "user"]


def _values(
    prompt: prompts.Prompt, question: str, history: list[Any], passages: list[dict[str, str]]
) -> dict[str, Any]:
    """The question in the input that takes it, the conversation in its thread, its passages."""
    asked = carrier(prompt)
    if asked is None:
        raise Refused("No input of this prompt takes a question, so a turn makes no case of it.")
    values: dict[str, Any] = {asked.name: [question] if asked.kind == "list" else question}
    if history and prompt.thread_input is not None:
        values[prompt.thread_input.name] = history
    takes = prompt.passages_input
    if passages and takes is not None:
        values[takes.name] = passages[: takes.most]
    return values


def _assertion(turn: Replayed, wanted: str) -> dict[str, Any]:
    if turn.glance.rating == -1 and not turn.better:
        return {"type": "not-similar", "value": wanted, "threshold": SAME}
    return {"type": "similar", "value": wanted, "threshold": ALIKE}


def _free(question: str, taken: Iterable[str]) -> str:
    """A name for the case that none of the others has."""
    plain = "".join(sign if sign.isprintable() else " " for sign in question)
    short = " ".join(plain.split()) or "…"
    name = short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"
    known = set(taken)
    numbered = (f"{name} ({number})" for number in range(2, len(known) + 3))
    return next(one for one in (name, *numbered) if one not in known)
