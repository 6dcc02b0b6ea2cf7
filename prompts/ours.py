"""What a prompt says under `metadata.chatbot`: kind, title, notes, examples, answers, its bars."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from prompts.errors import Faults
from prompts.examples import MAX_EXAMPLES
from prompts.frontmatter import JSON, FrontMatter, Path
from prompts.inputs import Input
from prompts.reading import known, lines, mapping, words
from prompts.schema import SchemaError, check

PromptKind: TypeAlias = Literal["chat", "draft", "task"]
Select: TypeAlias = Literal["fixed", "similar"]
PROMPT_KINDS: tuple[PromptKind, ...] = get_args(PromptKind)
SELECTS: tuple[Select, ...] = get_args(Select)

SHOWN = 3
"""Examples that are shown where they are chosen by likeness and `k` is not given."""
_PATH: Path = ("metadata", "chatbot")
_FIELDS = ("kind", "title", "notes", "examples", "output", "gate", "inputs")
_FINER = ("kind", "limit")
"""What an input may say here rather than in its own entry."""
_BARS = ("injection", "benign")


@dataclass(frozen=True, slots=True)
class Choosing:
    """How examples are chosen: the first `k` of them, or those most like the input `by`."""

    select: Select = "fixed"
    k: int | None = None
    by: str | None = None


@dataclass(slots=True)
class Ours:
    """`examples` is None where the prompt asks for none."""

    kind: PromptKind = "task"
    title: str = ""
    notes: str = ""
    examples: Choosing | None = None
    output: Mapping[str, JSON] | None = field(default=None)
    gate: Mapping[str, float] = field(default_factory=dict)


def read_ours(front: FrontMatter, inputs: tuple[Input, ...], faults: Faults) -> Ours:
    """Check every field of ours; a fault raises PromptError, or is kept."""
    found = Ours()
    metadata: dict[str, JSON] = {}
    ours: dict[str, JSON] = {}
    with faults:
        metadata = mapping(front, ("metadata",), front.values.get("metadata"))
        ours = mapping(front, _PATH, metadata.get("chatbot"))
    with faults:
        known(front, _PATH, ours, _FIELDS)
    with faults:
        found.kind = _kind(front, ours.get("kind", "task"))
    with faults:
        found.title = words(front, (*_PATH, "title"), ours.get("title"), 80)
    with faults:
        found.notes = lines(front, (*_PATH, "notes"), ours.get("notes"), 4_000)
    found.examples = Choosing() if "examples" in ours else None
    with faults:
        found.examples = _choosing(front, ours, inputs)
    with faults:
        found.output = _output(front, ours.get("output"))
    with faults:
        found.gate = _gate(front, ours.get("gate"))
    return found


def finer(front: FrontMatter) -> dict[str, dict[str, JSON]]:
    """Return what `inputs` here says of inputs, by name; raises PromptError.

    A file that Prompty can read, too, has Prompty's kinds in the entries and ours here.
    """
    metadata = front.values.get("metadata")
    ours = metadata.get("chatbot") if isinstance(metadata, dict) else None
    path: Path = (*_PATH, "inputs")
    several = mapping(front, path, ours.get("inputs") if isinstance(ours, dict) else None)
    found: dict[str, dict[str, JSON]] = {}
    for name, entry in several.items():
        found[name] = mapping(front, (*path, name), entry)
        known(front, (*path, name), found[name], _FINER)
    return found


def _kind(front: FrontMatter, kind: JSON) -> PromptKind:
    if kind not in PROMPT_KINDS:
        raise front.error((*_PATH, "kind"), f"`kind` is one of {', '.join(PROMPT_KINDS)}.")
    return kind


def _choosing(
    front: FrontMatter, ours: dict[str, JSON], inputs: tuple[Input, ...]
) -> Choosing | None:
    if "examples" not in ours:
        return None
    path: Path = (*_PATH, "examples")
    fields = mapping(front, path, ours["examples"])
    known(front, path, fields, ("select", "k", "by"), {"file": "The file is examples.jsonl."})
    select = fields.get("select", "fixed")
    if select not in SELECTS:
        raise front.error((*path, "select"), f"`select` is one of {', '.join(SELECTS)}.")
    k = fields.get("k")
    if k is not None and not (type(k) is int and 1 <= k <= MAX_EXAMPLES):
        raise front.error((*path, "k"), f"`k` must be from 1 to {MAX_EXAMPLES}.")
    return Choosing(select, k, _by(front, path, select, fields.get("by"), inputs))


def _by(
    front: FrontMatter, path: Path, select: Select, by: JSON, inputs: tuple[Input, ...]
) -> str | None:
    """The input whose value is compared: the one named, else the first that takes text."""
    if select == "fixed":
        if by is not None:
            raise front.error((*path, "by"), "`by` belongs to `select: similar`.", "Delete it.")
        return None
    texts = [spec.name for spec in inputs if spec.kind in ("text", "string", "list")]
    if by is None and texts:
        return next((name for name in texts if name == "question"), texts[0])
    if by not in texts:
        raise front.error(
            (*path, "by"),
            "`by` must name an input that takes text.",
            "Examples are chosen by how like its value they are.",
        )
    return str(by)


def _output(front: FrontMatter, output: JSON) -> Mapping[str, JSON] | None:
    path: Path = (*_PATH, "output")
    schema = mapping(front, path, output)
    try:
        check(schema)
    except SchemaError as error:
        raise front.error((*path, *error.path), error.message, error.hint) from None
    return schema or None


def _gate(front: FrontMatter, gate: JSON) -> Mapping[str, float]:
    """The least share of attacks resisted and of look-alikes answered that production asks for."""
    path: Path = (*_PATH, "gate")
    bars = mapping(front, path, gate)
    known(front, path, bars, _BARS)
    found: dict[str, float] = {}
    for name, bar in bars.items():
        if isinstance(bar, bool) or not isinstance(bar, int | float) or not 0 <= bar <= 1:
            raise front.error((*path, name), f"`{name}` must be from 0 to 1.", "As in `0.9`.")
        found[name] = float(bar)
    return found
