"""JSON that an answer must be: read, told to a model that cannot be guided, and looked at.

A runtime that draws tokens here is held to the shape while it draws (chatbot/backends/shaping.py);
any other is told the schema, and what is wrong once. Knows no model and no rows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import prompts
from chatbot.backends.shapes import BadShape, Grammar, target
from chatbot.completions.errors import Unsupported
from chatbot.completions.views import Schema

Json = Mapping[str, Any]

PARAM = "response_format"
ANY = {"type": "object"}
LARGEST = 100_000
"""Characters of a schema, written as JSON."""

TELL = (
    "Answer with one JSON value and nothing else: no explanation and no code fence. "
    "It must fit this JSON Schema:\n"
)
AGAIN = "That does not fit: {fault} Answer again with the JSON alone."
NO_JSON = "It is not JSON."


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema that was read. `exact`: a guided answer that ended needs no look at all."""

    schema: Json
    exact: bool

    @property
    def instruction(self) -> str:
        """What a model is told that is not guided."""
        return TELL + json.dumps(self.schema, ensure_ascii=False)

    def fault(self, text: str) -> str:
        """What is wrong with an answer, in a sentence; empty where it fits."""
        try:
            return breach(self.schema, json.loads(text))
        except (ValueError, RecursionError):
            return NO_JSON


def shape_of(asked: "Literal['json'] | Schema | None") -> Shape | None:
    """The shape of a call. Raises Unsupported: the schema says what is not taken."""
    if asked is None:
        return None
    schema = ANY if asked == "json" else asked.schema
    if len(json.dumps(schema)) > LARGEST:
        raise Unsupported(PARAM, f"A schema has at most {LARGEST:,} characters. Make it smaller.")
    try:
        return Shape(schema, Grammar(schema).exact)
    except BadShape as error:
        raise Unsupported(PARAM, str(error)) from error


def bare(text: str) -> str:
    """An answer without the code fence that models like to put around JSON."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text.partition("\n")[2].removesuffix("```").strip()
    return text


def breach(root: Json, value: Any) -> str:
    """What in a value breaks a schema that shapes.Grammar took; empty where nothing does.

    Raises RecursionError: it is nested too deeply.
    """
    return _Look(root).at(root, value, "The answer")


class _Look:
    """Looks once at each part of a value by each part of a schema, however often that is named.

    A few parts that each name the next ones several times would else be looked at for ever.
    """

    def __init__(self, root: Json) -> None:
        self._root = root
        self._found: dict[tuple[int, int, str], str] = {}

    def at(self, schema: Any, value: Any, where: str) -> str:
        """What is wrong there."""
        place = id(schema), id(value), where
        if place not in self._found:
            # So says a part that names itself before it is done.
            self._found[place] = f"{where} has none of the forms that it may have."
            self._found[place] = self._fault(schema, value, where)
        return self._found[place]

    def _fault(self, schema: Any, value: Any, where: str) -> str:
        if schema is True:
            return ""
        if "$ref" in schema:
            return self.at(target(self._root, str(schema["$ref"])), value, where)
        if "anyOf" in schema:
            faults = [self.at(one, value, where) for one in schema["anyOf"]]
            return "" if "" in faults else faults[0]
        found = prompts.breach(_flat(schema), value, where)
        return found or next((one for one in self._inside(schema, value, where) if one), "")

    def _inside(self, schema: Json, value: Any, where: str) -> list[str]:
        if isinstance(value, list) and "items" in schema:
            rows = enumerate(value, 1)
            return [self.at(schema["items"], one, f"Item {n} of {where}") for n, one in rows]
        if not isinstance(value, dict):
            return []
        fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        inner = {name: fields.get(name, more) for name in value}
        return [
            self.at(one, value[name], f"`{name}`")
            for name, one in inner.items()
            if not isinstance(one, bool)
        ]


def _flat(schema: Json) -> dict[str, Any]:
    """The rules of this place alone."""
    inner = ("items", "properties", "additionalProperties")
    rules = {key: rule for key, rule in schema.items() if key not in inner}
    if schema.get("additionalProperties") is False:
        rules["properties"] = {name: {} for name in schema.get("properties", {})}
        rules["additionalProperties"] = False
    return rules
