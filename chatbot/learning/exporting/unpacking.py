"""A GGUF file as the folder of a checkpoint: weights, settings, tokenizer and template.

The weights come by transformers. The tokenizer is the one that the file carries whole, where it
does (ours do); else transformers puts one together from the file's tokens.
"""

import json
from pathlib import Path
from typing import Any

from chatbot.errors import ModelUnavailable
from chatbot.learning.exporting.gguf_files import TOKENIZER_KEY, Told, open_gguf

_TEMPLATE = "tokenizer.chat_template"
_NAMED = ("bos", "eos", "pad", "unk")
_IDS = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
"""How GGUF calls the ids of these tokens: `tokenizer.ggml.NAME_token_id`."""


def unpack(file: Path, told: Told, folder: Path) -> None:
    """Write the model of a file into an empty folder. Raises ModelUnavailable."""
    import torch

    model: Any = open_gguf(file)
    model.to(getattr(torch, told.precision()))
    del model.config.quantization_config  # it is packed no more
    model.save_pretrained(folder)
    try:
        if whole := told.text(TOKENIZER_KEY):
            _carried(told, folder, whole)
        else:
            _put_together(file, folder)
    except Exception as error:  # a foreign file may fail in any way
        raise ModelUnavailable(
            f"{file.name} has a tokenizer that this version does not know ({type(error).__name__})."
        ) from error


def _carried(told: Told, folder: Path, whole: str) -> None:
    added = json.loads(whole).get("added_tokens", [])
    by_number = {one["id"]: one["content"] for one in added}
    config: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for name in _NAMED:
        number = told.number(f"tokenizer.ggml.{_IDS[name]}_token_id")
        if number in by_number:
            config[f"{name}_token"] = by_number[number]
    named = set(config.values())
    more = [one["content"] for one in added if one.get("special") and one["content"] not in named]
    config |= {"extra_special_tokens": more, "clean_up_tokenization_spaces": False}
    _write(folder / "tokenizer.json", whole)
    _write(folder / "tokenizer_config.json", json.dumps(config, ensure_ascii=False, indent=1))
    if template := told.text(_TEMPLATE):
        _write(folder / "chat_template.jinja", template)


def _put_together(file: Path, folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        file.parent, gguf_file=file.name, local_files_only=True, trust_remote_code=False
    )
    tokenizer.save_pretrained(folder)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
