"""A rendering that shows where its text comes from: the same messages, cut into spans.

Knows no page. `holes` lets an author look at a prompt whose required values are not filled in yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.examples import SLOT
from prompts.filters import Hole
from prompts.format import Prompt
from prompts.frontmatter import JSON
from prompts.inputs import Input, accept_values
from prompts.render import Piece, run
from prompts.samples import stand_in


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a message: the prompt's own text, or what came from an input.

    `missing`: the value is not there; `text` is then the input's name.
    """

    text: str
    input: str | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of a preview. `part`: "", or such as "history 1 of 2" or "example 1"."""

    role: str
    spans: tuple[Span, ...]
    part: str = ""

    @property
    def content(self) -> str:
        """The message's text."""
        return "".join(span.text for span in self.spans)


def preview(
    prompt: Prompt,
    values: Mapping[str, Any],
    chosen: Sequence[int] | None = None,
    *,
    holes: bool = False,
) -> list[Shown]:
    """Return the messages that `render` makes, in spans; raises what it raises.

    With `holes` a required value that is not given shows as the name of its input, and so does an
    unknown name of an unfinished prompt.
    """
    missing = _missing(prompt, values) if holes else {}
    accepted: dict[str, JSON] = accept_values(prompt.inputs, {**values, **missing})
    unknown = {name: Hole(name) for name in prompt.undeclared} if holes else {}
    accepted.update(unknown)
    missing.update(unknown)
    pieces = list(run(prompt, accepted, chosen))
    return [_shown(prompt, piece, pieces, missing) for piece in pieces]


def _missing(prompt: Prompt, values: Mapping[str, Any]) -> dict[str, JSON]:
    """What stands in for each required value that is not given."""
    return {
        spec.name: stand_in(spec)
        for spec in prompt.inputs
        if spec.required and not _given(spec, values.get(spec.name))
    }


def _given(spec: Input, value: object) -> bool:
    if value in (None, "", []):
        return False
    return not (spec.kind == "list" and isinstance(value, str) and not value.strip())


def _shown(
    prompt: Prompt, piece: Piece, pieces: Sequence[Piece], missing: Mapping[str, JSON]
) -> Shown:
    if not piece.slot:
        return Shown(piece.role, _spans(piece.chunks, missing))
    if piece.slot == SLOT and prompt.input(SLOT) is None:
        return Shown(piece.role, (Span(piece.content),), f"example {(piece.number + 1) // 2}")
    count = sum(other.slot == piece.slot for other in pieces)
    part = f"{piece.slot} {piece.number} of {count}"
    return Shown(piece.role, (_span(piece.content, piece.slot, missing),), part)


def _spans(chunks: Sequence[str], missing: Mapping[str, JSON]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for chunk in chunks:
        if not chunk:
            continue
        span = _span(chunk, getattr(chunk, "input", None), missing)
        before = spans[-1] if spans else None
        if before is not None and before.input is None and span.input is None:
            spans[-1] = Span(before.text + span.text)
        else:
            spans.append(span)
    return tuple(spans)


def _span(text: str, name: str | None, missing: Mapping[str, JSON]) -> Span:
    if name is not None and name in missing:
        return Span(name, name, missing=True)
    return Span(str(text), name)
