"""What is asked of a model: a call's messages as they are, or a prompt with its values and history.

`prompt:NAME` becomes the very plan that a turn of the product has (chatbot.answering), so what is
served is what was tested. Knows no rows and no streams.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import prompts
from chatbot.answering import HISTORY, LONG, history_of, values_of
from chatbot.chain import Past, Plan, Renderer
from chatbot.completions.errors import Unsupported
from chatbot.completions.shapes import Shape
from chatbot.completions.views import Ask, Said
from chatbot.sourcing import Sourced
from prompts.inputs import accept_values
from store.records import Message

OWN_SYSTEM = (
    "A published prompt brings its own system text. Send the user's and the assistant's messages "
    "alone, or name a model."
)
NO_HISTORY = "This prompt takes one message. Leave the earlier ones out."
NOTHING_ASKED = "This prompt takes its inputs alone: all of them are given, so leave no message."
JSON_KINDS = ("number", "boolean", "thread", "passages")
"""Inputs whose value may come as JSON in a text: what `metadata` holds are texts."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """The messages of a call: what was said before, and what is asked now."""

    system: str
    before: tuple[Said, ...]
    question: str

    @property
    def messages(self) -> list[dict[str, str]]:
        """All of them, as a model takes them."""
        system = [Said("system", self.system)] if self.system else []
        every = [*system, *self.before, Said("user", self.question)]
        return [{"role": one.role, "content": one.content} for one in every]


@dataclass(frozen=True, slots=True)
class _Line:
    """A message as history takes it; it may have a row."""

    id: int
    role: str
    content: str


def dialog_of(messages: Sequence[Said]) -> Dialog:
    """System texts in front, joined; the user's last messages in a row are one question."""
    system = [one.content for one in messages if one.role in ("system", "developer")]
    said = [one for one in messages if one.role in ("user", "assistant")]
    asked: list[str] = []
    while said and said[-1].role == "user":
        asked.insert(0, said.pop().content)
    return Dialog("\n\n".join(system), tuple(said), "\n\n".join(asked))


def past_of(before: Sequence[Said], path: Sequence[Message] = ()) -> tuple[Past, ...]:
    """Earlier messages as history, by the rules of a turn; `path`: the rows that lead there."""
    lines: list[_Line] = []
    rows = list(path)
    for one in reversed(before[-HISTORY:]):
        row = rows.pop() if rows and rows[-1].content.strip() == one.content.strip() else None
        lines.insert(0, _Line(row.id if row else 0, one.role, one.content))
    return history_of(lines)


def options_of(ask: Ask, choice: int, *, guided: Shape | None) -> dict[str, Any]:
    """What the caller asks for, by the names of chatbot.chain; the seed differs by choice."""
    seed = None if ask.seed is None else _wrapped(ask.seed + choice)
    given = {
        "temperature": ask.temperature,
        "top_p": ask.top_p,
        "seed": seed,
        "max_tokens": ask.max_tokens,
        "stop": list(ask.stop) or None,
        "logprobs": ask.top_logprobs if ask.logprobs else None,
        "schema": guided.schema if guided else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def check_prompt(prompt: prompts.Prompt, dialog: Dialog) -> None:
    """Refuse messages that a prompt has no place for. Raises Unsupported."""
    if dialog.system:
        raise Unsupported("messages", OWN_SYSTEM)
    if dialog.before and prompt.thread_input is None:
        raise Unsupported("messages", NO_HISTORY)


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller gives a prompt; `place` is the input that the message fills."""

    values: dict[str, Any]
    place: str

    @property
    def told(self) -> dict[str, Any]:
        """The same for a trace, without the message, which has a row of its own."""
        values = {name: value for name, value in self.values.items() if name != self.place}
        return ({"values": values} if values else {}) | {"place": self.place}


def given_values(prompt: prompts.Prompt, dialog: Dialog, inputs: Mapping[str, Any]) -> Given:
    """The values that the caller gives: the inputs, and the message in the place meant for it.

    That is `question`, else the first text that must be given, else the first text. Raises
    Unsupported: there is no such place, or a value is none that the prompt takes.
    """
    given = {name: _read(prompt, name, value) for name, value in inputs.items()}
    if prompt.input("question") is not None:
        return _accepted(prompt, {**given, "question": dialog.question}, "question")
    texts = [
        spec for spec in prompt.inputs if spec.kind in ("text", "string") and spec.name not in given
    ]
    place = next((spec for spec in texts if spec.required), next(iter(texts), None))
    if place is None or place.name == "company":
        raise Unsupported("messages", NOTHING_ASKED)
    return _accepted(prompt, {**given, place.name: dialog.question}, place.name)


def plan_of(
    prompt: prompts.Prompt,
    values: Mapping[str, Any],
    past: Sequence[Past],
    *,
    long: bool,
    sourced: Sourced,
    workspace: str,
    renderer: Renderer,
    options: Mapping[str, Any],
    told: Shape | None,
) -> Plan:
    """A turn's plan with what the caller gives. `told`: a shape that the model is told of."""
    known = values_of(prompt, str(values.get("question", "")), workspace)
    return Plan(
        prompt=prompt,
        values=known | sourced.values(prompt) | dict(values),
        history=tuple(past),
        renderer=renderer if told is None else _telling(renderer, told),
        notes=(*((LONG,) if long else ()), *sourced.notes),
        options=options,
    )


def with_instruction(messages: Sequence[Mapping[str, str]], told: Shape) -> list[dict[str, str]]:
    """Messages whose system text ends with what an answer must look like."""
    system = [one["content"] for one in messages if one["role"] == "system"]
    rest = [dict(one) for one in messages if one["role"] != "system"]
    return [{"role": "system", "content": "\n\n".join([*system, told.instruction])}, *rest]


def _telling(renderer: Renderer, told: Shape) -> Renderer:
    def render(
        prompt: prompts.Prompt, values: Mapping[str, Any], chosen: Sequence[int] | None
    ) -> list[dict[str, str]]:
        return with_instruction(renderer(prompt, values, chosen), told)

    return render


def _read(prompt: prompts.Prompt, name: str, value: Any) -> Any:
    spec = prompt.input(name)
    if spec is None or spec.kind not in JSON_KINDS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the prompt's own sentence says what is wrong with it


def _accepted(prompt: prompts.Prompt, values: dict[str, Any], place: str) -> Given:
    """The values, when the prompt takes them. What it gets otherwise stands in for the rest."""
    others: dict[str, Any] = {
        spec.name: [] for spec in prompt.inputs if spec.kind in ("thread", "passages")
    }
    try:
        accept_values(prompt.inputs, others | values)
    except prompts.PromptError as error:
        param = "messages" if error.input_name == place else f"metadata.{error.input_name}"
        raise Unsupported(param, str(error)) from error
    return Given(values, place)


def _wrapped(seed: int) -> int:
    """The seed within 64 bits."""
    return (seed + 2**63) % 2**64 - 2**63
