"""A row to what the model is trained on: the tokens of its prompt and of its answer.

The same functions as in serving: values are hidden by the checkpoint's `Swapping`, messages become
tokens by its `ChatTokens`. Mask tags become made-up values first, so that nothing is remembered.
Knows nothing of batches or weights.
"""

import re
from functools import lru_cache
from random import Random
from typing import Any

from chatbot.backends.chat_tokens import ChatTokens
from chatbot.backends.swapping import Swapping
from chatbot.errors import BackendRefused
from chatbot.learning.filling import fill
from chatbot.learning.packing import Encoded
from chatbot.values import TAG

Pair = tuple[list[int], list[int]]
"""What is read and what is written, in tokens; the second ends with the end token."""

PROBE = "xyzzy"
LISTED = re.compile(r"^([ \t]*)\d{1,2}[.)](?=[ \t])", re.MULTILINE)
"""A list's number, which a checkpoint trained on tags may not write: it becomes a dash."""


class Unfit(ValueError):
    """The row cannot be learned from; the message says why, without its text."""


def encode(
    example: dict[str, Any], tokens: ChatTokens, swapping: Swapping | None, rng: Random
) -> Encoded:
    """The tokens of a row, and which are learned: those of the answer and its end. Raises Unfit."""
    prompt, answer = split(example, tokens, swapping, rng)
    return [*prompt, *answer], [False] * len(prompt) + [True] * len(answer)


def split(
    example: dict[str, Any],
    tokens: ChatTokens,
    swapping: Swapping | None,
    rng: Random,
    key: str = "reply",
) -> Pair:
    """The tokens of a row's prompt, and of its answer with the end token. Raises Unfit."""
    messages, answer = filled(example, rng, key)
    if swapping is not None:
        messages, tags = swapping.hide(messages)
        answer = tags.hide(LISTED.sub(r"\1-", answer))
    try:
        prompt = tokens.encode(messages)
    except BackendRefused as error:
        raise Unfit(str(error)) from error
    written = _answer(tokens, messages, prompt, answer)
    if swapping is not None and swapping.banned(prompt, tags).intersection(written):
        raise Unfit("its answer holds a value or a number that stands nowhere before it")
    return prompt, written


def filled(
    example: dict[str, Any], rng: Random, key: str = "reply"
) -> tuple[list[dict[str, str]], str]:
    """Messages and answer of a row with made-up values for its mask tags."""
    messages = [{"role": m["role"], "content": m["content"]} for m in example["messages"]]
    texts = [*(message["content"] for message in messages), example[key]]
    if not masked(example, key):
        return messages, example[key]
    *contents, answer = fill(texts, rng)
    return [m | {"content": text} for m, text in zip(messages, contents, strict=True)], answer


def masked(example: dict[str, Any], key: str = "reply") -> bool:
    """Whether a row holds mask tags, so that its values are made up anew at every reading."""
    texts = (*(message["content"] for message in example["messages"]), example[key])
    return any(TAG.search(text) for text in texts)


def _answer(
    tokens: ChatTokens, messages: list[dict[str, str]], prompt: list[int], answer: str
) -> list[int]:
    """As the template writes it where that can be told apart, else its text and the end token."""
    try:
        whole = tokens.encode([*messages, {"role": "assistant", "content": answer}])
    except BackendRefused:
        whole = []
    if whole[: len(prompt)] == prompt:
        written = whole[len(prompt) :]
        end = next((n for n, token in enumerate(written) if token in tokens.ends), None)
        if end is not None and tokens.decode(written[:end]) == answer:
            return written[: end + 1]
    return [*tokens.encode_text(answer), end_of(tokens)]


@lru_cache(maxsize=8)
def end_of(tokens: ChatTokens) -> int:
    """The token that ends an answer: the one that the template writes behind it. Raises Unfit."""
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": PROBE}]
    try:
        ids = tokens.encode(talk)
    except BackendRefused:
        ids = []
    behind = range(len(ids) + 1)
    start = next((n for n in reversed(behind) if PROBE in tokens.decode(ids[n:])), 0)
    found = [token for token in ids[start:] if token in tokens.ends]
    if not found and not tokens.ends:
        raise Unfit("the base model has no token that ends an answer")
    return found[0] if found else min(tokens.ends)
