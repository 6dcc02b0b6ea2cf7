"""Types of request fields that several doors share, and how a wrong one is told. No route here.

Requests are strict: a field that is not declared is refused by its name, a number in quotes is no
number, and `null` is what was not given where OpenAI allows it.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from ui.api.errors import BadField

MOST_MESSAGES = 2048
"""As many as OpenAI takes."""
LONGEST = 2_000_000
"""Characters of one text; the model's context and the guard's limit of a body are lower."""
MOST_CHOICES = 8
MOST_STOPS = 4
LONGEST_STOP = 500
MOST_TOKENS = 1_000_000
MOST_VALUES = 64

NOT_JSON = "The body is not JSON: send an object in UTF-8."
CODES = {
    "unsupported": "unsupported_value",
    "too_long": "array_above_max_length",
    "string_too_long": "string_above_max_length",
}
SUPPORTED = "The parameter {param!r} is not supported here. Leave it out."

Request = TypeVar("Request", bound=BaseModel)


class Strict(BaseModel):
    """What every object of a request is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def read(kind: type[Request], body: bytes) -> Request:
    """The request that a body holds. Raises BadField with the first thing that is wrong."""
    try:
        given = pydantic_core.from_json(body, allow_inf_nan=False)
    except (ValueError, RecursionError):
        raise BadField(NOT_JSON, code="invalid_json") from None
    if not isinstance(given, dict):
        raise BadField(NOT_JSON, code="invalid_json")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _worded(_worst(found)) from None


def _worst(found: Sequence[Any]) -> Any:
    """The problem to tell: a parameter that is not supported explains the others."""
    return next((one for one in found if one["type"] == "extra_forbidden"), found[0])


def _worded(problem: Any) -> BadField:
    param = _path(problem["loc"])
    if problem["type"] == "extra_forbidden":
        return BadField(SUPPORTED.format(param=param), param, "unsupported_parameter")
    if problem["type"] == "missing":
        sentence = f"The parameter {param!r} is missing."
        return BadField(sentence, param, "missing_required_parameter")
    inner = (problem.get("ctx") or {}).get("at")
    if inner is not None:
        param = f"{param}{inner}"
    kind: str = problem["type"]
    code = CODES.get(kind, "invalid_type" if kind.endswith("_type") else "invalid_value")
    where = f"{param}: " if param else ""
    return BadField(f"{where}{problem['msg']}.", param or None, code)


def _path(place: Sequence[str | int]) -> str:
    """`messages[0].role`, as OpenAI writes it."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def wrong(sentence: str, at: str = "", kind: str = "wrong") -> PydanticCustomError:
    """What a validator raises; `at` is the place within the field, such as `[2].type`."""
    told = sentence.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError(kind, told, {"at": at})


# Texts -------------------------------------------------------------------------------------------


def text_of(kinds: Sequence[str]) -> Callable[[object], str]:
    """A reader of a text given as it is or in parts of these types."""

    def read_text(given: object) -> str:
        if isinstance(given, str):
            return given
        if not isinstance(given, list):
            raise wrong("Input should be a text, or a list of its parts")
        return "\n".join(_part(one, f"[{place}]", kinds) for place, one in enumerate(given))

    return read_text


def _part(given: object, at: str, kinds: Sequence[str]) -> str:
    if not isinstance(given, dict):
        raise wrong("Input should be an object with a type", at)
    kind = given.get("type")
    if kind not in kinds:
        sentence = "Only parts of type %s are supported: models here read text alone"
        raise wrong(sentence % " or ".join(repr(one) for one in kinds), f"{at}.type", "unsupported")
    text = given.get("text")
    if not isinstance(text, str):
        raise wrong("Input should be a text", f"{at}.text")
    known = (
        {"type", "text", "annotations", "logprobs"} if kind == "output_text" else {"type", "text"}
    )
    if strange := sorted(set(given) - known):
        raise wrong("This is not supported here. Leave it out", f"{at}.{strange[0]}", "unsupported")
    return text


def _parts_schema(kinds: Sequence[str]) -> dict[str, Any]:
    text = {"type": "string", "maxLength": LONGEST}
    part = {
        "type": "object",
        "properties": {"type": {"enum": list(kinds)}, "text": text},
        "required": ["type", "text"],
    }
    return {"anyOf": [text, {"type": "array", "items": part, "maxItems": MOST_MESSAGES}]}


_CHAT = ("text",)
_INPUT = ("input_text", "output_text")
Content = Annotated[
    str,
    BeforeValidator(text_of(_CHAT)),
    Field(max_length=LONGEST),
    WithJsonSchema(_parts_schema(_CHAT)),
]
InputContent = Annotated[
    str,
    BeforeValidator(text_of(_INPUT)),
    Field(max_length=LONGEST),
    WithJsonSchema(_parts_schema(_INPUT)),
]


# Numbers, stops, values --------------------------------------------------------------------------


def _stops(given: object) -> object:
    return [given] if isinstance(given, str) else given


_STOP = {"type": "string", "minLength": 1, "maxLength": LONGEST_STOP}
Stop = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=LONGEST_STOP)]],
    BeforeValidator(_stops),
    Field(max_length=MOST_STOPS),
    WithJsonSchema({"anyOf": [_STOP, {"type": "array", "items": _STOP, "maxItems": MOST_STOPS}]}),
]
Model = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="`starter`, `name@version`, or a published prompt: `prompt:support`.",
    ),
]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(gt=0, le=1)]
Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
Choices = Annotated[int, Field(ge=1, le=MOST_CHOICES)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Name = Annotated[str, Field(max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Value = str | int | float | bool | list[str]
Values = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], Value],
    Field(
        max_length=MOST_VALUES,
        description="With `prompt:NAME` the values of its inputs; else kept with the turn.",
    ),
]
Zero = Literal[0]


# Shapes ------------------------------------------------------------------------------------------


class JsonSchema(Strict):
    """A JSON Schema that the answer keeps to."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    strict: bool | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
