"""Writes a finished run as a checkpoint folder that any transformers program can load.

bf16 safetensors, tokenizer with chat template, and a manifest with checksums.
"""

import json
from pathlib import Path
from typing import Any

from chatbot.backends.checkpoint import MANIFEST, sha256
from chatbot.learning.starter import situations
from chatbot.learning.starter.tokenizer import with_template

NAME = "starter"
VERSION = "2.1"
DESCRIPTION = "A small model that comes with the chat: talks a little, quotes what sources say."
SUFFIXES = (".json", ".jinja", ".safetensors")
SAMPLING = {"temperature": 0.2, "top_p": 0.7, "repetition_penalty": 1.0, "max_tokens": 160}


def export(model: Any, tokenizer_file: Path, context: int, folder: Path) -> None:
    """Write weights, configuration, tokenizer and manifest into `folder`; made if absent."""
    import torch
    from tokenizers import Tokenizer
    from transformers import GenerationConfig

    tokenizer = with_template(Tokenizer.from_file(str(tokenizer_file)), context)
    ids = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model.generation_config = GenerationConfig(**ids)
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(folder)
    write_manifest(folder, context)


def write_manifest(folder: Path, context: int) -> None:
    """List the folder's files with their checksums, and how to sample from the model."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in SUFFIXES)
    manifest = {
        "name": NAME,
        "version": VERSION,
        "files": {name: sha256(folder / name) for name in names if name != MANIFEST},
        "context": context,
        "trained_on_tags": True,
        "description": DESCRIPTION,
        "parameters": SAMPLING,
        "phrases": situations.phrases(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
