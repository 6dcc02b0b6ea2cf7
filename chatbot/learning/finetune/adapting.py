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
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers.pytorch_utils import Conv1D

    torch.manual_seed(seed)
    pairs = model.config.is_encoder_decoder
    config = LoraConfig(
        r=rank,
        lora_alpha=ALPHA * rank,
        target_modules="all-linear",
        task_type=TaskType.SEQ_2_SEQ_LM if pairs else TaskType.CAUSAL_LM,
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
    )
    try:
        with warnings.catch_warnings():
            # peft 0.21 asks transformers by a name that it will drop
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            return get_peft_model(model, config)
    except ValueError as error:
        raise Refused(
            "This base has no layers that LoRA can add to. Choose the method full."
        ) from error


def merged(model: Any, folder: Path) -> Any:
    """Keep the addition in `folder` and return the model with it added in."""
    model.save_pretrained(folder)
    return model.merge_and_unload()
