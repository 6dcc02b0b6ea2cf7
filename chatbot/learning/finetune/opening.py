"""Opens the base of a run: its weights in the run's precision, its tokens, its tags.

Full tuning needs fp32 weights, because steps are smaller than bf16 can add; with LoRA the base only
reads, and may be halves. Whatever is wrong with a folder is a sentence.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chatbot.backends.chat_tokens import ChatTokens
from chatbot.backends.checkpoint import (
    Manifest,
    read_config,
    read_manifest,
    refuse_adapter,
    refuse_pickles,
    sketch,
    verify,
)
from chatbot.backends.loading import load_to_train
from chatbot.backends.reference import halves_are_fast
from chatbot.backends.swapping import Swapping
from chatbot.errors import Refused
from chatbot.learning.finetune.plan import Plan

PLAIN_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- eos_token + message['role'] + '\\n' + message['content'] }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- eos_token + 'assistant\\n' }}"
    "{%- elif messages[-1]['role'] == 'assistant' %}{{- eos_token }}{%- endif %}"
)
"""For a base that was never tuned for talk. Only the end token, which nobody can type, opens a
role."""

TRIED_TOKENS = 2048
"""Rows of the matrix by which precisions are compared: about those of a step."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base ready to be trained. `template`: the chat template in use. `pad` fills rows up."""

    folder: Path
    manifest: Manifest
    model: Any
    tokens: ChatTokens
    swapping: Swapping | None
    template: str
    pad: int

    @property
    def context(self) -> int:
        """The longest row in tokens that the model can take."""
        config = self.model.config.get_text_config(decoder=True)
        own = int(getattr(config, "max_position_embeddings", None) or 2**31)
        return min(self.manifest.context, own)


def open_base(plan: Plan, *, half: bool) -> Base:
    """Raises Refused, ModelUnavailable, ModelCorrupt."""
    folder = plan.base
    manifest = known(folder)
    dtype = torch.bfloat16 if half and plan.method == "lora" else torch.float32
    model, tokens, template = load_to_train(folder, dtype, PLAIN_TEMPLATE)
    if not tokens.ends:
        raise Refused(f"{folder.name} has no token that ends an answer. Choose another base model.")
    swapping = Swapping(tokens.vocabulary()) if manifest.trained_on_tags else None
    pad = model.config.pad_token_id
    if isinstance(pad, list | None):
        pad = min(tokens.ends)
    return Base(folder, manifest, model, tokens, swapping, template, int(pad))


def known(folder: Path) -> Manifest:
    """The manifest of a base whose files are whole. Raises Refused, ModelUnavailable, ModelCorrupt.

    A folder without a manifest is taken as it is, and not written to.
    """
    if not folder.is_dir():
        raise Refused(f"There is no model in {folder}. Choose another base model.")
    config = read_config(folder)
    names = [str(name) for name in config.get("architectures") or ()]
    writes = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
    if names and not any(name.endswith(writes) for name in names):
        raise Refused(f"{folder.name} is a {names[0]}, which writes no text. Choose another base.")
    if config.get("quantization_config"):
        raise Refused(f"{folder.name} is quantised, so it cannot be trained. Choose the original.")
    manifest = read_manifest(folder)
    if manifest is None:
        refuse_pickles(folder)
        refuse_adapter(folder)
        return sketch(folder) if "@" in folder.name else sketch(folder, name="base", version="1")
    verify(folder, manifest)
    return manifest


def halves_are_faster(folder: Path, device: torch.device) -> bool:
    """Whether bf16 trains faster than fp32 on this device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    config = read_config(folder)
    width = next((int(config[n]) for n in ("hidden_size", "n_embd", "d_model") if n in config), 512)
    return halves_are_fast(width, TRIED_TOKENS)
