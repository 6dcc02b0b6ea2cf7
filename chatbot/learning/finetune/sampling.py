"""The same questions at every check, answered greedily, so that people see a model change."""

from contextlib import suppress
from typing import Any

import torch

from chatbot.errors import BackendRefused
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.finetune.opening import Base

LONGEST = 64
"""Tokens of an answer."""


def show(base: Base, model: Any, questions: tuple[str, ...], journal: Journal, step: int) -> None:
    """Tell the answer to each question. One that cannot be answered is left out."""
    for question in questions:
        with suppress(BackendRefused):
            answer = _answer(base, model, question)
            journal.tell("sample", step=step, question=question, answer=answer)


def _answer(base: Base, model: Any, question: str) -> str:
    from transformers import GenerationConfig

    messages = [{"role": "user", "content": question}]
    tags = None
    if base.swapping is not None:
        messages, tags = base.swapping.hide(messages)
    prompt = base.tokens.encode(messages)[-base.context + LONGEST :]
    banned = None
    if base.swapping is not None and tags is not None:
        banned = sorted(base.swapping.banned(prompt, tags))
    config = GenerationConfig(
        max_new_tokens=LONGEST,
        do_sample=False,
        eos_token_id=sorted(base.tokens.ends),
        pad_token_id=base.pad,
        decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
        suppress_tokens=banned,
    )
    ids = torch.tensor([prompt], device=model.device)
    with torch.no_grad():
        found = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config
        )[0].tolist()
    text = base.tokens.decode(found if model.config.is_encoder_decoder else found[len(prompt) :])
    return tags.show(text) if tags is not None else text
