"""Renders training chats through the product's own prompts, so that both send the same.

Part of the chats carries another system text, or none: authors edit prompts, and the
model should not fall silent when they do.
"""

from functools import cache
from random import Random

import prompts
from chatbot.learning.starter.slots import GENERATORS
from chatbot.learning.starter.sources import Chat

SUMMARY_REQUESTS = (
    "Summarise this conversation in three lines: Wants, Done, Open.",
    "Summarise the conversation below (Wants, Done, Open).",
    "Give me a summary of this thread: what the customer wants, what is done, what is open.",
)
REWRITE_REQUESTS = (
    "Rewrite this message:",
    "Please rewrite the text below:",
    "Change this reply as follows:",
)
SYSTEM_TEXTS = (
    "You are a helpful assistant.",
    "You are a friendly assistant. Keep your answers short.",
    "You are the assistant of this chat. Be honest about what you do not know.",
    "Answer politely and briefly.",
    "You are a chatbot. Help the person as well as you can, and say so when you cannot.",
    "You are a support assistant. Be kind, brief and honest.",
)
SUPPORT_TEXTS = (
    "Answer from the sources.",
    "You answer customers. Use only the sources.",
    "You write replies for a support team, from the sources alone. Say what is missing.",
    "Help the customer. Be brief and exact.",
)
BUILT_IN_SUPPORT_SHARE = 0.6
BUILT_IN_SHARE = 0.65
BARE_SHARE = 0.85
# The product names no company until somebody sets one.
UNNAMED_SHARE = 0.7


@cache
def _prompt(name: str) -> prompts.Prompt:
    return prompts.library()[name]


def support(rng: Random, passages: Chat, thread: Chat, question: str) -> Chat:
    """Return what the built-in `support` prompt sends; sometimes its sources under other words."""
    company = _company(rng)
    chat = messages("support", question=question, history=thread, passages=passages, **company)
    if rng.random() < BUILT_IN_SUPPORT_SHARE:
        return chat
    _, _, sources = chat[0]["content"].rpartition("\n\nSources:")
    told = rng.choice(SUPPORT_TEXTS)
    return [{"role": "system", "content": f"{told}\n\nSources:{sources}"}, *chat[1:]]


def assistant(rng: Random, thread: Chat, question: str) -> Chat:
    """Return what `assistant` sends; sometimes with another system text, or with none."""
    chance = rng.random()
    if chance < BUILT_IN_SHARE:
        return messages("assistant", question=question, history=thread, **_company(rng))
    bare = [*thread, {"role": "user", "content": question}]
    if chance < BARE_SHARE:
        return bare
    return [{"role": "system", "content": rng.choice(SYSTEM_TEXTS)}, *bare]


def _company(rng: Random) -> dict[str, object]:
    if rng.random() < UNNAMED_SHARE:
        return {}
    return {"company": GENERATORS["company"](rng)}


def messages(name: str, **values: object) -> Chat:
    """Return what the built-in prompt of this name sends for these values."""
    return [
        {"role": message["role"], "content": message["content"]}
        for message in prompts.render(_prompt(name), values)
    ]
