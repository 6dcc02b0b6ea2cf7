"""Prompts as others write them: Prompty files, promptfoo's and Langfuse's chat JSON.

Knows no network and no database: a prompt in, a text out. The way back is importing.py.

    prompty     a `.prompty` file with Prompty's own kinds; ours stand under `metadata`
    promptfoo   a list of messages; a thread is a loop of Nunjucks
    langfuse    a chat prompt as its API takes it; a thread is a placeholder; `config` has the rest
"""

import json
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from prompts.chatting import messages_of
from prompts.errors import Faults
from prompts.format import Prompt, parse
from prompts.frontmatter import JSON, read_front_matter
from prompts.inputs import Kind
from prompts.portable import portable
from prompts.source import Sources
from prompts.tags import read_tokens
from prompts.writing import source_of

Form: TypeAlias = Literal["prompty", "promptfoo", "langfuse"]

KINDS_THERE: Mapping[Kind, str] = {
    "text": "string",
    "choice": "string",
    "date": "string",
    "number": "float",
    "list": "array",
    "passages": "array",
}
"""What Prompty calls kinds that it has under another name, or not at all."""


def exported(prompt: Prompt, form: Form) -> str:
    """Return the prompt as `form` has it, partials and examples written out.

    Raises PromptError where a partial cannot be written out.
    """
    return _FORMS[form](parse(portable(prompt)))


def _prompty(prompt: Prompt) -> str:
    front = read_front_matter(prompt.source, Faults())
    values = dict(front.values)
    ours: dict[str, JSON] = {}
    values["inputs"] = [_input(prompt, entry, ours) for entry in _entries(front.values)]
    metadata = values.pop("metadata", None)
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    chatbot = metadata.get("chatbot")
    metadata["chatbot"] = {**(chatbot if isinstance(chatbot, dict) else {}), "inputs": ours}
    values["template"] = {"format": {"kind": "jinja2"}, "parser": {"kind": "prompty"}}
    values["metadata"] = metadata
    return source_of(values, prompt.source[front.body :])


def _entries(values: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    entries = values.get("inputs")
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _input(prompt: Prompt, entry: dict[str, JSON], ours: dict[str, JSON]) -> JSON:
    """Return an input in Prompty's words; what it has no word for goes into `ours`."""
    name = str(entry["name"])
    spec = prompt.input(name)
    kept: dict[str, JSON] = {}
    if spec is not None and spec.limit is not None:
        kept["limit"] = spec.limit
    fresh = {key: value for key, value in entry.items() if key != "limit"}
    if spec is not None and spec.kind in KINDS_THERE:
        fresh["kind"] = KINDS_THERE[spec.kind]
        kept = {"kind": spec.kind, **kept}
    if kept:
        ours[name] = kept
    return fresh


def _promptfoo(prompt: Prompt) -> str:
    lines: list[str] = []
    messages = messages_of(prompt)
    for number, message in enumerate(messages, 1):
        comma = "," if number < len(messages) else ""
        if "thread" in message:
            lines.append(LOOP.format(name=message["thread"]))
        else:
            text = _nunjucks(message["content"])
            line = json.dumps({"role": message["role"], "content": text}, ensure_ascii=False)
            lines.append(f"  {line}{comma}")
    return "[\n" + "\n".join(lines) + "\n]\n"


LOOP = (
    "  {{% for message in {name} %}}"
    '{{"role": "{{{{ message.role }}}}", "content": {{{{ message.content | dump }}}}}},'
    "{{% endfor %}}"
)
"""A thread, in a list of messages."""


def _nunjucks(text: str) -> str:
    """Return template text in Nunjucks' words, and with quotes that may stand in JSON."""
    sources = Sources()
    tokens = read_tokens(sources, sources.add(text), 0)
    done: list[str] = []
    position = 0
    before = ""
    for token in tokens:
        new = token.text
        if token.kind == "string" and new.startswith('"') and not set(new) & set("'\\"):
            new = f"'{new[1:-1]}'"
        elif token.kind == "name" and new == "tojson" and before == "|":
            new = "dump"
        if token.kind != "whitespace":
            before = token.text
        done += [text[position : token.mark], new]
        position = token.mark + len(token.text)
    return "".join(done) + text[position:]


def _langfuse(prompt: Prompt) -> str:
    messages: list[JSON] = [
        {"type": "placeholder", "name": one["thread"]} if "thread" in one else {**one}
        for one in messages_of(prompt)
    ]
    front = read_front_matter(prompt.source, Faults()).values
    config: dict[str, JSON] = {"model": prompt.model} if prompt.model else {}
    config |= {**prompt.parameters, "prompty": {key: front[key] for key in front if key != "name"}}
    whole = {"name": prompt.name, "type": "chat", "prompt": messages, "config": config}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


_FORMS: Mapping[Form, Callable[[Prompt], str]] = {
    "prompty": _prompty,
    "promptfoo": _promptfoo,
    "langfuse": _langfuse,
}
