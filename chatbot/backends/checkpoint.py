"""A checkpoint folder: its manifest, its checksums, and what is refused in it.

Opens no weights and imports no torch: a list of models or a check of the files costs milliseconds.
`manifest.json`:

    {"name", "version", "files": {file: sha256}, "context": tokens, "trained_on_tags": bool,
     "description": str, "parameters": {sampling defaults}}
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chatbot.errors import ModelCorrupt, ModelUnavailable

MANIFEST = "manifest.json"
EVALUATION = "evaluation.json"
"""Figures of an evaluation, which comes after the checkpoint and is read by people only."""
ADAPTER = "adapter_config.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")

_READ = (".safetensors", ".json", ".jinja", ".model", ".txt")

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_FOLDER = re.compile(rf"({_PART})(?:@({_PART}))?")
_Part = Annotated[str, StringConstraints(pattern=rf"^{_PART}$", max_length=100)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_DEFAULT_CONTEXT = 2048
_CALLED = {"name", "version", "description"}
"""Fields of a manifest that change no answer."""


class Phrases(BaseModel):
    """What a model that quotes may say around quoted sentences, each a text of whole sentences.

    `openings` come before sentences of its sources, `closings` after, and `limits` in their place;
    `greetings` come before a text that it was given to work on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    openings: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()

    def around(self, of: str, *, limits: bool) -> "Phrases":
        """Those around quotations of sources, with or without limits, or of a given text."""
        if of == "text":
            return Phrases(openings=self.greetings)
        return self if limits else self.model_copy(update={"limits": ()})


class Manifest(BaseModel):
    """What a checkpoint says about itself. `parameters` are sampling defaults by option name.

    With `phrases`, its answers from sources are made of these and of quoted sentences alone.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: _Part
    version: _Part
    files: dict[str, _Sha256]
    context: int = Field(gt=0)
    trained_on_tags: bool = False
    description: str = ""
    parameters: dict[str, float] = Field(default_factory=dict)
    phrases: Phrases | None = None


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, or None where there is none. Raises ModelCorrupt."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelCorrupt(
            f"{folder.name}: {MANIFEST} cannot be read. Install it again."
        ) from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its form"
        raise ModelCorrupt(
            f"{folder.name}: {MANIFEST} is damaged ({where}). Install the model again."
        ) from error


def sketch(folder: Path, **known: Any) -> Manifest:
    """What a folder without a manifest is, by its name and config.json; no file is hashed.

    `known` fields stand before what is found. Raises ModelUnavailable.
    """
    named = _FOLDER.fullmatch(folder.name)
    found: dict[str, Any] = {
        "name": named[1] if named else None,
        "version": (named[2] if named else None) or "1",
        "files": {},
        "context": _context(folder),
    }
    try:
        return Manifest.model_validate(found | known)
    except ValidationError as error:
        raise ModelUnavailable(
            f"{folder.name} is no checkpoint folder named name@version. Rename it or remove it."
        ) from error


def adopt(folder: Path, **known: Any) -> Manifest:
    """Write the manifest of a folder that has none: from now on its files may not change.

    Raises ModelUnavailable.
    """
    refuse_pickles(folder)
    refuse_adapter(folder)
    files = {path.name: sha256(path) for path in read_by_loaders(folder)}
    manifest = sketch(folder, **known, files=files)
    draft = folder / f".{MANIFEST}.new"
    try:
        draft.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(folder / MANIFEST)
    except OSError as error:
        raise ModelUnavailable(
            f"{folder.name}: {MANIFEST} cannot be written. Make the folder writable once."
        ) from error
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Hash every file of the manifest, and see that no other one would be read.

    Raises ModelCorrupt, or ModelUnavailable for a pickle or an adapter.
    """
    refuse_pickles(folder)
    unlisted = [path.name for path in read_by_loaders(folder) if path.name not in manifest.files]
    if unlisted:
        raise ModelCorrupt(
            f"{manifest.name}: {unlisted[0]} is not in {MANIFEST}. Remove it or install again."
        )
    refuse_adapter(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelCorrupt(f"{manifest.name}: the file {name} is missing. Install it again.")
        if sha256(path) != expected:
            raise ModelCorrupt(
                f"{manifest.name}: the file {name} does not have its checksum. Install it again."
            )


def fingerprint(folder: Path | None) -> str:
    """One hash for what makes a checkpoint's answers; "" where there is no manifest.

    That is all of the manifest but what a model is called: the files' checksums, sampling, phrases,
    context, tags. Says what a figure was measured on; whether the files are still those is
    `verify`'s question. Raises ModelCorrupt.
    """
    manifest = None if folder is None else read_manifest(folder)
    if manifest is None:
        return ""
    # Without defaults: a field that a later version adds changes no hash.
    told = manifest.model_dump(mode="json", exclude=_CALLED, exclude_defaults=True)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def refuse_pickles(folder: Path) -> None:
    """A pickle can run programs when it is opened, so a folder holding one is not opened at all."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICKLES:
            raise ModelUnavailable(
                f"{folder.name}: {path.name} is a pickle, which can run programs. "
                "Convert the weights to safetensors and remove it."
            )


def refuse_adapter(folder: Path) -> None:
    """Libraries would add an adapter to the model unasked, by settings that may name other files.

    Raises ModelUnavailable.
    """
    if (folder / ADAPTER).exists():
        raise ModelUnavailable(
            f"{folder.name}: {ADAPTER} belongs to an adapter, which would be added to the model "
            "unseen. Merge the two, or put it elsewhere."
        )


def sha256(path: Path) -> str:
    """The file's checksum, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_by_loaders(folder: Path) -> list[Path]:
    """The files of a folder that a library might read, but for the manifest."""
    files = (path for path in folder.iterdir() if path.suffix in _READ and path.name[0] != ".")
    return sorted(path for path in files if path.name not in (MANIFEST, EVALUATION))


def read_config(folder: Path) -> dict[str, Any]:
    """The settings of a checkpoint's architecture. Raises ModelUnavailable."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{folder.name}: config.json is missing or unreadable. Copy the whole checkpoint."
        ) from error
    return config if isinstance(config, dict) else {}


def _context(folder: Path) -> int:
    config = read_config(folder)
    names = ("max_position_embeddings", "n_positions", "max_seq_len")
    return next(
        (config[name] for name in names if isinstance(config.get(name), int)), _DEFAULT_CONTEXT
    )
