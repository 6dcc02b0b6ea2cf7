"""Prompt and values → the messages for a model. Knows no model, row or page.

A version is compiled once and kept by its hash. Values enter the finished tree as data: nothing in
them is read as template, role or tag.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from traceback import walk_tb
from typing import Any, TypeAlias, cast

from jinja2 import Template, TemplateError

from prompts.environment import ENVIRONMENT
from prompts.errors import PromptError, ValueRefused
from prompts.examples import SLOT, Example
from prompts.filters import BUDGET, MAX_CHARACTERS, Budget, Value
from prompts.format import Prompt, read_body
from prompts.inputs import accept_values
from prompts.origins import note_origins
from prompts.roles import Slot, Turn
from prompts.source import Sources

Message: TypeAlias = dict[str, str]

_KEPT = 256
_FILENAME = "<prompt>"
_FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Part:
    """A message ready to run."""

    role: str
    template: Template


@dataclass(frozen=True, slots=True)
class _Compiled:
    parts: list[_Part | Slot]
    sources: Sources


_versions: dict[str, _Compiled] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Piece:
    """One message as it came out: its text in chunks, values marked as such, and what it is part
    of: "" for the prompt's own, else `examples` or a thread's name, with its number in that."""

    role: str
    chunks: Sequence[str]
    slot: str = ""
    number: int = 0

    @property
    def content(self) -> str:
        """The message's text."""
        return "".join(self.chunks)


def render(
    prompt: Prompt, values: Mapping[str, Any], chosen: Sequence[int] | None = None
) -> list[Message]:
    """Return `{"role", "content"}` messages; raises PromptError naming the input or the place.

    A message that comes out empty is left out. Messages of a thread go in as they are. `chosen`
    are the examples to show, by their place in `prompt.examples`; without it the first `shown` are.
    """
    accepted = accept_values(prompt.inputs, values)
    return [{"role": p.role, "content": p.content} for p in run(prompt, accepted, chosen)]


def run(
    prompt: Prompt, accepted: Mapping[str, Any], chosen: Sequence[int] | None
) -> Iterable[Piece]:
    """Yield the messages for values that the inputs have accepted; raises PromptError."""
    examples = _examples(prompt, chosen)
    compiled = compiled_of(prompt)
    variables = {**accepted, BUDGET: Budget()}
    length = 0
    for part in compiled.parts:
        if isinstance(part, Slot):
            given = [] if part.name not in accepted else cast("list[Message]", accepted[part.name])
            thread = examples if part.name == SLOT and part.name not in accepted else given
            for number, message in enumerate(thread, 1):
                yield Piece(message["role"], [message["content"]], part.name, number)
            continue
        piece = Piece(part.role, _chunks_of(part.template, variables, compiled.sources))
        length += sum(map(len, piece.chunks))
        if length > MAX_CHARACTERS:
            raise PromptError(_TOO_LONG, hint="Shorten the values or the text.")
        if piece.chunks:
            yield piece


def _examples(prompt: Prompt, chosen: Sequence[int] | None) -> list[Message]:
    """Return the chosen examples as messages, in the order that they were chosen in."""
    places = range(prompt.shown) if chosen is None else chosen
    known = len(prompt.examples)
    if len(set(places)) != len(places) or any(not 0 <= place < known for place in places):
        raise PromptError(f"The chosen examples are none of the {known} that this prompt has.")
    several: list[Example] = [prompt.examples[place] for place in places]
    return [
        message
        for one in several
        for message in (
            {"role": "user", "content": one.user},
            {"role": "assistant", "content": one.assistant},
        )
    ]


_TOO_LONG = f"The messages have more than {MAX_CHARACTERS:,} characters."


def compiled_of(prompt: Prompt) -> _Compiled:
    """Return the prompt's templates ready to run, compiled now or before."""
    return _versions.get(prompt.sha) or _compile(prompt)


def _compile(prompt: Prompt) -> _Compiled:
    body = read_body(prompt)
    names = [*(spec.name for spec in prompt.inputs), *prompt.undeclared]
    parts = [_part(part, names) if isinstance(part, Turn) else part for part in body.parts]
    compiled = _Compiled(parts, body.sources)
    with _lock:
        while len(_versions) >= _KEPT:
            del _versions[next(iter(_versions))]
        _versions[prompt.sha] = compiled
    return compiled


def _part(turn: Turn, names: Sequence[str]) -> _Part:
    note_origins(turn.body, names)
    code = ENVIRONMENT.compile(turn.body, filename=_FILENAME)
    return _Part(turn.role, Template.from_code(ENVIRONMENT, code, ENVIRONMENT.globals))


def _chunks_of(template: Template, variables: dict[str, Any], sources: Sources) -> list[str]:
    """Run one message's template; its own blank edges are cut, those of a value are kept."""
    try:
        chunks = _chunks(template, variables)
    except ValueRefused as error:
        raise _placed(error, template, sources, error.message, error.hint) from None
    except _FAILURES as error:
        raise _placed(error, template, sources, _sentence(error)) from None
    _trim(chunks)
    return chunks if any(chunks) else []


def _chunks(template: Template, variables: dict[str, Any]) -> list[str]:
    chunks: list[str] = []
    length = 0
    for chunk in template.root_render_func(template.new_context(variables)):
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_CHARACTERS:
            raise ValueRefused(_TOO_LONG, "Shorten the values or the loops.")
    return chunks


def _trim(chunks: list[str]) -> None:
    """Cut blank lines before and white space after the author's text, never a value's."""
    while chunks and not isinstance(chunks[0], Value):
        chunks[0] = chunks[0].lstrip("\n")
        if chunks[0]:
            break
        del chunks[0]
    while chunks and not isinstance(chunks[-1], Value):
        chunks[-1] = chunks[-1].rstrip()
        if chunks[-1]:
            break
        del chunks[-1]


def _placed(
    error: Exception, template: Template, sources: Sources, message: str, hint: str = ""
) -> PromptError:
    """Say where in the prompt the error arose, from where in the compiled code it did."""
    frames = walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == _FILENAME]
    if not lines:
        return PromptError(message, hint=hint)
    return sources.error(template.get_corresponding_lineno(lines[-1]), message, hint)


def _sentence(error: Exception) -> str:
    if isinstance(error, TemplateError):
        return error.message or "This cannot be rendered."
    if isinstance(error, ZeroDivisionError):
        return "This divides by zero."
    return "This cannot be worked out with these values."
