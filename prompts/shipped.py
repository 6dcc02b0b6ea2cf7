"""The prompts that come with the product, read from package data. Knows no database.

`library/NAME/prompt.prompty`, its tests in `tests.yaml` and its examples in `examples.jsonl` beside
it, and `library/partials/*.j2` for all of them.
"""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from prompts.examples import FILE as EXAMPLES
from prompts.examples import read_examples
from prompts.format import Prompt, parse


def library() -> dict[str, Prompt]:
    """Return every built-in prompt by name, in alphabetical order."""
    return dict(_library())


def library_names() -> tuple[str, ...]:
    """Return the names of the built-in prompts."""
    return tuple(_library())


def library_tests(name: str) -> str | None:
    """Return the text of a built-in prompt's `tests.yaml`; None where no such prompt has tests."""
    return _text(_root() / name / "tests.yaml") if name in _library() else None


@cache
def _library() -> dict[str, Prompt]:
    root = _root()
    partials = {
        f"partials/{entry.name}": entry.read_text("utf-8")
        for entry in (root / "partials").iterdir()
        if entry.name.endswith(".j2")
    }
    folders = sorted((e for e in root.iterdir() if e.name != "partials"), key=lambda e: e.name)
    return {folder.name: _read(folder, partials) for folder in folders if folder.is_dir()}


def _read(folder: Traversable, partials: dict[str, str]) -> Prompt:
    examples = read_examples(_text(folder / EXAMPLES) or "")
    stored = [example.stored for example in examples]
    return parse((folder / "prompt.prompty").read_bytes(), partials, stored)


def _text(file: Traversable) -> str | None:
    return file.read_text("utf-8") if file.is_file() else None


def _root() -> Traversable:
    return resources.files("prompts") / "library"
