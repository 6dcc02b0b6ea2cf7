"""How surprised a local model is by good replies it has never seen.

Loads the checkpoint a second time through transformers, because serving runtimes tell no
probabilities. For a checkpoint trained on tags, prompts and replies carry tags, as it sees them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

from chatbot.learning.evaluate.cases import Case
from chatbot.values import conceal

Message = dict[str, str]

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


@dataclass(frozen=True, slots=True)
class Reading:
    """How one reply was read: the sum of its nats, its tokens and its characters."""

    nats: float
    tokens: int
    characters: int


def perplexity(folder: Path, context: int, cases: Sequence[Case], *, tagged: bool) -> Perplexity:
    """Read the references of cases that fit the context (tokens), as replies to their prompts.

    Raises ModelUnavailable or ModelCorrupt; ValueError when no case fits.
    """
    pairs = [(case.messages, case.reference) for case in cases]
    found = [one for one in read(folder, context, pairs, tagged=tagged) if one is not None]
    if not found:
        raise ValueError("No case fits the model's context.")
    nats = sum(one.nats for one in found)
    per_token = exp(nats / sum(one.tokens for one in found))
    return Perplexity(per_token, nats / sum(one.characters for one in found) / log(2), len(found))


def read(
    folder: Path,
    context: int,
    pairs: Iterable[tuple[Sequence[Message], str]],
    *,
    tagged: bool,
) -> Iterator[Reading | None]:
    """Read replies to messages, one by one; None for one that does not fit the context (tokens).

    Raises ModelUnavailable or ModelCorrupt.
    """
    import torch

    from chatbot.backends.loading import load_to_look_inside

    model, tokens = load_to_look_inside(folder)
    for said, answered in pairs:
        messages, reply = _as_seen(said, answered, tagged=tagged)
        prompt, answer = tokens.encode(messages), tokens.encode_text(reply)
        if len(prompt) + len(answer) > context or not answer:
            yield None
            continue
        with torch.inference_mode():
            logits = _logits(model, prompt, answer).float()
        wanted = torch.tensor(answer, device=model.device)[:, None]
        told = torch.log_softmax(logits, -1).gather(1, wanted)
        yield Reading(-float(told.sum()), len(answer), len(reply))


def _logits(model: Any, prompt: list[int], answer: list[int]) -> Any:
    """What the model says before each token of the answer: (tokens, vocabulary)."""
    import torch

    def row(ids: list[int]) -> torch.Tensor:
        return torch.tensor([ids], device=model.device)

    if not model.config.is_encoder_decoder:
        return model(input_ids=row(prompt + answer)).logits[0, len(prompt) - 1 : -1]
    first = model.config.decoder_start_token_id
    begun = [(model.config.pad_token_id or 0) if first is None else first, *answer[:-1]]
    return model(input_ids=row(prompt), decoder_input_ids=row(begun)).logits[0]


def _as_seen(messages: Sequence[Message], reply: str, *, tagged: bool) -> tuple[list[Message], str]:
    if not tagged:
        return list(messages), reply
    texts, tags = conceal([message["content"] for message in messages])
    hidden = [m | {"content": text} for m, text in zip(messages, texts, strict=True)]
    return hidden, tags.hide(reply)
