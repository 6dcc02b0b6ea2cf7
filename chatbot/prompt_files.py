"""Prompts as files: what lies in a folder, read with care. Knows no database and no page.

    my-shop/prompt.prompty   tests.yaml   examples.jsonl
    partials/*.j2            beside the folder; those in it count more, the built-in ones less

Links are refused: a folder that comes from somebody else reaches no further than itself.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prompts
from chatbot.errors import NotFound, PromptInvalid, Refused
from chatbot.settings import Settings
from prompts.sandbox import Limits, Sandbox
from prompts.source import read_text

PROMPT, TESTS, EXAMPLES, PARTIALS = "prompt.prompty", "tests.yaml", "examples.jsonl", "partials"
MOST_BYTES = 1024 * 1024
"""A larger file is none of a prompt's."""


@dataclass(frozen=True, slots=True)
class Files:
    """The texts of a prompt's folder, with plain ends of lines. `partials` are all there are."""

    source: str
    partials: dict[str, str]
    examples: str | None = None
    tests: str | None = None

    def stored(self) -> list[dict[str, Any]] | None:
        """The examples as they are kept. Raises PromptError with the line."""
        if self.examples is None:
            return None
        return [one.stored for one in prompts.read_examples(self.examples)] or None


def read(file: Path, *, built_in: bool = True) -> Files:
    """A prompt's file and what lies beside it. `built_in`: with the partials that ship.

    Raises NotFound, Refused (it cannot be read, or is a link), PromptError (it is no text).
    """
    partials: dict[str, str] = {}
    if built_in:
        for one in prompts.library().values():
            partials |= one.partials
    for folder in (file.parent.parent / PARTIALS, file.parent / PARTIALS):
        for path in sorted(folder.glob("*.j2")):
            partials[f"{PARTIALS}/{path.name}"] = _text(path, str(path))
    return Files(
        source=_text(file, None),
        partials=partials,
        examples=optional(file.parent / EXAMPLES),
        tests=optional(file.parent / TESTS),
    )


def optional(path: Path) -> str | None:
    """The text of a file, None where there is none. Raises as `read`."""
    return _text(path, path.name) if path.exists() or path.is_symlink() else None


def sandbox_of(settings: Settings) -> Sandbox:
    """Where prompts are read and rendered. Its processes begin with the first use, or `start`."""
    limits = Limits(
        wall_s=settings.prompt_wall_ms / 1000,
        cpu_s=settings.prompt_cpu_ms / 1000,
        memory_mb=settings.prompt_memory_mb,
        output_kb=settings.prompt_output_kb,
    )
    return Sandbox(limits, settings.prompt_workers)


def no_rendering(settings: Settings) -> str:
    """Why no prompt can be rendered on this machine; empty where one can."""
    with closing(sandbox_of(settings)) as sandbox:
        prompt = next(iter(prompts.library().values()))
        try:
            sandbox.render(prompt, prompts.samples(prompt))
        except prompts.PromptError as error:
            return str(error)
    return ""


@contextmanager
def prompt_errors() -> Iterator[None]:
    """Tell what is wrong with a prompt as PromptInvalid."""
    try:
        yield
    except prompts.PromptError as error:
        raise PromptInvalid(str(error)) from error


def _text(path: Path, name: str | None) -> str:
    if path.is_symlink():
        raise Refused(f"{path} is a link. Put the file itself there.")
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    return read_text(raw, partial=name, limit=MOST_BYTES)
