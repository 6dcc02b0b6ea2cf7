"""LoRA adapters merged into their base: the weights of both in one checkpoint.

An adapter's settings are read field by field: what peft would import by a name that stands in them
is never asked for.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.backends.checkpoint import MANIFEST
from chatbot.errors import ModelUnavailable, Refused
from chatbot.learning.exporting.sources import BESIDE, INDEX, files, read_json, require_whole
from chatbot.learning.finetune.adapting import with_addition

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_TAKEN = (
    "r", "lora_alpha", "target_modules", "exclude_modules", "fan_in_fan_out", "use_rslora",
    "use_dora", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern",
)  # fmt: skip
"""Fields of peft's LoraConfig that say how to add; all are numbers, texts or lists of them."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model of its own."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").is_file()


def base_named(folder: Path) -> str:
    """The base that an adapter's settings name; "" where they name none."""
    told = read_json(folder / CONFIG)
    named = told.get("base_model_name_or_path") if isinstance(told, dict) else None
    return named if isinstance(named, str) else ""


def merge(adapter: Path, base: Path, out: Path) -> None:
    """Write the base with an adapter added in, in the base's precision, and all its other files.

    Raises Refused, ModelUnavailable, ModelCorrupt: the two do not belong together, or are damaged.
    """
    import torch

    from chatbot.backends.loading import load_to_train, stored_dtype

    config = _settings(adapter)
    require_whole(adapter / WEIGHTS)
    model, _, _ = load_to_train(base, torch.float32, "")
    merged = _merged(model, config, adapter)
    merged.to(stored_dtype(base)).save_pretrained(out)
    for path in files(base):
        weights = path.suffix == ".safetensors" or path.name.endswith(INDEX)
        if not weights and path.name not in (MANIFEST, *BESIDE):
            shutil.copyfile(path, out / path.name)


def _settings(folder: Path) -> dict[str, Any]:
    told = read_json(folder / CONFIG)
    if not isinstance(told, dict) or told.get("peft_type") != "LORA":
        raise Refused(f"{folder.name}: {CONFIG} does not tell of a LoRA adapter.")
    if (folder / CONFIG).is_symlink() or (folder / WEIGHTS).is_symlink():
        raise Refused(f"{folder.name} holds a link, and may lead anywhere. Copy the file itself.")
    if not (folder / WEIGHTS).is_file():
        raise ModelUnavailable(f"{folder.name}: {WEIGHTS} is missing. Copy the whole adapter.")
    if told.get("bias", "none") != "none" or told.get("modules_to_save"):
        raise Refused(
            f"{folder.name} changes more than it adds (bias or modules_to_save). Merge it where it "
            "was made, then add the whole checkpoint."
        )
    return {name: told[name] for name in _TAKEN if told.get(name) is not None}


def _merged(model: Any, config: dict[str, Any], adapter: Path) -> "PreTrainedModel":
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    weights = load_file(adapter / WEIGHTS)
    try:
        model = with_addition(model, **config)
        wanted = {name for name in model.state_dict() if ".lora_" in name}
        report = set_peft_model_state_dict(model, weights)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise _unfit(adapter) from error
    if report.unexpected_keys or len(weights) != len(wanted):
        raise _unfit(adapter)
    merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
    return merged


def _unfit(adapter: Path) -> Refused:
    return Refused(f"{adapter.name} does not fit this base. Name the base that it was trained on.")
