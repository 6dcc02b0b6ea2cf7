"""Plausible values for a prompt's inputs: a first preview, and what stands in for a missing one."""

from collections.abc import Callable

from prompts.format import Prompt
from prompts.frontmatter import JSON
from prompts.inputs import Input, Kind

_DATE = "2026-03-02"


def samples(prompt: Prompt) -> dict[str, JSON]:
    """Return a value for every input: its default, else something of its kind.

    An input that examples are chosen by gets the first example's words.
    """
    values = {spec.name: _sample(spec) for spec in prompt.inputs}
    by = prompt.input(prompt.by) if prompt.by else None
    if by is not None and by.kind != "list" and prompt.examples:
        values[by.name] = prompt.examples[0].user[: by.most]
    return values


def stand_in(spec: Input) -> JSON:
    """Return a value that the input accepts and that carries its name where a text can."""
    return _STAND_IN[spec.kind](spec)


def _sample(spec: Input) -> JSON:
    if spec.default not in (None, "", []):
        return spec.default
    return _SAMPLES[spec.kind](spec)


def _words(spec: Input) -> str:
    """A text by what the input is called."""
    known = next((text for word, text in _BY_NAME.items() if word in spec.name), None)
    return (known or f"a {spec.name.replace('_', ' ')}")[: spec.most]


_BY_NAME = {
    "question": "How long do I have to send something back?",
    "message": "Hello, my parcel has not arrived. Can you help?",
    "text": "Thank you for your order. We sent it on Monday and it should arrive on Thursday.",
    "company": "Halden Lamps",
    "product": "Desk lamp Tilda",
    "language": "English",
    "customer": "Maja",
    "audience": "people who work at home",
    "tone": "friendly",
    "name": "Maja",
    "mail": "maja@example.com",
    "subject": "Your order",
    "instruction": "Make it shorter.",
}

_PASSAGES: list[JSON] = [
    {"title": "Returns", "text": "Send it back within 30 days; we refund it within 5 days."},
    {"title": "Delivery", "text": "Parcels arrive in 2 to 4 working days."},
]
_THREAD: list[JSON] = [
    {"role": "user", "content": "Hello, is the desk lamp in stock?"},
    {"role": "assistant", "content": "Yes, it can be sent today."},
]
_LIST: list[JSON] = ["first item", "second item"]

_SAMPLES: dict[Kind, Callable[[Input], JSON]] = {
    "string": _words,
    "text": _words,
    "number": lambda _: 3,
    "boolean": lambda _: True,
    "choice": lambda spec: spec.choices[0],
    "date": lambda _: _DATE,
    "list": lambda spec: _LIST[: spec.most],
    "thread": lambda spec: _THREAD[: spec.most - spec.most % 2],
    "passages": lambda spec: _PASSAGES[: spec.most],
}
_STAND_IN: dict[Kind, Callable[[Input], JSON]] = {
    **_SAMPLES,
    "string": lambda spec: spec.name[: spec.most],
    "text": lambda spec: spec.name[: spec.most],
    "list": lambda spec: [spec.name],
    "thread": lambda spec: [{"role": "user", "content": spec.name}],
    "passages": lambda spec: [{"title": spec.name, "text": spec.name}],
}
