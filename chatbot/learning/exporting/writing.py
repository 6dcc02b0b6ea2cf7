"""A model written where other programs can read it, opened again and compared before it is done."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from chatbot.backends.checkpoint import MANIFEST, Manifest, adopt, read_manifest, verify
from chatbot.errors import ModelCorrupt, Refused
from chatbot.learning.exporting import adapters, gguf_files, proof, sources
from chatbot.learning.exporting.room import becoming

Form = Literal["folder", "merged", "gguf"]
FORMS: tuple[Form, ...] = get_args(Form)
ADAPTER = "adapter"
"""What LoRA added, by itself, in the folder of a model that was trained by it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and how alike it answers. `path`: a folder, or a file for GGUF."""

    path: Path
    size: int
    proof: proof.Proof


def write(
    model: Path, out: Path, form: Form, find_base: Callable[[str], Path | None] = lambda _: None
) -> Written:
    """Write the checkpoint `model` to `out`, which may not be there yet.

    `find_base` tells where the base of a LoRA run (label) lies. Takes seconds to minutes, and the
    memory of two such models.

    Raises:
        Refused: it is there already, the disk is full, or the form does not fit this model.
        ModelCorrupt, ModelUnavailable: the model is damaged, or what was written is not alike.
    """
    if form not in FORMS:
        raise Refused(f"There is no form {form!r:.40}. Choose {', '.join(FORMS)}.")
    manifest = read_manifest(model) or adopt(model)
    verify(model, manifest)
    out = _named(out.absolute(), manifest, form)
    work = {"folder": _folder, "merged": _merged, "gguf": _gguf}[form]
    return work(model, manifest, out, find_base)


def _named(out: Path, manifest: Manifest, form: Form) -> Path:
    """A folder that is there already gets the model inside it, by its name."""
    suffix = gguf_files.SUFFIX if form == "gguf" else ""
    if out.is_dir() and any(out.iterdir()):
        return out / f"{manifest.name}@{manifest.version}{suffix}"
    if form == "gguf" and out.suffix != suffix:
        return out / f"{manifest.name}@{manifest.version}{suffix}"
    if out.is_dir():
        out.rmdir()
    return out


def _folder(model: Path, manifest: Manifest, out: Path, _: Any) -> Written:
    with becoming(out, _size(model)) as draft:
        for name in (*manifest.files, MANIFEST, *sources.BESIDE):
            if (model / name).is_file():
                shutil.copyfile(model / name, draft / name)
        if (model / ADAPTER).is_dir():
            shutil.copytree(model / ADAPTER, draft / ADAPTER)
        verify(draft, manifest)
        found = _compared(model, _opened(draft)[0], out.name)
    return Written(out, _size(out), found)


def _merged(
    model: Path, manifest: Manifest, out: Path, find_base: Callable[[str], Path | None]
) -> Written:
    told = sources.read_json(model / MANIFEST) or {}
    label = (told.get("trained") or {}).get("base")
    if not (model / ADAPTER).is_dir() or not isinstance(label, str):
        raise Refused(
            f"{manifest.name}@{manifest.version} was not trained by LoRA, so there is nothing to "
            "merge. Export it as a folder."
        )
    base = find_base(label)
    if base is None:
        raise Refused(
            f"{label}, which it was trained from, is not here. Export it as a folder: what it "
            "learned is merged there already."
        )
    with becoming(out, _size(model)) as draft:
        adapters.merge(model / ADAPTER, base, draft)
        known = adopt(draft, name=manifest.name, version=manifest.version)
        kept = told | {"files": known.files}
        text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
        (draft / MANIFEST).write_text(text, encoding="utf-8")
        found = _compared(model, _opened(draft)[0], out.name)
    return Written(out, _size(out), found)


def _gguf(model: Path, manifest: Manifest, out: Path, _: Any) -> Written:
    gguf_files.refuse_unknown(model)
    with becoming(out, _size(model), file=True) as draft:
        file = draft / out.name
        gguf_files.write_gguf(model, manifest, file)
        _require_tokens(model, file)
        found = _compared(model, gguf_files.open_gguf(file), out.name)
    return Written(out, _size(out), found)


def _require_tokens(model: Path, file: Path) -> None:
    """See that the file tells the tokenizer that the checkpoint has. Raises ModelCorrupt."""
    here = (model / "tokenizer.json").read_text(encoding="utf-8")
    if gguf_files.Told(file).text(gguf_files.TOKENIZER_KEY) != here:
        raise ModelCorrupt(f"{file.name} does not keep the tokenizer. It was not kept.")


def _opened(folder: Path) -> tuple[Any, Any]:
    """Model and tokens in float32. Raises ModelUnavailable, ModelCorrupt."""
    import torch

    from chatbot.backends.loading import load_to_train

    return load_to_train(folder, torch.float32, "")[:2]


def _compared(model: Path, other: Any, name: str) -> proof.Proof:
    first, tokens = _opened(model)
    return proof.compare(first, other, tokens, name)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
