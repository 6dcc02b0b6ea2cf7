"""The new model's folder: its weights in the base's form, and all else as the base has it.

Tokenizer, template, configuration and sampling are the base's, byte for byte, so that what serves
the base serves the tuned one; its phrases are the base's and those of the approved replies.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from chatbot.backends.checkpoint import EVALUATION, MANIFEST, sha256
from chatbot.backends.loading import stored_dtype
from chatbot.errors import Refused
from chatbot.learning.finetune import room
from chatbot.learning.finetune.adapting import adapted, merged
from chatbot.learning.finetune.opening import Base, open_base
from chatbot.learning.finetune.phrasing import learned
from chatbot.learning.finetune.plan import Plan
from chatbot.learning.finetune.rows import TRAIN, Row, Rows

CHECKPOINT, ADAPTER = "checkpoint", "adapter"
CARRIED = (".json", ".jinja", ".model", ".txt")
NOT_CARRIED = (MANIFEST, EVALUATION, "model.safetensors.index.json")
PREFIX = "model."
"""Of weights' names in a learner, before the model's own."""


def write(plan: Plan, folder: Path, state: dict[str, Any] | None, about: dict[str, Any]) -> Path:
    """Write the checkpoint of a run and return its folder; `adapter` goes beside it.

    `state`: learned weights by name as `keeping.state_of` gives them; None: the base as it is.
    `about` is what the manifest tells of the run. Raises Refused when the disk is full.
    """
    stored = sum(path.stat().st_size for path in plan.base.glob("*.safetensors"))
    room.refuse_without(folder, 2 * stored, "the new model")
    base = open_base(plan, half=False)
    model = base.model if state is None else _with(base.model, plan, state, folder / ADAPTER)
    fresh = folder / f"{CHECKPOINT}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _weights(model, base, fresh)
        _others(base, fresh)
        _manifest(base, plan, fresh, about, _rows(folder) if state is not None else ())
    except (OSError, SafetensorError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Refused(
            f"The new model cannot be written in {folder}: the disk is full or broken. Make room "
            "and resume; the training itself is done and kept."
        ) from error
    whole = folder / CHECKPOINT
    shutil.rmtree(whole, ignore_errors=True)
    fresh.replace(whole)
    return whole


def _with(model: Any, plan: Plan, state: dict[str, Any], adapter: Path) -> Any:
    """The model with what was learned; an addition is kept by itself and merged."""
    own = {name.removeprefix(PREFIX): weight for name, weight in state.items()}
    if plan.method != "lora":
        _, strange = model.load_state_dict(own, strict=False)
    else:
        model = adapted(model, plan.rank, plan.seed)
        _, strange = model.load_state_dict(own, strict=False)
        model = merged(model, adapter)
    if strange:
        raise Refused(f"{len(strange)} learned weights have no place in the base. Start a new run.")
    return model


def _weights(model: Any, base: Base, folder: Path) -> None:
    """In the precision in which the base is stored."""
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig()  # the base's own is carried, valid or not
    model.to(stored_dtype(base.folder)).save_pretrained(folder)


def _others(base: Base, folder: Path) -> None:
    for path in sorted(base.folder.iterdir()):
        if path.suffix in CARRIED and path.name[0] != "." and path.name not in NOT_CARRIED:
            shutil.copyfile(path, folder / path.name)
    template = folder / "chat_template.jinja"
    named = _tokenizer_config(base.folder).get("chat_template")
    if not template.exists() and not named and not base.model.config.is_encoder_decoder:
        template.write_text(base.template, encoding="utf-8")


def _manifest(
    base: Base, plan: Plan, folder: Path, about: dict[str, Any], rows: Iterable[Row]
) -> None:
    """The base's, with the new name, the new checksums, and what the run says of itself."""
    label = f"{base.manifest.name}@{base.manifest.version}"
    told = base.manifest.model_dump(mode="json", exclude_none=True)
    told |= {
        "name": plan.out_name,
        "version": plan.out_version,
        "files": {
            path.name: sha256(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST
        },
        "description": f"{label}, trained further ({plan.method}).",
        "trained": {"base": label, "method": plan.method, **about},
    }
    if base.manifest.phrases is not None:
        told["phrases"] = learned(base.manifest.phrases, rows).model_dump(mode="json")
    text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _rows(folder: Path) -> Iterator[Row]:
    rows = Rows(folder / TRAIN)
    return (rows[number] for number in range(len(rows)))


def _tokenizer_config(folder: Path) -> dict[str, Any]:
    path = folder / "tokenizer_config.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
