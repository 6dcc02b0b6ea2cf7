"""What is refused of a checkpoint folder that comes from elsewhere, before anything opens it.

Safetensors and plain settings only: no pickle, no link, no path that leads out of the folder, no
file that is not whole. Reads heads of files; imports no torch.
"""

import json
from pathlib import Path
from typing import Any

from chatbot.backends.checkpoint import read_by_loaders, refuse_adapter, refuse_pickles
from chatbot.errors import ModelCorrupt, ModelUnavailable, Refused

BESIDE = ("README.md", "evaluation.json", "LICENSE", "LICENSE.md", "LICENSE.txt", "NOTICE")
"""Files for people that come along."""
INDEX = ".index.json"
_LONGEST_HEADER = 100_000_000
"""The format's own limit for a file's head (safetensors' README)."""


def files(folder: Path) -> list[Path]:
    """The files of a folder that are taken. Raises Refused, ModelUnavailable, ModelCorrupt."""
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder. Name the folder of a checkpoint.")
    for path in (folder, *sorted(folder.iterdir())):
        if path.is_symlink():
            raise Refused(
                f"{path.name} is a link, and may lead anywhere. Copy the file itself there."
            )
    refuse_pickles(folder)
    refuse_adapter(folder)
    taken = [path for path in read_by_loaders(folder) if path.is_file()]
    taken += [folder / name for name in BESIDE if (folder / name).is_file()]
    for path in taken:
        if path.suffix == ".safetensors":
            require_whole(path)
        elif path.name.endswith(INDEX):
            _require_inside(path)
    return list(dict.fromkeys(taken))


def require_config(folder: Path) -> dict[str, Any]:
    """config.json. Raises ModelUnavailable where there is none of a known kind of model."""
    found = read_json(folder / "config.json")
    if not isinstance(found, dict) or not isinstance(found.get("model_type"), str):
        raise ModelUnavailable(
            f"{folder.name}: config.json is missing or says no model_type. Copy the whole "
            "checkpoint."
        )
    if not list(folder.glob("*.safetensors")):
        raise ModelUnavailable(f"{folder.name} holds no safetensors file. Convert its weights.")
    return found


def read_json(path: Path) -> Any:
    """A file of JSON; None where it is missing or cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def require_whole(path: Path) -> None:
    """See that a safetensors file's head tells exactly the bytes that follow it.

    The format: 8 bytes with the length of a JSON head, the head, then all tensors without gaps
    (safetensors' README). Raises ModelCorrupt.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LONGEST_HEADER, size - 8):
                raise ValueError  # noqa: TRY301
            head = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for name, entry in head.items() if name != "__metadata__"]
        if 8 + length + max(ends, default=0) != size:
            raise ValueError  # noqa: TRY301
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise ModelCorrupt(
            f"{path.parent.name}: {path.name} is not whole. Copy it once more."
        ) from None


def _require_inside(path: Path) -> None:
    """See that an index names files of this folder alone. Raises Refused, ModelCorrupt."""
    told = read_json(path)
    named = told.get("weight_map") if isinstance(told, dict) else None
    if not isinstance(named, dict):
        raise ModelCorrupt(f"{path.parent.name}: {path.name} cannot be read. Copy it once more.")
    for name in set(map(str, named.values())):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise Refused(f"{path.name} names {name:.80}, which is no weights of this folder.")
        if not (path.parent / name).is_file():
            raise ModelCorrupt(f"{path.parent.name}: {name} is missing. Copy the whole checkpoint.")
