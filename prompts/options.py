"""The `model` of the front matter: the model that a prompt prefers, and its parameters.

Prompty's names come in, ours go out. Knows no model.
"""

from collections.abc import Callable
from typing import Any

from prompts.frontmatter import JSON, FrontMatter, Path
from prompts.reading import known, mapping, words

NO_SECRETS = "Keys and addresses belong in the settings, never in a prompt."


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
OPTIONS: dict[str, tuple[str, Callable[[Any], bool], str]] = {
    "temperature": ("temperature", _between(0, 2), "from 0 to 2"),
    "topP": ("top_p", _between(0, 1), "from 0 to 1"),
    "topK": ("top_k", _whole(0, 1_000_000), "a whole number from 0"),
    "maxOutputTokens": ("max_tokens", _whole(1, 1_000_000), "a whole number from 1"),
    "seed": ("seed", _whole(0, 2**63 - 1), "a whole number from 0"),
    "stopSequences": ("stop", _stops, "one to four texts"),
}


def read_model(front: FrontMatter) -> str | None:
    """Return the label of the model that the prompt prefers, if any; raises PromptError."""
    model = mapping(front, ("model",), front.values.get("model"))
    known(front, ("model",), model, ("id", "options"), {"connection": NO_SECRETS})
    return words(front, ("model", "id"), model.get("id"), 200) or None


def read_parameters(front: FrontMatter) -> dict[str, JSON]:
    """Return the parameters in our names; raises PromptError."""
    model = front.values.get("model")
    path: Path = ("model", "options")
    options = mapping(front, path, model.get("options") if isinstance(model, dict) else None)
    known(front, path, options, OPTIONS)
    parameters: dict[str, JSON] = {}
    for option, value in options.items():
        name, fits, wanted = OPTIONS[option]
        if not fits(value):
            raise front.error((*path, option), f"`{option}` must be {wanted}.")
        parameters[name] = value
    return parameters
