"""Prompts from what others write: Prompty of both ages, promptfoo's and Langfuse's chat JSON.

The form is told by the text. What cannot be taken is named in the notes; what would change what is
said is refused, with its place. What comes out is a sound prompt. Knows no network.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompts.cases import read_cases
from prompts.chatting import DUMP, Chat
from prompts.declaring import declared, slug
from prompts.errors import PromptError
from prompts.examples import SLOT
from prompts.format import parse
from prompts.frontmatter import JSON, read_yaml
from prompts.prompty import read_prompty
from prompts.shipped import library
from prompts.source import line_and_column, read_text
from prompts.writing import items, source_of

MAX_BYTES = 512 * 1024
_DEPTH = 16
_NOTHING = "---\n---\n"
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*$", re.DOTALL | re.MULTILINE)
_ROLE = re.compile(r"\s*(system|user|assistant):[ \t]*\n", re.IGNORECASE)
_TEMPLATE = re.compile(r"^template:", re.MULTILINE)
_NAME = re.compile(r"^name:.*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"(file|https?)://|\S+\.(txt|json|ya?ml|md|py|js)$")
_LOOP = re.compile(
    r"\{%-?\s*for\s+(\w+)\s+in\s+(\w+)\s*-?%\}\s*\{\s*\"role\":\s*\"?\{\{\s*\1\.role\b[^}]*\}\}\"?,"
    r"\s*\"content\":\s*\"?\{\{\s*\1\.content\b[^}]*\}\}\"?\s*\},?\s*\{%-?\s*endfor\s*-?%\}"
)
_PARAMETERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "seed": "seed",
    "stop": "stopSequences",
}
_NO_FORM = (
    "Take a `.prompty` file, a list of chat messages as JSON or YAML, a promptfoo configuration, "
    "or a prompt as Langfuse's API gives it."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an imported text comes to. `notes` say what was left out or changed, for people."""

    source: str
    partials: dict[str, str]
    examples: list[dict[str, Any]] | None
    tests: str | None
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Taken:
    """A prompt in the making."""

    front: dict[str, JSON] = field(default_factory=dict)
    chat: Chat = field(default_factory=Chat)
    tests: str | None = None
    notes: list[str] = field(default_factory=list)


def imported(text: str | bytes, name: str | None = None) -> Imported:
    """Return the prompt in a text of any form that is known, under `name` where one is given.

    Raises PromptError, with the place where there is one.
    """
    whole = read_text(text, limit=MAX_BYTES)
    if front := _FRONT.match(whole):
        # What Prompty can read, too, is said in our words.
        own = None if _TEMPLATE.search(front.group()) else _own(whole, name)
        return own or _prompty(whole, name)
    if _ROLE.match(whole):
        return _prompty(f"{_NOTHING}{whole}", name, _NOTHING.count("\n"))
    taken = _read(whole)
    if name is not None or "name" not in taken.front:
        taken.front = {**taken.front, "name": name or "imported"}
    source = _sound(taken)
    return Imported(source, {}, None, taken.tests, (*taken.notes, *taken.chat.notes))


def _own(text: str, name: str | None) -> Imported | None:
    """The file as it is, with built-in partials, where it is one of ours already."""
    shipped = {key: one for each in library().values() for key, one in each.partials.items()}
    try:
        prompt = parse(text, shipped)
    except PromptError:
        return None
    source = prompt.source
    if name is not None and name != prompt.name:
        source = _NAME.sub(f"name: {name}", source, count=1)
    notes = [f"`{key}` is the built-in one." for key in prompt.partials]
    if SLOT in prompt.slots and not prompt.examples and prompt.input(SLOT) is None:
        notes.append("It has a place for examples, but a file holds none: add them.")
    return Imported(source, dict(prompt.partials), None, None, tuple(notes))


def _prompty(text: str, name: str | None, before: int = 0) -> Imported:
    """A file in Prompty's own words; `before`: lines of it that were not in what was given."""
    try:
        source, notes = read_prompty(text, name)
    except PromptError as error:
        if error.line is not None:
            error.line = max(1, error.line - before)
        raise
    return Imported(source, {}, None, None, notes)


def _sound(taken: _Taken) -> str:
    """Return the whole file, read once so that faults name the message they are in."""
    try:
        front, body, notes = declared(taken.front, taken.chat.body, taken.chat.threads)
    except PromptError as error:
        raise _in_message(error, taken, 0) from None
    source = source_of(front, body)
    try:
        parse(source)
    except PromptError as error:
        raise _in_message(error, taken, source_of(front, "").count("\n") - 1) from None
    taken.notes += notes
    return source


def _in_message(error: PromptError, taken: _Taken, before: int) -> PromptError:
    """Say in which message a fault is: the file that it has a line in was never seen."""
    number = taken.chat.message_at(error.line - before) if error.line is not None else None
    where = f"Message {number}: " if number else ""
    return PromptError(f"{where}{error.message}", hint=error.hint, input_name=error.input_name)


# --- forms -------------------------------------------------------------------------------------


def _read(text: str) -> _Taken:
    begin = text.lstrip()[:1]
    if begin in ("[", "{"):
        return _of_value(_json(_LOOP.sub(r'{"thread": "\2"},', text)))
    value, _ = read_yaml(text, "The text", _DEPTH)
    return _of_value(value)


