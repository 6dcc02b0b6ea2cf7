"""Whether a call can be done as asked, before anything is done: each sentence names its field.

Knows what was asked and which options a model takes; no rows and no rendering.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot import beginning
from chatbot.completions.errors import Unsupported
from chatbot.completions.views import Ask, Said
from chatbot.errors import ContextTooSmall, EmptyText, UnstorableText

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel

MOST_CHOICES = 8
MOST_STOPS = 4
LONGEST_STOP = 200
"""Characters."""
MOST_TOP = 20
MOST_TOKENS = 1_000_000
SEEDS = range(-(2**63), 2**63)

LONGEST_TOKEN = 32
"""Characters that a token has on average at most: more text than this times the context fits none,
which is known without counting."""

_UNSTORABLE = re.compile("[\\0\\ud800-\\udfff]")


def check(ask: Ask, limit: int) -> None:
    """Refuse what no model can do. `limit`: characters of the last message.

    Raises Unsupported, EmptyText, TextTooLong, UnstorableText.
    """
    _within("n", ask.n, 1, MOST_CHOICES)
    _within("max_tokens", ask.max_tokens, 1, MOST_TOKENS)
    _within("temperature", ask.temperature, 0, 2)
    _within("top_p", ask.top_p, 0, 1)
    _within("top_logprobs", ask.top_logprobs, 0, MOST_TOP)
    if ask.top_logprobs and not ask.logprobs:
        raise Unsupported("top_logprobs", "top_logprobs needs logprobs. Set logprobs to true.")
    if ask.seed is not None and ask.seed not in SEEDS:
        raise Unsupported("seed", "seed must be a whole number of 64 bits.")
    if len(ask.stop) > MOST_STOPS or not all(0 < len(one) <= LONGEST_STOP for one in ask.stop):
        raise Unsupported(
            "stop", f"stop takes 1 to {MOST_STOPS} texts of 1 to {LONGEST_STOP} characters."
        )
    if ask.text is not None:
        if not ask.text.strip():
            raise EmptyText
        if ask.shape is not None:
            raise Unsupported("response_format", "Only answers to messages can have a shape.")
        _storable(ask.text)
        return
    _check_messages(ask.messages, limit)


def _check_messages(said: Sequence[Said], limit: int) -> None:
    for one in said:
        _storable(one.content)
    if not said or said[-1].role != "user":
        raise Unsupported("messages", "The last message must be the user's. Send one to answer.")
    beginning.check(said[-1].content, limit)


def check_model(ask: Ask, model: "ChatModel") -> None:
    """Refuse what this model cannot do. Raises Unsupported, ContextTooSmall."""
    asked = {
        "temperature": ask.temperature is not None,
        "top_p": ask.top_p is not None,
        "seed": ask.seed is not None,
        "logprobs": ask.logprobs,
    }
    for param, given in asked.items():
        if given and param not in model.takes:
            raise Unsupported(
                param, f"{model.label} does not take {param}. Leave it out, or ask a local model."
            )
    if ask.text is not None and "text" not in model.takes:
        raise Unsupported(
            "model", f"{model.label} answers messages alone: use /v1/chat/completions."
        )
    long = len(ask.text or "") + sum(len(one.content) for one in ask.messages)
    if not ask.model.startswith("prompt:") and long > model.context * LONGEST_TOKEN:
        raise ContextTooSmall


def _within(param: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise Unsupported(param, f"{param} must lie between {least:,} and {most:,}.")


def _storable(text: str) -> None:
    if _UNSTORABLE.search(text):
        raise UnstorableText
