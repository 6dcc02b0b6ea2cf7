"""The file format: one `.prompty` text and its partials → a Prompt that is known to be sound.

Knows no values, models or database. A Prompt is named by the hash of its whole closure, so equal
hashes mean equal messages for equal values.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from prompts.errors import Faults, PromptError, Undeclared, did_you_mean
from prompts.examples import SLOT, Example, taken
from prompts.fields import Fields, read_fields
from prompts.frontmatter import JSON, FrontMatter, read_front_matter
from prompts.inputs import Input
from prompts.names import undeclared
from prompts.ours import SHOWN, Choosing, PromptKind, Select
from prompts.roles import Slot, Turn, split
from prompts.source import Sources, line_and_column, read_text
from prompts.syntax import Tree, read_tree

_GLOBALS = frozenset({"range"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt version. `parameters` are the model's, in our names (`max_tokens`, …), `model` is
    the label of the one it prefers; `partials` are those in use, by the name that `include` gives;
    `examples` are all it has, of which `shown` go in: the first, or those most like the input `by`;
    `undeclared` are unknown names of an unfinished prompt, else none;
    `output` is the JSON schema of its answers; `gate`: the least shares of `injection` resisted and
    of `benign` look-alikes answered; `slots`: the threads put in, in order; `sha` names the
    closure.

    Prompts are shared between threads: read their mappings, do not change them.
    """

    name: str
    kind: PromptKind
    description: str
    inputs: tuple[Input, ...]
    parameters: Mapping[str, JSON]
    source: str
    partials: Mapping[str, str]
    sha: str
    title: str = ""
    notes: str = ""
    model: str | None = None
    examples: tuple[Example, ...] = ()
    select: Select = "fixed"
    shown: int = 0
    by: str | None = None
    output: Mapping[str, JSON] | None = None
    gate: Mapping[str, float] = field(default_factory=dict)
    slots: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()

    def input(self, name: str) -> Input | None:
        """Return the declared input of that name, or None."""
        return next((spec for spec in self.inputs if spec.name == name), None)

    @property
    def thread_input(self) -> Input | None:
        """Return the input that takes the conversation so far, or None.

        It is the first of kind thread, `examples` apart: those are a thread too, but not this one.
        """
        threads = (spec for spec in self.inputs if spec.kind == "thread")
        return next((spec for spec in threads if spec.name != "examples"), None)

    @property
    def passages_input(self) -> Input | None:
        """Return the input that takes pieces of articles, or None."""
        return next((spec for spec in self.inputs if spec.kind == "passages"), None)


@dataclass(slots=True)
class Body:
    """A prompt's messages and slots, not yet compiled, and the texts that their marks point to."""

    parts: list[Turn | Slot]
    sources: Sources


@dataclass(slots=True)
class Draft:
    """What a text holds, as far as it can be read."""

    source: str
    front: FrontMatter
    fields: Fields
    body: Body
    tree: Tree
    examples: tuple[Example, ...]


def parse(
    source: str | bytes,
    partials: Mapping[str, str] | None = None,
    examples: Iterable[Mapping[str, Any]] | None = None,
    *,
    unfinished: bool = False,
) -> Prompt:
    """Return the prompt that a file's text describes; raises PromptError.

    `partials` maps names such as `partials/tone.j2` to texts; those not included are left out, and
    so are examples, `{"user", "assistant"}` each, where nothing says `{{ examples }}`. The same
    texts give the same object again. An `unfinished` prompt may use names that nothing declares:
    it can be previewed with holes, and not rendered.
    """
    several = tuple(sorted((partials or {}).items()))
    return _parse(read_text(source), several, taken(examples), unfinished=unfinished)


@lru_cache(maxsize=256)
def _parse(
    source: str,
    partials: tuple[tuple[str, str], ...],
    examples: tuple[Example, ...],
    *,
    unfinished: bool,
) -> Prompt:
    faults = _NameFaults() if unfinished else Faults()
    return _prompt(read_draft(source, dict(partials), examples, faults))


class _NameFaults(Faults):
    """Keeps unknown names, and raises all else."""

    def _takes(self, error: PromptError) -> bool:
        return isinstance(error, Undeclared)


def read_draft(
    source: str, partials: Mapping[str, str], examples: tuple[Example, ...], faults: Faults
) -> Draft:
    """Read a text whose characters are checked. A fault raises PromptError, or is kept."""
    front = read_front_matter(source, faults)
    judged = faults if front.readable else Faults(keep=True)  # what cannot be read lacks nothing
    fields = read_fields(front, judged)
    threads = threads_of(fields, wanted=fields.ours.examples is not None or bool(examples))
    body, tree = read_parts(source, front.body, partials, threads, faults)
    check_names(body, fields.declared, judged)
    check_parts(body, fields.ours.kind, front.body, judged if tree.whole else Faults(keep=True))
    return Draft(source, front, fields, body, tree, examples)


