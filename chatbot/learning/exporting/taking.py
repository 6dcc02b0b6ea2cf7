"""A checkpoint from elsewhere taken in as name@version: checked, copied, opened, then named.

Takes a Hugging Face folder, a LoRA adapter with its base, or a GGUF file. What fails on the way
leaves nothing behind.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbot.backends.checkpoint import MANIFEST, Manifest, adopt, read_manifest, verify
from chatbot.errors import Conflict, Refused
from chatbot.learning.exporting import adapters, gguf_files, sources
from chatbot.learning.exporting.room import becoming
from chatbot.learning.exporting.unpacking import unpack

TAKEN = "There is a model {label} already. Choose another version."
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_LABEL = re.compile(rf"({_PART})@({_PART})")
_UNPACKED = 8
"""Times that a GGUF file in the smallest precision grows when it is unpacked to 16 bits."""


def take(
    source: Path,
    models: Path,
    label: str = "",
    base: Path | None = None,
    admit: Callable[[str, str], None] = lambda _name, _version: None,
) -> Path:
    """Put a copy of `source` into the folder `models`; the folder of the new model.

    `label` "": the one that its own manifest tells. `base`: the checkpoint that an adapter is added
    to. `admit` is asked with name and version, and raises what speaks against them.

    Raises:
        Refused: not a model that can be taken, no label, or no room.
        Conflict: there is a folder of this label.
        ModelUnavailable, ModelCorrupt: a pickle, damaged, or of a kind that cannot be opened.
    """
    packed = _packed(source)
    known = packed.ours() if packed else _of_base(source, base) | _known(source)
    name, version = _label(label or _own(known), source)
    label = f"{name}@{version}"
    admit(name, version)
    if (models / label).exists():
        raise Conflict(TAKEN.format(label=label))
    told = {key: known[key] for key in _KEPT if known.get(key) is not None}
    with becoming(models / label, _needed(source, base)) as draft:
        _fill(draft, source, packed, base)
        (draft / MANIFEST).unlink(missing_ok=True)
        sources.require_config(draft)
        manifest = adopt(draft, **told, name=name, version=version)
        _require_opening(draft, manifest)
    return models / label


_KEPT = ("trained_on_tags", "description", "parameters", "phrases", "context")
"""What a manifest of ours tells besides name, version and files."""


def _packed(source: Path) -> gguf_files.Told | None:
    """What a GGUF file tells; None for a folder. Raises Refused, ModelCorrupt."""
    if source.is_symlink() or not source.exists():
        raise Refused(f"{source} is not there, or is a link. Name the folder or file itself.")
    if source.is_dir():
        return None
    if source.suffix.lower() != gguf_files.SUFFIX:
        raise Refused(f"{source.name} is no GGUF file, and no folder of a checkpoint.")
    return gguf_files.Told(source)


def _known(source: Path) -> dict[str, Any]:
    """What a folder says of itself; its own checksums are verified first."""
    manifest = read_manifest(source)
    if manifest is None:
        return {}
    verify(source, manifest)
    return manifest.model_dump(exclude_none=True)


def _of_base(source: Path, base: Path | None) -> dict[str, Any]:
    """What an adapter has of its base: how that reads and answers, but not what it is called."""
    if base is None or not adapters.is_adapter(source):
        return {}
    known = _known(base)
    return {key: known[key] for key in _KEPT if key != "description" and key in known}


def _own(known: dict[str, Any]) -> str:
    return f"{known['name']}@{known['version']}" if "version" in known else ""


def _label(label: str, source: Path) -> tuple[str, str]:
    found = _LABEL.fullmatch(label)
    if found is None:
        hint = f"{label:.80} is no label" if label else f"{source.name} does not say what it is"
        raise Refused(f"{hint}. Write name@version, of letters, digits, dots and dashes.")
    return found[1], found[2]


def _needed(source: Path, base: Path | None) -> int:
    """Bytes of the new checkpoint, at most."""
    if source.is_file():
        return source.stat().st_size * _UNPACKED
    folder = base if adapters.is_adapter(source) and base is not None else source
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _fill(draft: Path, source: Path, packed: gguf_files.Told | None, base: Path | None) -> None:
    if packed is not None:
        unpack(source, packed, draft)
    elif adapters.is_adapter(source):
        if base is None:
            named = adapters.base_named(source)
            hint = f" It was trained on {named:.80}." if named else ""
            raise Refused(f"{source.name} is a LoRA adapter. Name its base with --base.{hint}")
        adapters.merge(source, base, draft)
    else:
        sources.require_config(source)
        for path in sources.files(source):
            shutil.copyfile(path, draft / path.name)


def _require_opening(folder: Path, manifest: Manifest) -> None:
    """Open it as the product will, and let it go again. Raises ModelUnavailable, ModelCorrupt."""
    from chatbot.backends.local import LocalModel

    LocalModel.load(folder, manifest).close()
