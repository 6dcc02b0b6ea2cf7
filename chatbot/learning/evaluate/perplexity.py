"""How surprised a local model is by good replies it has never seen.

Loads the checkpoint a second time through transformers, because serving runtimes tell no
probabilities. For a checkpoint trained on tags, prompts and replies carry tags, as it sees them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path

from chatbot.learning.evaluate.cases import Case
from chatbot.values import conceal

MOST = 100
"""Replies that are read."""


@dataclass(frozen=True, slots=True)
class Perplexity:
    """`per_token` depends on the tokenizer; `bits_per_character` can be compared among models.

    exp(H) and H / (characters · ln 2), with H in nats: the mean over tokens for the first, the sum
    for the second. Characters are those of the text as the model sees it.
    """

    per_token: float
    bits_per_character: float
    replies: int


def perplexity(folder: Path, context: int, cases: Sequence[Case], *, tagged: bool) -> Perplexity:
    """Read the references of cases that fit the context (tokens), as replies to their prompts.

    Raises ModelUnavailable or ModelCorrupt; ValueError when no case fits.
    """
    import torch

    from chatbot.backends.loading import load_to_look_inside

    model, tokens = load_to_look_inside(folder)
    nats, count, characters, replies = 0.0, 0, 0, 0
    for case in cases:
        messages, reply = _as_seen(case, tagged=tagged)
        prompt, answer = tokens.encode(messages), tokens.encode_text(reply)
        if len(prompt) + len(answer) > context or not answer:
            continue
        row = torch.tensor([prompt + answer], device=model.device)
        with torch.inference_mode():
            logits = model(input_ids=row).logits[0, len(prompt) - 1 : -1].float()
        told = torch.log_softmax(logits, -1).gather(1, row[0, len(prompt) :, None])
        nats -= float(told.sum())
        count, characters, replies = count + len(answer), characters + len(reply), replies + 1
    if not replies:
        raise ValueError("No case fits the model's context.")
    return Perplexity(exp(nats / count), nats / characters / log(2), replies)


def _as_seen(case: Case, *, tagged: bool) -> tuple[list[dict[str, str]], str]:
    if not tagged:
        return list(case.messages), case.reference
    texts, tags = conceal([message["content"] for message in case.messages])
    hidden = [m | {"content": text} for m, text in zip(case.messages, texts, strict=True)]
    return hidden, tags.hide(case.reference)
