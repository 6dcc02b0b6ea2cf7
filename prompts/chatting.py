"""A prompt as chat messages with its template text in them, and such messages as a prompt's body.

    [{"role": "system", "content": "…{{ q }}…"}, {"thread": "history"}, …]

Knows no product's format: exchange.py and importing.py put these into one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prompts.errors import PromptError
from prompts.format import Prompt, read_body
from prompts.roles import ROLES, Slot, Turn
from prompts.writing import no_roles, plain_roles

_OTHER_ROLES = {"developer": "system", "ai": "assistant", "model": "assistant", "human": "user"}


def messages_of(prompt: Prompt) -> list[dict[str, str]]:
    """Return the messages of a prompt without partials and examples, threads by their name."""
    source = prompt.source
    parts = read_body(prompt).parts
    starts = [source.rfind("\n", 0, part.mark) + 1 for part in parts]
    found: list[dict[str, str]] = []
    for part, start, end in zip(parts, starts, [*starts[1:], len(source)], strict=True):
        if isinstance(part, Slot):
            found.append({"thread": part.name})
        elif isinstance(part, Turn):
            text = source[source.find("\n", start) + 1 : end]
            found.append({"role": part.role, "content": plain_roles(text.strip("\n").rstrip())})
    return found


class Chat:
    """Messages being written into a body. `notes` say what was left out."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.threads: list[str] = []
        self._lines: list[str] = []
        self._starts: list[int] = []

    @property
    def body(self) -> str:
        """The template text, role lines and all."""
        return "\n".join(self._lines) + "\n"

    def add(self, messages: Sequence[Any]) -> None:
        """Write messages; raises PromptError for what is none."""
        for number, message in enumerate(messages, 1):
            if not isinstance(message, Mapping):
                raise PromptError(f"Message {number} is no mapping with `role` and `content`.")
            self._add(message, number)

    def message_at(self, line: int) -> int | None:
        """Return which message a line of the body belongs to, counted from 1."""
        before = [number for number, start in enumerate(self._starts, 1) if start <= line]
        return before[-1] if before else None

    def _add(self, message: Mapping[str, Any], number: int) -> None:
        self._starts.append(len(self._lines) + 1)
        thread = message.get("thread")
        if thread is not None:
            self.threads.append(str(thread))
            self._lines += [f"{{{{ {thread} }}}}", ""]
            return
        role = str(message.get("role", "")).lower()
        role = _OTHER_ROLES.get(role, role)
        if role not in ROLES:
            self.notes.append(f"Message {number} was left out: its role is none of ours.")
            return
        text = self._text(message.get("content"), number)
        if not text.strip():
            self.notes.append(f"Message {number} was left out: it holds no text.")
            return
        self._lines += [f"{role}:", *no_roles(text).split("\n"), ""]

    def _text(self, content: object, number: int) -> str:
        if isinstance(content, list):
            parts = [one for one in content if isinstance(one, Mapping)]
            texts = [one["text"] for one in parts if isinstance(one.get("text"), str)]
            if len(texts) < len(content):
                self.notes.append(f"Of message {number} only the text was taken.")
            return "\n".join(texts)
        return content if isinstance(content, str) else ""


DUMP = re.compile(r"\|\s*dump\b")
"""Nunjucks' name for our `tojson`."""
