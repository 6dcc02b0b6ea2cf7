"""Held-out rows of a dataset as questions to a model, asked on the way that a turn goes.

    row (messages as they were rendered, approved reply) ─▶ filled ─▶ OwnCase ─▶ chain.Plan

A row's messages are rendered already. Sources in them are read back out, so that a model that
quotes is held to them here as it is in a turn. Knows no model and no judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import prompts
from chatbot import chain, values
from chatbot.learning.evaluate.judging import stands
from chatbot.learning.filling import fill
from chatbot.learning.shuffling import dice
from chatbot.learning.sources import sources
from store.evaluations import HeldOut

LONGEST = 384
"""Tokens of a reply; one that is longer counts as broken off."""

CARRIER = "support"
"""The built-in prompt whose inputs carry question, passages and history of any row."""

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class OwnCase:
    """One held-out turn. `messages` are what is sent, `reference` is the approved reply.

    `facts`: the values and names of the reference that stand in the messages, so that a model can
    know them. `draft`: it was written for an agent, who sends it.
    """

    row: int
    number: int
    messages: tuple[Message, ...]
    reference: str
    facts: tuple[str, ...]
    draft: bool = False

    @property
    def context(self) -> tuple[str, ...]:
        """The texts that the model is given."""
        return tuple(one["content"] for one in self.messages)

    @property
    def question(self) -> str:
        """What is asked: the last message."""
        return self.messages[-1]["content"]

    @property
    def passages(self) -> tuple[dict[str, str], ...]:
        """Its sources; none where the messages hold none in the form of the built-in prompts."""
        return tuple(one for text in _system(self.messages) for one in sources(text).passages)


def own_cases(rows: Sequence[HeldOut], seed: int) -> list[OwnCase]:
    """Return a case of each row. With one seed every model gets the same made-up values.

    Rows that end with no message of a customer cannot be asked and are left out.
    """
    asked = [row for row in rows if row.messages and row.messages[-1]["role"] == "user"]
    return [_case(row, dice(seed, row.number)) for row in asked]


def plan_of(case: OwnCase) -> chain.Plan:
    """The case as a turn without chance. Its messages are written anew where sources narrow."""
    prompt = prompts.library()[CARRIER]
    parameters = {"temperature": 0.0, "max_tokens": LONGEST}
    prompt = replace(
        prompt, parameters=parameters, kind="draft" if case.draft else "chat", select="fixed"
    )
    history = tuple(
        chain.Past(number, "user" if one["role"] == "user" else "assistant", one["content"])
        for number, one in enumerate(_thread(case.messages))
    )
    given: dict[str, Any] = {"question": case.question}
    if case.passages:
        given["passages"] = [dict(one) for one in case.passages]
    return chain.Plan(prompt, given, history, renderer=_Rendered(case))


@dataclass(frozen=True, slots=True)
class _Rendered:
    """Gives a case's messages in place of a rendering; the sources as the turn narrowed them."""

    case: OwnCase

    def __call__(
        self,
        prompt: prompts.Prompt,
        given: Mapping[str, Any],
        chosen: Sequence[int] | None = None,  # noqa: ARG002  a renderer takes it
    ) -> Sequence[Message]:
        thread = prompt.thread_input
        history = given.get(thread.name, []) if thread is not None else []
        passages = given.get("passages", [])
        system = [
            one | {"content": self._narrowed(one["content"], passages)}
            for one in self.case.messages[: _begin(self.case.messages)]
        ]
        return [*system, *history, dict(self.case.messages[-1])]

    def _narrowed(self, text: str, passages: Sequence[Mapping[str, str]]) -> str:
        found = sources(text)
        if not found.passages or list(passages) == list(found.passages):
            return text
        return found.written(passages)


def _case(row: HeldOut, rng: Random) -> OwnCase:
    contents = [one["content"] for one in row.messages]
    tags = list(dict.fromkeys(tag[0] for tag in values.TAG.finditer(row.reply)))
    known = [tag for tag in tags if any(tag in text for text in contents)]
    filled = fill([*contents, row.reply, *known], rng)
    count = len(contents)
    said, reference, made_up = filled[:count], filled[count], filled[count + 1 :]
    messages = tuple(one | {"content": text} for one, text in zip(row.messages, said, strict=True))
    return OwnCase(
        row=row.id,
        number=row.number,
        messages=messages,
        reference=reference,
        facts=_facts(reference, said, made_up),
        draft=_is_draft(row),
    )


def _facts(reference: str, context: Sequence[str], made_up: Sequence[str]) -> tuple[str, ...]:
    """Values of the reference that stand in the context, and names that took a tag's place."""
    lost = {value.text for value in values.missing(reference, context)}
    found = [value.text for value in values.find(reference) if value.text not in lost]
    names = [text for text in made_up if not any(stands(text, one) for one in found)]
    return tuple(dict.fromkeys([*found, *names]))


def _is_draft(row: HeldOut) -> bool:
    built_in = prompts.library().get(row.prompt)
    return row.source == "reply" or (built_in is not None and built_in.kind == "draft")


def _begin(messages: Sequence[Message]) -> int:
    """Where the system messages at the start end."""
    return next((at for at, one in enumerate(messages) if one["role"] != "system"), len(messages))


def _system(messages: Sequence[Message]) -> list[str]:
    return [one["content"] for one in messages[: _begin(messages)]]


def _thread(messages: Sequence[Message]) -> Sequence[Message]:
    return messages[_begin(messages) : -1]
