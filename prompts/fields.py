"""The fields of the front matter that we take, each checked. Knows YAML's values, no template."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from prompts.allowlist import RESERVED
from prompts.errors import Faults, PromptError, did_you_mean
from prompts.frontmatter import JSON, FrontMatter, Path
from prompts.inputs import KINDS, LIMITS, MAX_LIMIT, Input, Kind
from prompts.options import NO_SECRETS, read_model, read_parameters
from prompts.ours import Ours, finer, read_ours
from prompts.reading import flag, known, words

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_INPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MAX_INPUTS = 50
_FIELDS = frozenset({"name", "description", "inputs", "model", "metadata", "template"})
_TEMPLATES: tuple[JSON, ...] = (None, "jinja2", {"kind": "jinja2"})
_PARSERS: tuple[JSON, ...] = (None, "prompty", {"kind": "prompty"})
_KINDS_THERE: dict[str, Kind] = {"float": "number", "integer": "number", "array": "list"}
"""Prompty's names of kinds that we have, too."""
_NOT_TAKEN = {
    "tools": "Prompts call no tools.",
    "connection": NO_SECRETS,
    "outputs": "Write the form of the answer as `output` under `metadata: chatbot:`.",
    "sample": "Give the inputs a `default`.",
}
_INPUT_FIELDS = frozenset(
    {"name", "kind", "required", "default", "enumValues", "description", "limit"}
)


@dataclass(slots=True)
class Fields:
    """What the front matter says. `declared` are the names of all inputs and `threads` those of
    kind thread, faulty entries among them, so that one fault does not bring others."""

    name: str
    description: str
    inputs: tuple[Input, ...]
    declared: frozenset[str]
    threads: frozenset[str]
    model: str | None
    parameters: Mapping[str, JSON]
    ours: Ours


def read_fields(front: FrontMatter, faults: Faults) -> Fields:
    """Check every field; a fault raises PromptError, or is kept and its field left empty."""
    with faults:
        known(front, (), front.values, _FIELDS, _NOT_TAKEN)
    with faults:
        _check_template(front)
    inputs = _inputs(front, faults)
    ours = read_ours(front, inputs, faults)
    declared, threads = _declared(front, None), _declared(front, "thread")
    fields = Fields("", "", inputs, declared, threads, None, {}, ours)
    with faults:
        fields.name = _name(front, front.values.get("name"))
    with faults:
        fields.description = words(front, ("description",), front.values.get("description"))
    with faults:
        fields.model = read_model(front)
    with faults:
        fields.parameters = read_parameters(front)
    return fields


def _declared(front: FrontMatter, kind: Kind | None) -> frozenset[str]:
    entries = front.values.get("inputs")
    several = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    names = (one.get("name") for one in several if kind is None or one.get("kind") == kind)
    return frozenset(name for name in names if isinstance(name, str))


def _check_template(front: FrontMatter) -> None:
    """Take what Prompty's files say of ours, and nothing else."""
    template = front.values.get("template")
    parts = template if isinstance(template, dict) else {"format": template}
    sound = parts.get("format") in _TEMPLATES and parts.get("parser") in _PARSERS
    if not sound or not set(parts) <= {"format", "parser"}:
        raise front.error(
            ("template",), "Every prompt is Jinja; there is nothing to choose.", "Delete this."
        )


def _name(front: FrontMatter, name: JSON) -> str:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise front.error(
        ("name",), "A prompt needs a `name`.", "Small letters, digits and `-`, as in `my-prompt`."
    )


# --- inputs ------------------------------------------------------------------------------------


def _inputs(front: FrontMatter, faults: Faults) -> tuple[Input, ...]:
    inputs: dict[str, Input] = {}
    entries: list[JSON] = []
    more: dict[str, dict[str, JSON]] = {}
    with faults:
        more = finer(front)
    with faults:
        entries = _entries(front, front.values.get("inputs"))
    for i, entry in enumerate(entries):
        path: Path = ("inputs", i)
        with faults:
            if not isinstance(entry, dict):
                raise front.error(path, "An input must hold `name: …` and `kind: …`.")
            spec = _input(front, path, {**entry, **more.get(str(entry.get("name")), {})})
            if spec.name in inputs:
                raise front.error((*path, "name"), f"The input `{spec.name}` is declared twice.")
            inputs[spec.name] = spec
    for name in more.keys() - _declared(front, None):
        with faults:
            path = ("metadata", "chatbot", "inputs", name)
            hint = did_you_mean(name, inputs, "Declare it under `inputs`.")
            raise front.error(path, f"There is no input `{name}`.", hint)
    return tuple(inputs.values())


def _entries(front: FrontMatter, entries: JSON) -> list[JSON]:
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise front.error(("inputs",), "`inputs` must be a list.", "Begin each with `- name: …`.")
    if len(entries) > _MAX_INPUTS:
        raise front.error(("inputs",), f"A prompt has at most {_MAX_INPUTS} inputs.")
    return entries


def _input(front: FrontMatter, path: Path, entry: dict[str, JSON]) -> Input:
    known(front, path, entry, _INPUT_FIELDS)
    kind = _input_kind(front, path, entry)
    spec = Input(
        name=_input_name(front, path, entry.get("name")),
        kind=kind,
        required=flag(front, (*path, "required"), entry.get("required")),
        choices=_choices(front, path, kind, entry.get("enumValues")),
        description=words(front, (*path, "description"), entry.get("description")),
        limit=_limit(front, path, kind, entry.get("limit")),
    )
    default = entry.get("default")
    if default is None:
        return spec
    if spec.required:
        raise front.error((*path, "default"), "A required input has no default.", "Delete one.")
    try:
        return replace(spec, default=spec.accept(default))
    except PromptError as error:
        raise front.error((*path, "default"), f"The default: {error.message}", error.hint) from None


def _input_name(front: FrontMatter, path: Path, name: JSON) -> str:
    if not isinstance(name, str) or not _INPUT_NAME.fullmatch(name):
        raise front.error(
            (*path, "name"), "An input needs a `name`.", "Small letters, digits and `_`."
        )
    if name in RESERVED:
        raise front.error((*path, "name"), f"`{name}` is a word of the template language.")
    return name


def _input_kind(front: FrontMatter, path: Path, entry: dict[str, JSON]) -> Kind:
    kind = entry.get("kind", "string")
    kind = _KINDS_THERE.get(kind, kind) if isinstance(kind, str) else kind
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS, f"Kinds are {', '.join(KINDS)}.")
        raise front.error((*path, "kind"), f"There is no kind `{kind}`.", hint)
    return "choice" if kind == "string" and "enumValues" in entry else kind


def _choices(front: FrontMatter, path: Path, kind: Kind, values: JSON) -> tuple[str, ...]:
    if kind != "choice":
        if values is not None:
            raise front.error((*path, "enumValues"), "Only a choice has `enumValues`.")
        return ()
    if not isinstance(values, list) or not values or len(values) > 100:
        raise front.error(
            (*path, "enumValues"), "A choice needs `enumValues`.", "As in `[short, long]`."
        )
    texts = tuple(value for value in values if isinstance(value, str) and value)
    if len(set(texts)) != len(values):
        raise front.error((*path, "enumValues"), "`enumValues` must be different texts.")
    return texts


def _limit(front: FrontMatter, path: Path, kind: Kind, value: JSON) -> int | None:
    if value is None:
        return None
    if kind not in LIMITS:
        raise front.error((*path, "limit"), f"A {kind} has no `limit`.")
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LIMIT:
        raise front.error((*path, "limit"), f"`limit` must be from 1 to {MAX_LIMIT:,}.")
    return value
