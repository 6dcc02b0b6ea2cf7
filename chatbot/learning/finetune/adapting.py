"""LoRA by peft: what is added before training, and what is merged and kept after it."""

import warnings
from pathlib import Path
from typing import Any

from chatbot.errors import Refused

ALPHA = 2
"""The addition counts `ALPHA` times its rank over its rank, as in Hu 2021's GPT-3 runs or near."""


def adapted(model: Any, rank: int, seed: int) -> Any:
    """The model with a fresh addition to every linear layer, alone to be learned."""
    import torch
    from transformers.pytorch_utils import Conv1D

    torch.manual_seed(seed)
    try:
        return with_addition(
            model,
            r=rank,
            lora_alpha=ALPHA * rank,
            target_modules="all-linear",
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
        )
    except ValueError as error:
        raise Refused(
            "This base has no layers that LoRA can add to. Choose the method full."
        ) from error


def with_addition(model: Any, **settings: Any) -> Any:
    """The model with an addition of peft's `LoraConfig`; its task is told by the model."""
    from peft import LoraConfig, TaskType, get_peft_model

    pairs = model.config.is_encoder_decoder
    task = TaskType.SEQ_2_SEQ_LM if pairs else TaskType.CAUSAL_LM
    with warnings.catch_warnings():
        # peft 0.21 asks transformers by a name that it will drop
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        return get_peft_model(model, LoraConfig(task_type=task, **settings))


def merged(model: Any, folder: Path) -> Any:
    """Keep the addition in `folder` and return the model with it added in."""
    model.save_pretrained(folder)
    return model.merge_and_unload()
