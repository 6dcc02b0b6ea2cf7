"""The fields of the front matter that we take, each checked. Knows YAML's values, no template."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from prompts.allowlist import RESERVED
from prompts.errors import PromptError, did_you_mean
from prompts.frontmatter import JSON, FrontMatter, Path
from prompts.inputs import KINDS, LIMITS, MAX_LIMIT, Input, Kind

PromptKind: TypeAlias = Literal["chat", "draft", "task"]
PROMPT_KINDS: tuple[PromptKind, ...] = get_args(PromptKind)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_INPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MAX_INPUTS = 50
_FIELDS = frozenset({"name", "description", "inputs", "model", "metadata"})
_NOT_TAKEN = {
    "tools": "Prompts call no tools.",
    "connection": "Keys and addresses belong in the settings, never in a prompt.",
    "template": "Every prompt is Jinja; there is nothing to choose.",
    "outputs": "Describe the form of the answer in the text.",
    "sample": "Give the inputs a `default`.",
}
_INPUT_FIELDS = frozenset(
    {"name", "kind", "required", "default", "enumValues", "description", "limit"}
)
_APP_FIELDS = frozenset({"kind"})


@dataclass(frozen=True, slots=True)
class Fields:
    """What the front matter says."""

    name: str
    kind: PromptKind
    description: str
    inputs: tuple[Input, ...]
    parameters: dict[str, JSON]


def read_fields(front: FrontMatter) -> Fields:
    """Check every field; raises PromptError at the first that is wrong."""
    _known(front, (), front.values, _FIELDS, _NOT_TAKEN)
    name = front.values.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise front.error(
            ("name",),
            "A prompt needs a `name`.",
            "Small letters, digits and `-`, as in `my-prompt`.",
        )
    return Fields(
        name=name,
        kind=_kind(front),
        description=_text(front, ("description",), front.values.get("description")),
        inputs=_inputs(front),
        parameters=_parameters(front),
    )


def _known(
    front: FrontMatter,
    path: Path,
    values: dict[str, JSON],
    known: frozenset[str],
    reasons: dict[str, str] | None = None,
) -> None:
    for field in values:
        if field not in known:
            reason = (reasons or {}).get(field) or did_you_mean(
                field, known, f"There are {', '.join(sorted(known))}."
            )
            raise front.error((*path, field), f"The field `{field}` is not taken.", reason)


def _mapping(front: FrontMatter, path: Path, value: JSON) -> dict[str, JSON]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise front.error(path, f"`{path[-1]}` must hold `field: value` lines.")
    return value


def _text(front: FrontMatter, path: Path, value: JSON) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 500:
        raise front.error(path, f"`{path[-1]}` must be a text of at most 500 characters.")
    return " ".join(value.split())


def _kind(front: FrontMatter) -> PromptKind:
    metadata = _mapping(front, ("metadata",), front.values.get("metadata"))
    path: Path = ("metadata", "chatbot")
    ours = _mapping(front, path, metadata.get("chatbot"))
    _known(front, path, ours, _APP_FIELDS)
    kind = ours.get("kind", "task")
    if kind not in PROMPT_KINDS:
        raise front.error((*path, "kind"), f"`kind` is one of {', '.join(PROMPT_KINDS)}.")
    return kind


# --- inputs ------------------------------------------------------------------------------------


def _inputs(front: FrontMatter) -> tuple[Input, ...]:
    entries = front.values.get("inputs")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise front.error(("inputs",), "`inputs` must be a list.", "Begin each with `- name: …`.")
    if len(entries) > _MAX_INPUTS:
        raise front.error(("inputs",), f"A prompt has at most {_MAX_INPUTS} inputs.")
    inputs: dict[str, Input] = {}
    for i, entry in enumerate(entries):
        path: Path = ("inputs", i)
        if not isinstance(entry, dict):
            raise front.error(path, "An input must hold `name: …` and `kind: …`.")
        spec = _input(front, path, entry)
        if spec.name in inputs:
            raise front.error((*path, "name"), f"The input `{spec.name}` is declared twice.")
        inputs[spec.name] = spec
    return tuple(inputs.values())


def _input(front: FrontMatter, path: Path, entry: dict[str, JSON]) -> Input:
    _known(front, path, entry, _INPUT_FIELDS)
    kind = _input_kind(front, path, entry)
    spec = Input(
        name=_input_name(front, path, entry.get("name")),
        kind=kind,
        required=_flag(front, (*path, "required"), entry.get("required")),
        choices=_choices(front, path, kind, entry.get("enumValues")),
        description=_text(front, (*path, "description"), entry.get("description")),
        limit=_limit(front, path, kind, entry.get("limit")),
    )
    default = entry.get("default")
    if default is None:
        return spec
    if spec.required:
        raise front.error((*path, "default"), "A required input has no default.", "Delete one.")
    try:
        return _with_default(spec, spec.accept(default))
    except PromptError as error:
        raise front.error((*path, "default"), f"The default: {error.message}", error.hint) from None


def _with_default(spec: Input, default: JSON) -> Input:
    return Input(
        spec.name, spec.kind, spec.required, default, spec.choices, spec.description, spec.limit
    )


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
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS, f"Kinds are {', '.join(KINDS)}.")
        raise front.error((*path, "kind"), f"There is no kind `{kind}`.", hint)
    return "choice" if kind == "string" and "enumValues" in entry else kind


def _flag(front: FrontMatter, path: Path, value: JSON) -> bool:
    if not isinstance(value, bool | None):
        raise front.error(path, f"`{path[-1]}` must be true or false.")
    return bool(value)


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


# --- model options -----------------------------------------------------------------------------


def _between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _stops(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= 4
        and all(isinstance(item, str) and item for item in value)
    )


# Prompty's name: our name, the check, what is asked for.
_OPTIONS: dict[str, tuple[str, Callable[[Any], bool], str]] = {
    "temperature": ("temperature", _between(0, 2), "from 0 to 2"),
    "topP": ("top_p", _between(0, 1), "from 0 to 1"),
    "maxOutputTokens": ("max_tokens", _whole(1, 1_000_000), "a whole number from 1"),
    "seed": ("seed", _whole(0, 2**63 - 1), "a whole number from 0"),
    "stopSequences": ("stop", _stops, "one to four texts"),
}


def _parameters(front: FrontMatter) -> dict[str, JSON]:
    model = _mapping(front, ("model",), front.values.get("model"))
    reasons = {
        "id": "People choose the model on the page.",
        "connection": _NOT_TAKEN["connection"],
    }
    _known(front, ("model",), model, frozenset({"options"}), reasons)
    path: Path = ("model", "options")
    options = _mapping(front, path, model.get("options"))
    _known(front, path, options, frozenset(_OPTIONS))
    parameters: dict[str, JSON] = {}
    for option, value in options.items():
        name, fits, wanted = _OPTIONS[option]
        if not fits(value):
            raise front.error((*path, option), f"`{option}` must be {wanted}.")
        parameters[name] = value
    return parameters
