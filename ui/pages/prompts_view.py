"""What the Prompts page shows, as JSON: made from the services' values. Asks nothing."""

from typing import Any

from chatbot.backends.registry import ModelInfo
from chatbot.workbench import Tool

Json = dict[str, Any]


def model(info: ModelInfo, host: str) -> Json:
    """A model that may be chosen. `host`: the server of a hosted one."""
    return {"label": info.label, "where": info.where, "context": info.context, "host": host}


def fields(prompt: Any) -> list[Json]:
    """The inputs of a prompt, as the fields of its form."""
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "required": one.required,
            "default": one.default,
            "choices": list(one.choices),
            "about": one.description,
        }
        for one in prompt.inputs
    ]


def tool(found: Tool) -> Json:
    """A tool with its form."""
    return {
        "name": found.prompt.name,
        "title": title(found.prompt.name),
        "about": found.prompt.description,
        "version": found.number,
        "fields": fields(found.prompt),
    }


def title(name: str) -> str:
    """A prompt's name as people write it."""
    return name.replace("-", " ").capitalize()
