"""A Prompty file of either age → a file of ours, with notes on what was left out.

Knows Prompty's fields; nothing of promptfoo or Langfuse. `${env:…}` is never resolved.
"""

import re

from prompts.declaring import declared, slug
from prompts.errors import PromptError
from prompts.format import parse
from prompts.frontmatter import JSON, Path, read_yaml
from prompts.inputs import KINDS
from prompts.writing import source_of

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_DEPTH = 16
_OURS = frozenset({"name", "description", "inputs", "model", "metadata"})
_QUIET = frozenset({"template", "displayName", "inputSchema", "outputs", "outputSchema"})
_KINDS = {
    "integer": "number",
    "float": "number",
    "array": "list",
    "bool": "boolean",
    "str": "string",
    "int": "number",
    "object": "text",
}
_SCHEMA_KINDS = {"float": "number", "bool": "boolean", "str": "string", "int": "integer"}
_OPTIONS = {
    "temperature": "temperature",
    "topP": "topP",
    "top_p": "topP",
    "topK": "topK",
    "maxOutputTokens": "maxOutputTokens",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "seed": "seed",
    "stopSequences": "stopSequences",
    "stop": "stopSequences",
}
_ROLE = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(system|user|assistant|developer)(?:\[[^\]\n]*\])?[ \t]*:[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)


def read_prompty(text: str, name: str | None) -> tuple[str, tuple[str, ...]]:
    """Return a sound file of ours and notes. Raises PromptError with the place in `text`."""
    return _Reader(text).read(name)


