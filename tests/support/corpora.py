"""Public texts that were made to break pages: payloads, naughty strings, injections.

Reads the folder that `CHATBOT_TEST_DATA` names; each function takes that folder.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

PAYLOADS = (
    "owasp_filter_evasion",
    "dompurify_expect",
    "payloadbox",
    "payloadsallthethings",
)
INJECTIONS = (
    "prompt_injection",
    "prompt_injection_multilingual_machine_translated",
)
LONGEST = 4000
"""Characters of a text that still is a message that a person could have pasted."""


def payloads(folder: Path, most: int = 0) -> Iterator[str]:
    """Scripts in every disguise, evenly taken: at most about so many of each file; 0 for all."""
    for name in PAYLOADS:
        for record in _records(folder / "xss_markdown" / f"{name}.jsonl", most):
            yield record if isinstance(record, str) else record["payload"]


def markdown(folder: Path, most: int = 0) -> Iterator[str]:
    """CommonMark's own examples, raw HTML among them."""
    for record in _records(folder / "xss_markdown" / "commonmark_examples.jsonl", most):
        yield record["markdown"]


def naughty(folder: Path, most: int = 0) -> Iterator[str]:
    """The big list of naughty strings."""
    for record in _records(folder / "blns" / "all.jsonl", most):
        yield record["text"]


def injections(folder: Path, most: int = 0) -> Iterator[str]:
    """What people write to make a model disobey."""
    for name in INJECTIONS:
        for record in _records(folder / "cyberseceval_injection" / f"{name}.jsonl", most):
            yield record["user_input"]


def hostile(folder: Path, most: int = 0) -> list[str]:
    """All of them that can be sent as a message."""
    kinds = (payloads, markdown, naughty, injections)
    return [text for kind in kinds for text in kind(folder, most) if usable(text)]


def usable(text: str) -> bool:
    """Whether a message can be made of it."""
    return bool(text.strip()) and len(text) < LONGEST and "\0" not in text


def _records(path: Path, most: int) -> Iterator[Any]:
    # Bytes, and not splitlines: payloads hold other signs that pass for the end of a line.
    lines = path.read_bytes().strip().split(b"\n")
    for raw in lines[:: max(1, len(lines) // most) if most else 1]:
        # One public record is broken over two lines; its parts are payloads as they are.
        text: Any = raw.decode()
        with suppress(json.JSONDecodeError):
            text = json.loads(raw)
        yield text
