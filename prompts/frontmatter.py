"""The YAML between the two `---` lines, read strictly. Knows no field of ours and no template.

No tags, anchors, aliases or duplicate keys; plain words as in YAML 1.2, so `no` and `on` stay words
and `1:30` stays text. Every value's place is kept, so that whoever judges a field can point at it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import yaml

from prompts.errors import Faults, PromptError
from prompts.source import line_and_column

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
Path: TypeAlias = tuple[str | int, ...]

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_REFERENCE = re.compile(r"\$\{\s*\w+\s*:")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_MAX_DEPTH = 8
_FRONT = "The front matter"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`values` as plain JSON, `places` by path into them, `body`: where the template starts;
    `readable`: it is YAML that we take."""

    values: dict[str, JSON]
    places: dict[Path, tuple[int, int]]
    body: int
    readable: bool = True

    def error(self, path: Path, message: str, hint: str = "") -> PromptError:
        """Return the error at the place of a value, or of the nearest thing that holds it."""
        while path not in self.places:
            path = path[:-1]
        return PromptError(message, *self.places[path], hint)


def read_front_matter(source: str, faults: Faults) -> FrontMatter:
    """Read the front matter of a whole prompt file. A fault raises PromptError, or is kept."""
    with faults:
        opening, closing = _fences(source)
        body = min(closing.end() + 1, len(source))
        with faults:
            # Blank lines instead of the opening fence: marks then count lines of the file.
            text = "\n" + source[opening.end() + 1 : closing.start()]
            return _front_matter(text, body)
        return FrontMatter({}, {(): (1, 1)}, body, readable=False)
    return FrontMatter({}, {(): (1, 1)}, len(source), readable=False)


def _fences(source: str) -> tuple[re.Match[str], re.Match[str]]:
    opening = _FENCE.match(source)
    closing = _FENCE.search(source, opening.end()) if opening else None
    if opening is None:
        raise PromptError("The first line must be `---`.", 1, 1, "Then name, inputs, and `---`.")
    if closing is None:
        raise PromptError("The front matter has no closing `---` line.", 1, 1, "Add it.")
    return opening, closing


@lru_cache(maxsize=256)
def _front_matter(text: str, body: int) -> FrontMatter:
    places: dict[Path, tuple[int, int]] = {(): (1, 1)}
    root = _composed(text)
    values = _plain(root, (), places) if root is not None else {}
    if not isinstance(values, dict):
        raise PromptError("The front matter must be `field: value` lines.", 2, 1)
    return FrontMatter(values, places, body)


def read_yaml(
    text: str, what: str, depth: int = _MAX_DEPTH
) -> tuple[JSON, dict[Path, tuple[int, int]]]:
    """Return the values of a whole YAML text and their places; `what` names it in errors.

    As strict as the front matter, but that `${env:…}` is text. Raises PromptError.
    """
    places: dict[Path, tuple[int, int]] = {(): (1, 1)}
    root = _composed(text, what, depth)
    return (_plain(root, (), places, references=True) if root is not None else None), places


def _composed(text: str, what: str = _FRONT, depth: int = _MAX_DEPTH) -> yaml.Node | None:
    """Return the tree of nodes; raises PromptError at the first thing that is refused."""
    try:
        return _Loader(text, what, depth).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, what) from None
    except yaml.reader.ReaderError as error:
        line, column = line_and_column(text, error.position)
        raise PromptError(
            f"{what} holds a character that YAML refuses.", line, column, "Delete it."
        ) from None


def _not_yaml(error: yaml.MarkedYAMLError, what: str) -> PromptError:
    sentence = f"{what} is not YAML: {error.problem or 'it cannot be read'}."
    return PromptError(sentence, *_place(error.problem_mark or error.context_mark))


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Loader(yaml.BaseLoader):
    """Refuses tags, anchors, aliases and deep nesting before anything is made of them."""

    def __init__(self, text: str, what: str, most: int) -> None:
        super().__init__(text)
        self._what = what
        self._most = most
        self._depth = 0

    def get_event(self) -> yaml.Event:
        """Return the next event, once it is known to be allowed."""
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
        self._depth += isinstance(event, yaml.CollectionStartEvent)
        self._depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.NodeEvent):
            self._check(event)
        return event

    def _check(self, event: yaml.NodeEvent) -> None:
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise PromptError(
                "YAML anchors and aliases are not allowed.", *place, "Write the value out."
            )
        if getattr(event, "tag", None):
            raise PromptError("YAML tags are not allowed.", *place, "Delete the tag.")
        if self._depth > self._most:
            raise PromptError(f"{self._what} is nested too deeply.", *place)


def _plain(
    node: yaml.Node,
    path: Path,
    places: dict[Path, tuple[int, int]],
    *,
    references: bool = False,
) -> JSON:
    place = _place(node.start_mark)
    places.setdefault(path, place)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, places, references=references)
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(item, (*path, i), places, references=references)
            for i, item in enumerate(node.value)
        ]
    plain = not getattr(node, "style", None)
    return _scalar(node.value, place, plain=plain, references=references)


def _mapping(
    node: yaml.MappingNode, path: Path, places: dict[Path, tuple[int, int]], *, references: bool
) -> dict[str, JSON]:
    values: dict[str, JSON] = {}
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark)
        key = key_node.value
        if not isinstance(key, str):
            raise PromptError(
                "A field's name must be a word.", *place, "Put template text in quotes."
            )
        if key in values:
            raise PromptError(f"The field `{key}` stands here twice.", *place, "Delete one.")
        places[*path, key] = place
        values[key] = _plain(value_node, (*path, key), places, references=references)
    return values


def _scalar(text: str, place: tuple[int, int], *, plain: bool, references: bool) -> JSON:
    if not references and _REFERENCE.search(text):
        raise PromptError(
            "References such as `${env:…}` and `${file:…}` are not allowed.",
            *place,
            "Write the value itself, or declare an input for it.",
        )
    if not plain:  # quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