def _json(text: str) -> Any:
    trailing = re.sub(r",(\s*[\]])", r"\1", text) if '{"thread"' in text else text
    try:
        return json.loads(trailing)
    except json.JSONDecodeError as error:
        raise PromptError(
            f"This is not JSON: {error.msg[:1].lower()}{error.msg[1:]}.",
            *line_and_column(trailing, error.pos),
            "Mend it where it was written.",
        ) from None
    except (RecursionError, ValueError):
        raise PromptError("This JSON is nested too deeply.", 1, 1, _NO_FORM) from None


def _of_value(value: JSON) -> _Taken:
    if isinstance(value, list):
        taken = _Taken()
        taken.chat.add([_nunjucks(one) for one in value])
        return taken
    if isinstance(value, dict):
        for key, read in _SHAPES.items():
            if key in value:
                return read(value)
    raise PromptError("This is no prompt in a form that is known here.", 1, 1, _NO_FORM)


def _nunjucks(message: JSON) -> JSON:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    return {**message, "content": DUMP.sub("|tojson", str(message["content"]))}


def _of_messages(value: dict[str, JSON]) -> _Taken:
    """A request as OpenAI's API takes it."""
    messages = value["messages"]
    if not isinstance(messages, list):
        raise PromptError("`messages` is no list.", 1, 1, _NO_FORM)
    taken = _of_value(messages)
    _take_model(taken, value, {"messages", "stream"})
    return taken


def _of_langfuse(value: dict[str, JSON]) -> _Taken:
    prompt, config = value["prompt"], value.get("config")
    taken = _Taken()
    if isinstance(prompt, list):
        taken.chat.add([_placeholder(one) for one in prompt])
    elif isinstance(prompt, str):
        taken.chat.add([{"role": "user", "content": prompt}])
    else:
        raise PromptError("`prompt` is neither a text nor a list of messages.", 1, 1, _NO_FORM)
    config = dict(config) if isinstance(config, dict) else {}
    front = config.pop("prompty", None)
    if isinstance(front, dict):
        taken.front = dict(front)
    else:
        _take_model(taken, config, set())
    name = value.get("name")
    if isinstance(name, str):
        taken.front = {"name": slug(name), **taken.front}
        if slug(name) != name:
            taken.notes.append(f"The name is now `{slug(name)}`.")
    for key, what in (("labels", "labels"), ("tags", "tags")):
        if value.get(key):
            taken.notes.append(f"Its {what} were left out.")
    return taken


def _placeholder(message: JSON) -> JSON:
    if isinstance(message, dict) and message.get("type") == "placeholder":
        return {"thread": message.get("name")}
    return message


def _take_model(taken: _Taken, value: Mapping[str, JSON], known: set[str]) -> None:
    """Take the model and its parameters; name what is left."""
    options: dict[str, JSON] = {}
    for key, one in value.items():
        if key in _PARAMETERS and one is not None:
            options[_PARAMETERS[key]] = [one] if key == "stop" and isinstance(one, str) else one
        elif key != "model" and key not in known:
            taken.notes.append(f"`{key}` was left out.")
    label = value.get("model")
    model: dict[str, JSON] = {"id": label} if isinstance(label, str) else {}
    if options:
        model["options"] = options
    if model:
        taken.front["model"] = model


def _of_promptfoo(value: dict[str, JSON]) -> _Taken:
    """A configuration: its first prompt that is written in it, and its tests."""
    prompts = value["prompts"]
    several = prompts if isinstance(prompts, list) else [prompts]
    texts = [_raw(one) for one in several]
    usable = [text for text in texts if text is not None]
    if not usable:
        raise PromptError(
            "None of these prompts is written in this file.", 1, 1, "Import the file it names."
        )
    taken = _of_raw(usable[0])
    if len(several) > 1:
        taken.notes.append(f"Of {len(several)} prompts the first that is written here was taken.")
    for key in value:
        if key not in ("prompts", "tests", "description"):
            taken.notes.append(f"`{key}` was left out.")
    if isinstance(value.get("description"), str):
        taken.front["description"] = value["description"]
    _take_tests(taken, value.get("tests"))
    return taken


def _raw(prompt: JSON) -> JSON:
    """The text or messages of a prompt in a configuration; None where it is in another file."""
    if isinstance(prompt, dict):
        prompt = prompt.get("raw")
    if isinstance(prompt, str) and re.match(
        r"(file|https?)://|\S+\.(txt|json|ya?ml|md|py|js)$", prompt
    ):
        return None
    return prompt


def _of_raw(prompt: JSON) -> _Taken:
    if isinstance(prompt, str) and prompt.lstrip()[:1] == "[":
        return _of_value(_json(_LOOP.sub(r'{"thread": "\2"},', prompt)))
    if isinstance(prompt, str):
        return _of_value([{"role": "user", "content": prompt}])
    return _of_value(prompt)


def _take_tests(taken: _Taken, tests: JSON) -> None:
    """Take the cases that can be read; say why the others cannot."""
    if tests is None:
        return
    several = tests if isinstance(tests, list) else [tests]
    kept: list[JSON] = []
    for number, case in enumerate(several, 1):
        fresh = {"description": f"case {number}", **case} if isinstance(case, dict) else case
        try:
            read_cases(items([fresh]))
        except PromptError as error:
            taken.notes.append(f"Test case {number} was left out: {error.message}")
        else:
            kept.append(fresh)
    taken.tests = items(kept) if kept else None


_SHAPES: dict[str, Callable[[dict[str, JSON]], _Taken]] = {
    "messages": _of_messages,
    "prompts": _of_promptfoo,
    "prompt": _of_langfuse,
}