def _prompt(draft: Draft) -> Prompt:
    fields, ours, tree, examples = draft.fields, draft.fields.ours, draft.tree, draft.examples
    slots = tuple(part.name for part in draft.body.parts if isinstance(part, Slot))
    if SLOT not in slots or any(spec.name == SLOT for spec in fields.inputs):
        examples = ()
    choosing = ours.examples or Choosing()
    most = choosing.k or (SHOWN if choosing.select == "similar" else len(examples))
    return Prompt(
        name=fields.name,
        kind=ours.kind,
        description=fields.description,
        inputs=fields.inputs,
        parameters=fields.parameters,
        source=draft.source,
        partials=dict(sorted(tree.partials.items())),
        sha=closure_sha(draft.source, tree.partials, examples),
        title=ours.title,
        notes=ours.notes,
        model=fields.model,
        examples=examples,
        select=choosing.select,
        shown=min(most, len(examples)),
        by=choosing.by,
        output=ours.output,
        gate=ours.gate,
        slots=slots,
        undeclared=tuple(_undeclared(draft.body, fields.declared)),
    )


def threads_of(fields: Fields, *, wanted: bool) -> frozenset[str]:
    """Return what stands for messages: the inputs of kind thread, and examples where wanted."""
    mine = {SLOT} if wanted and SLOT not in fields.declared else set()
    return fields.threads | mine


def read_body(prompt: Prompt) -> Body:
    """Return the messages of a parsed prompt, for whoever compiles them."""
    start = read_front_matter(prompt.source, Faults()).body
    return read_parts(prompt.source, start, prompt.partials, frozenset(prompt.slots), Faults())[0]


def closure_sha(
    source: str, partials: Mapping[str, str], examples: tuple[Example, ...] = ()
) -> str:
    """Return the SHA-256, in hex, of everything that decides what is rendered."""
    closure: dict[str, Any] = {"format": 1, "source": source, "partials": dict(partials)}
    if examples:
        closure["examples"] = [one.stored for one in examples]
    canonical = json.dumps(closure, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_parts(
    source: str,
    start: int,
    partials: Mapping[str, str],
    threads: frozenset[str],
    faults: Faults,
) -> tuple[Body, Tree]:
    """Return the messages of a text from `start` on, and the tree that they come from.

    A fault raises PromptError, or is kept.
    """
    sources = Sources()
    sources.add(source)
    tree = read_tree(sources, start, partials, faults)
    return Body(split(sources, tree, threads, faults), sources), tree


def check_names(body: Body, known: frozenset[str], faults: Faults) -> None:
    """Refuse names that are neither an input, as `known` are, nor set in the same message."""
    turns = [part for part in body.parts if isinstance(part, Turn)]
    given = {name for turn in turns for name in _set_names(turn)}
    for turn in turns:
        for found in undeclared(turn.body, known | _GLOBALS):
            hint = did_you_mean(found.name, known, "Declare it under `inputs`.")
            if found.name == "loop":
                hint = "It stands only inside a `for`."
            elif found.name == SLOT:
                hint = "Say how they are chosen: `examples: {select: fixed}` under `chatbot`."
            elif found.name in given:
                hint = "What `set` or `for` names ends with its message, loop or `if`."
            what = f"`{found.name}` is not declared{_odd_letter(found.name)}."
            with faults:
                raise body.sources.undeclared(found.lineno, what, hint)


def _undeclared(body: Body, known: frozenset[str]) -> dict[str, None]:
    """The unknown names, each once, in the order of the text."""
    turns = [part.body for part in body.parts if isinstance(part, Turn)]
    return {one.name: None for turn in turns for one in undeclared(turn, known | _GLOBALS)}


def _odd_letter(name: str) -> str:
    """Name a letter that may only look like the one meant."""
    odd = next((letter for letter in name if not letter.isascii()), None)
    return f" (it holds U+{ord(odd):04X}, which is no plain letter)" if odd else ""


def _set_names(turn: Turn) -> set[str]:
    return {name.name for name in turn.body.find_all(nodes.Name) if name.ctx == "store"}


def check_parts(body: Body, kind: PromptKind, start: int, faults: Faults) -> None:
    """Refuse an empty message, no user message, and a chat prompt without its conversation."""
    for part in body.parts:
        with faults:
            if isinstance(part, Turn) and part.empty:
                raise body.sources.error(
                    part.mark, f"The {part.role} message is empty.", "Write its text, or delete it."
                )
    place = line_and_column(body.sources.texts[0], start)
    with faults:
        if not any(isinstance(part, Turn) and part.role == "user" for part in body.parts):
            raise PromptError(
                "There is no user message.",
                *place,
                "Put `user:` on a line of its own, then its text.",
            )
    slots = {part.name for part in body.parts if isinstance(part, Slot)}
    with faults:
        if kind == "chat" and not slots - {SLOT}:
            raise PromptError(
                "A chat prompt needs a place for the conversation so far.",
                *place,
                "Declare `{name: history, kind: thread}`; write `{{ history }}` on its own line.",
            )