class _Reader:
    """One file: its fields and its template. `first`: the line that the template begins in."""

    def __init__(self, text: str) -> None:
        opening = _FENCE.match(text)
        closing = _FENCE.search(text, opening.end()) if opening else None
        if opening is None or closing is None:
            raise PromptError("The front matter has no closing `---` line.", 1, 1, "Add it.")
        values, self.places = read_yaml(
            "\n" + text[opening.end() + 1 : closing.start()], "The front matter", _DEPTH
        )
        if values is not None and not isinstance(values, dict):
            raise PromptError("The front matter must be `field: value` lines.", 2, 1)
        self.values: dict[str, JSON] = values or {}
        self.body = text[closing.end() + 1 :]
        self.first = text.count("\n", 0, closing.end() + 1) + 1
        self.notes: list[str] = []

    def _error(self, path: Path, message: str, hint: str = "") -> PromptError:
        while path not in self.places:
            path = path[:-1]
        return PromptError(message, *self.places[path], hint)

    def read(self, name: str | None) -> tuple[str, tuple[str, ...]]:
        """Return the file as we write it, and notes; raises PromptError."""
        self._check_template()
        front = self._front(name)
        body = self._body()
        try:
            front, body, notes = declared(front, body)
        except PromptError as error:
            raise self._placed(error, 0) from None
        source = source_of(front, body)
        try:
            parse(source)
        except PromptError as error:
            blank = len(body) - len(body.lstrip("\n"))
            raise self._placed(error, source_of(front, "").count("\n") - 1 - blank) from None
        return source, (*self.notes, *notes)

    def _placed(self, error: PromptError, before: int) -> PromptError:
        """Move an error to its line in the file that was given; `before`: lines over the text."""
        if error.line is None or error.line <= before:
            return PromptError(error.message, hint=error.hint, input_name=error.input_name)
        line = error.line - before + self.first - 1
        return PromptError(error.message, line, error.column, error.hint)

    # --- fields ---

    def _front(self, name: str | None) -> dict[str, JSON]:
        front: dict[str, JSON] = {}
        given = self.values.get("name")
        front["name"] = name or (slug(given) if isinstance(given, str) and given else "imported")
        if isinstance(self.values.get("description"), str):
            front["description"] = " ".join(str(self.values["description"]).split())[:500]
        inputs = self._inputs()
        if inputs:
            front["inputs"] = inputs
        model = self._model()
        if model:
            front["model"] = model
        front["metadata"] = self._metadata()
        for key in self.values:
            if key not in _OURS | _QUIET:
                self.notes.append(f"`{key}` was left out.")
        return front

    def _check_template(self) -> None:
        template = self.values.get("template")
        format_ = template.get("format") if isinstance(template, dict) else template
        kind = format_.get("kind") if isinstance(format_, dict) else format_
        if kind not in (None, "jinja2", "jinja"):
            raise self._error(("template",), f"The template is {kind}, not Jinja.", "Rewrite it.")

    def _metadata(self) -> dict[str, JSON]:
        metadata = self.values.get("metadata")
        fresh = dict(metadata) if isinstance(metadata, dict) else {}
        ours = fresh.get("chatbot")
        ours = (
            {key: value for key, value in ours.items() if key != "inputs"}
            if isinstance(ours, dict)
            else {}
        )
        title = self.values.get("displayName")
        if isinstance(title, str) and title:
            ours.setdefault("title", title[:80])
        output = self._output()
        if output and "output" not in ours:
            ours["output"] = output
        return {**fresh, "chatbot": {"kind": "task", **ours}}

    def _output(self) -> JSON:
        """The outputs as a JSON schema."""
        several = self._properties("outputs", "outputSchema")
        properties: dict[str, JSON] = {}
        for one in several:
            kind = str(one.get("kind") or one.get("type") or "string")
            entry: dict[str, JSON] = {"type": _SCHEMA_KINDS.get(kind, kind)}
            if isinstance(one.get("description"), str):
                entry["description"] = one["description"]
            properties[str(one["name"])] = entry
        required: list[JSON] = [one["name"] for one in several if one.get("required") is not False]
        if not properties:
            return None
        return {"type": "object", "properties": properties, "required": required}

    def _properties(self, *names: str) -> list[dict[str, JSON]]:
        """Entries with a name each: from a list, `properties`, or a mapping by name."""
        given = next((self.values[key] for key in names if self.values.get(key)), None)
        if isinstance(given, dict) and isinstance(given.get("properties"), list | dict):
            given = given["properties"]
        if isinstance(given, dict):
            given = [_named(key, value) for key, value in given.items()]
        if not isinstance(given, list):
            return []
        return [one for one in given if isinstance(one, dict) and isinstance(one.get("name"), str)]

    def _inputs(self) -> list[JSON]:
        inputs: list[JSON] = []
        metadata = self.values.get("metadata")
        ours = metadata.get("chatbot") if isinstance(metadata, dict) else None
        kept = ours.get("inputs") if isinstance(ours, dict) else None
        for one in self._properties("inputs", "inputSchema"):
            name = str(one["name"])
            mine = kept.get(name) if isinstance(kept, dict) else None
            inputs.append(self._input(name, one, mine if isinstance(mine, dict) else {}))
        return inputs

    def _input(self, name: str, one: dict[str, JSON], mine: dict[str, JSON]) -> JSON:
        kind = str(mine.get("kind") or one.get("kind") or one.get("type") or "string")
        kind = _KINDS.get(kind, kind)
        if kind not in KINDS:
            hint = f"Kinds are {', '.join(KINDS)}."
            raise self._error(("inputs",), f"The input `{name}` is of the kind {kind}.", hint)
        choices = one.get("enumValues") or one.get("enum")
        fresh: dict[str, JSON] = {"name": name, "kind": "choice" if choices else kind}
        if choices:
            fresh["enumValues"] = choices
        if one.get("default") is not None:
            fresh["default"] = one["default"]
        elif one.get("required"):
            fresh["required"] = True
        if isinstance(one.get("description"), str):
            fresh["description"] = one["description"]
        if "limit" in mine:
            fresh["limit"] = mine["limit"]
        if "sample" in one or "example" in one:
            self.notes.append(f"The sample value of `{name}` was left out.")
        return fresh

    def _model(self) -> dict[str, JSON]:
        given = self.values.get("model")
        if isinstance(given, str):
            return {"id": given}
        if not isinstance(given, dict):
            return {}
        model: dict[str, JSON] = {"id": given["id"]} if isinstance(given.get("id"), str) else {}
        options: dict[str, JSON] = {}
        for key in ("options", "parameters"):
            several = given.get(key)
            for option, value in several.items() if isinstance(several, dict) else ():
                if option in _OPTIONS:
                    stop = _OPTIONS[option] == "stopSequences" and isinstance(value, str)
                    options[_OPTIONS[option]] = [value] if stop else value
                else:
                    self.notes.append(f"The model's `{option}` was left out.")
        if "connection" in given or "configuration" in given:
            self.notes.append("The connection was left out: keys and addresses are settings here.")
        return {**model, "options": options} if options else model

    # --- text ---

    def _body(self) -> str:
        """The template with its role lines as we write them, line by line the same."""
        body = _ROLE.sub(_role, self.body)
        if not re.search(r"^(system|user|assistant):$", body, re.MULTILINE):
            self.notes.append("The text had no role line: it is the user's message now.")
            self.first -= 1
            return f"user:\n{body}"
        return body


def _named(name: str, value: JSON) -> JSON:
    if isinstance(value, dict):
        return {**value, "name": name}
    return {"name": name, "default": value}


def _role(found: re.Match[str]) -> str:
    word = found.group(1).lower()
    return f"{'system' if word == 'developer' else word}:"
