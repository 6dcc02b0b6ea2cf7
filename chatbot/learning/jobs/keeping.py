"""A finished checkpoint becomes a model: copied beside the others, whole or not at all."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from chatbot.backends.checkpoint import Manifest, read_manifest, verify
from chatbot.errors import Conflict, ModelCorrupt
from chatbot.learning.jobs.card import card, renamed
from store.runs import Run

CARD = "README.md"


def keep(checkpoint: Path, adapter: Path | None, models: Path, run: Run) -> Path:
    """Copy a run's result to `models/name@version`, with its card; the folder.

    What LoRA added lies in it once more by itself, as `adapter`.

    The same result that lies there already (a kill came after the copy) stays. Raises Conflict for
    another model of that label, ModelCorrupt, OSError.
    """
    manifest = _whole(checkpoint, run)
    target = models / run.model
    if target.exists():
        known = read_manifest(target)
        if known is None or known.files != manifest.files:
            raise Conflict(f"There is another model {run.model} in {models}. Move it away first.")
        return target
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = models / f".{run.model}.new"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(checkpoint, draft)
        if adapter is not None:
            shutil.copytree(adapter, draft / "adapter")
        (draft / CARD).write_text(card(run), encoding="utf-8")
        verify(draft, manifest)
        _flush(draft)
        draft.replace(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def rename_person(models: Path, run: Run) -> None:
    """Let the card of a kept model name its person as the database does now."""
    file = models / run.model / CARD
    with suppress(OSError, UnicodeDecodeError):
        text = file.read_text(encoding="utf-8")
        fresh = renamed(text, run)
        if fresh != text:
            file.write_text(fresh, encoding="utf-8")


def _whole(checkpoint: Path, run: Run) -> Manifest:
    manifest = read_manifest(checkpoint)
    if manifest is None or f"{manifest.name}@{manifest.version}" != run.model:
        raise ModelCorrupt(f"The result of the run is not {run.model}. Start a new run.")
    return manifest


def _flush(folder: Path) -> None:
    """Have the files on the disk before the folder gets its name."""
    for path in folder.rglob("*"):
        if path.is_dir():
            continue
        with path.open("rb+") as file:
            os.fsync(file.fileno())
