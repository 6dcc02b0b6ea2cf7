"""Prompts in a few words: `read(body)` parses, `say(body, **values)` also renders."""

from collections.abc import Callable
from typing import Any

import pytest

import prompts

INPUTS = """\
  - {name: q, kind: text}
  - {name: n, kind: number, default: 3}
  - {name: items, kind: list}
  - {name: passages, kind: passages}
  - {name: history, kind: thread}
"""
FIRST_LINE = 10  # of the body, in a prompt that `read` builds


@pytest.fixture(scope="session")
def read() -> Callable[..., prompts.Prompt]:
    def read(
        body: str, partials: dict[str, str] | None = None, inputs: str = INPUTS
    ) -> prompts.Prompt:
        return prompts.parse(f"---\nname: test\ninputs:\n{inputs}---\n{body}", partials)

    return read


@pytest.fixture(scope="session")
def say(read: Callable[..., prompts.Prompt]) -> Callable[..., list[dict[str, str]]]:
    def say(body: str, partials: dict[str, str] | None = None, **values: Any) -> list[Any]:
        return prompts.render(read(body, partials), values)

    return say


@pytest.fixture(scope="session")
def user(say: Callable[..., list[dict[str, str]]]) -> Callable[..., str]:
    """Return the content of the one user message that a body makes."""

    def user(body: str, partials: dict[str, str] | None = None, **values: Any) -> str:
        [message] = say(f"user:\n{body}\n", partials, **values)
        assert message["role"] == "user"
        return message["content"]

    return user
