"""Heads on the sentence encoder: what a text says beyond its meaning (its mood, wish or names).

A head is a folder with `head.json` (what it is) and `head.safetensors` (a few hundred kilobytes):
adapters for the encoder's last layers, and one small layer that reads them. The layers below are
the encoder's own and are computed once for all heads of a text:

    tokens ─▶ embeddings and lower layers ─▶ upper layers + adapters of a head ─▶ its outputs
              (once a text)                  (for each head)

Knows tensors, tokens and words; nothing of moods or tickets. `chatbot.learning.classify` trains
heads. Adapters are low-rank sums on every matrix of a layer: Hu et al. 2021, "LoRA", section 4.1.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatbot.backends.encoder import Encoder
from chatbot.backends.tagging import SHAPES, Word, places, shapes_of, words_of
from chatbot.errors import ModelCorrupt, ModelUnavailable

if TYPE_CHECKING:
    import torch

Task = Literal["sentiment", "intent", "entities"]
Rows = NDArray[np.float32]

FORMAT = 1
ABOUT, WEIGHTS = "head.json", "head.safetensors"
LONGEST = 256
"""Tokens of a text that a head reads; longer texts are read in their first so many."""
AT_ONCE = 16
"""Texts computed at once."""


@dataclass(frozen=True, slots=True)
class About:
    """What a head is. `lower`: layers below its adapters; `labels`: what its outputs stand for.

    `threshold`: an intent below it fits none; `encoder` is the hash of the weights it stands on.
    """

    task: Task
    encoder: str
    lower: int
    rank: int
    labels: tuple[str, ...]
    threshold: float = 0.0
    scores: Mapping[str, float] | None = None
    format: int = FORMAT


def write_head(folder: Path, about: About, tensors: "Mapping[str, torch.Tensor]") -> None:
    """Write a head; half a head is never left: the description comes last."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).unlink(missing_ok=True)
    halves = {name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}
    save_file(halves, folder / WEIGHTS)
    kept = {name: value for name, value in asdict(about).items() if value is not None}
    (folder / ABOUT).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_about(folder: Path) -> About:
    """What a head's folder says that it is. Raises ModelUnavailable, ModelCorrupt."""
    try:
        found = json.loads((folder / ABOUT).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelUnavailable(
            f"{folder} holds no head ({ABOUT} is missing). Train one: chatbot train classifier."
        ) from error
    except (OSError, ValueError) as error:
        raise ModelCorrupt(f"{folder / ABOUT} cannot be read. Copy the head again.") from error
    known = {field.name for field in fields(About)}
    try:
        about = About(**{name: value for name, value in found.items() if name in known})
    except (TypeError, AttributeError) as error:
        raise ModelCorrupt(f"{folder / ABOUT} is incomplete. Copy the head again.") from error
    if about.format != FORMAT:
        raise ModelUnavailable(f"{folder} holds a head of another version. Train it again.")
    return about


class Trunk:
    """The encoder's tokenizer and layers, opened once and shared by all heads on it."""

    def __init__(self, encoder: Encoder) -> None:
        """Raises ModelUnavailable for an encoder that is not built as BERT is, or unreadable."""
        self.tokenizer, self.model = encoder.parts()
        if not hasattr(getattr(self.model, "encoder", None), "layer"):
            raise ModelUnavailable(
                f"{encoder.name} is not built as BERT is, so heads cannot stand on it. "
                "Set CHATBOT_ENCODER=minilm."
            )
        self.layers = len(self.model.encoder.layer)
        self.width = encoder.width
        self.longest = min(LONGEST, encoder.longest)
        self.weights = encoder.weights()

    def tokens(self, texts: Sequence[str], longest: int | None = None) -> Any:
        """Token ids of texts, unpadded, with the characters that each token stands for."""
        return self.tokenizer(
            list(texts),
            truncation=True,
            max_length=min(longest or self.longest, self.longest),
            return_offsets_mapping=True,
        )

    def lower(
        self, ids: Sequence[Sequence[int]], layers: int
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """States of a padded batch after so many layers, and which of them are tokens (1 or 0)."""
        import torch

        widest = max(len(row) for row in ids)
        pad = self.tokenizer.pad_token_id or 0
        padded = torch.tensor([[*row, *[pad] * (widest - len(row))] for row in ids])
        real = torch.tensor([[1.0] * len(row) + [0.0] * (widest - len(row)) for row in ids])
        device = self.model.device
        states = self.model.embeddings(input_ids=padded.to(device))
        real = real.to(device)
        return through(self.model.encoder.layer[:layers], states, real), real


def through(layers: Any, states: "torch.Tensor", real: "torch.Tensor") -> "torch.Tensor":
    """Send states through layers of the encoder; padding is looked at by nobody."""
    hidden = (1.0 - real)[:, None, None, :] * -1e9
    for layer in layers:
        given = layer(states, hidden)
        states = given[0] if isinstance(given, tuple) else given
    return states


def pooled(states: "torch.Tensor", real: "torch.Tensor") -> "torch.Tensor":
    """Mean and greatest of each number over a text's tokens, side by side."""
    import torch

    mean = (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
    most = states.masked_fill(real[..., None] == 0, -1e4).amax(1)
    return torch.cat([mean, most], 1)


def graded(tensors: "Mapping[str, torch.Tensor]", feature: "torch.Tensor") -> "torch.Tensor":
    """One number a text: how good its mood is."""
    import torch

    return torch.nn.functional.linear(feature, tensors["head.weight"], tensors["head.bias"])


def likened(tensors: "Mapping[str, torch.Tensor]", feature: "torch.Tensor") -> "torch.Tensor":
    """A number for each label: the cosine of text and label, scaled; the mean half alone is read.

    Cosines, so that a text that is like no label is high in none.
    """
    import torch

    same = torch.nn.functional.normalize
    mean = feature[:, : feature.shape[1] // 2]
    cosine = torch.nn.functional.linear(same(mean, dim=1), same(tensors["head.weight"], dim=1))
    return tensors["head.scale"] * cosine + tensors["head.bias"]


def tagged(
    tensors: "Mapping[str, torch.Tensor]", words: "torch.Tensor", shapes: "torch.Tensor"
) -> "torch.Tensor":
    """Numbers for each tag of each word, from its state and shape and its neighbours'."""
    import torch

    here = torch.cat([words, shapes], -1)
    nothing = torch.zeros_like(here[:, :1])
    around = [torch.cat([nothing, here[:, :-1]], 1), here, torch.cat([here[:, 1:], nothing], 1)]
    mixed = torch.nn.functional.linear(
        torch.cat(around, -1), tensors["mix.weight"], tensors["mix.bias"]
    )
    gone = torch.nn.functional.gelu(mixed)
    return torch.nn.functional.linear(gone, tensors["head.weight"], tensors["head.bias"])


def shaped(
    tensors: "Mapping[str, torch.Tensor]",
    states: "torch.Tensor",
    where: "torch.Tensor",
    shapes: "torch.Tensor",
) -> "torch.Tensor":
    """States that know how their word is written: a learned sum of its shape is added to each."""
    belongs = (where > 0).to(states.dtype).transpose(1, 2)
    return states + (belongs @ shapes) @ tensors["shape.weight"]


def outputs(
    task: Task,
    tensors: "Mapping[str, torch.Tensor]",
    layers: Any,
    states: "torch.Tensor",
    real: "torch.Tensor",
    where: "torch.Tensor",
    shapes: "torch.Tensor",
) -> "torch.Tensor":
    """What a head says of a batch, from the lower layers' states; in training as in use."""
    if task == "entities":
        states = through(layers, shaped(tensors, states, where, shapes), real)
        return tagged(tensors, where @ states.float(), shapes)
    feature = pooled(through(layers, states, real).float(), real)
    return graded(tensors, feature) if task == "sentiment" else likened(tensors, feature)


def stacked(arrays: Sequence[Rows], shape: tuple[int, ...]) -> "torch.Tensor":
    """Arrays of several sizes as one, padded with zeros."""
    import torch

    out = torch.zeros(len(arrays), *shape)
    for row, array in zip(out, arrays, strict=True):
        row[tuple(slice(0, size) for size in array.shape)] = torch.from_numpy(array)
    return out


def adapted(layers: Any, tensors: "Mapping[str, torch.Tensor]", lower: int) -> Any:
    """Copies of the encoder's layers from `lower` on, with a head's adapters added to them."""
    import torch

    copies = copy.deepcopy(layers[lower:])
    with torch.no_grad():
        for name, matrix in copies.named_parameters():
            stem = name.removesuffix(".weight")
            if (down := tensors.get(f"{stem}.down")) is not None:
                matrix += tensors[f"{stem}.up"].to(matrix) @ down.to(matrix)
    return copies.eval()


def read_head(folder: Path, trunk: Trunk) -> "tuple[About, dict[str, torch.Tensor]]":
    """What a head is and all its numbers, in fp32 on the trunk's device.

    Raises ModelUnavailable for a head of another encoder, ModelCorrupt for broken files.
    """
    from safetensors.torch import load_file

    about = read_about(folder)
    if about.encoder != trunk.weights:
        raise ModelUnavailable(
            f"{folder.name} was trained on another encoder than the one in use. Train it again."
        )
    try:
        found = load_file(folder / WEIGHTS)
    except Exception as error:  # safetensors raises its own, and OSError
        raise ModelCorrupt(f"{folder / WEIGHTS} cannot be read. Copy the head again.") from error
    device = trunk.model.device
    return about, {name: tensor.float().to(device) for name, tensor in found.items()}


class Head:
    """One head, opened: the adapted layers and its tensors."""

    def __init__(self, folder: Path, trunk: Trunk) -> None:
        """Raises ModelUnavailable for a head of another encoder, ModelCorrupt for broken files."""
        self.about, tensors = read_head(folder, trunk)
        self._layers = adapted(trunk.model.encoder.layer, tensors, self.about.lower)
        self._tensors = {name: tensor for name, tensor in tensors.items() if _is_own(name)}

    def outputs(
        self,
        states: "torch.Tensor",
        real: "torch.Tensor",
        where: "torch.Tensor",
        shapes: "torch.Tensor",
    ) -> Rows:
        """Of a batch: one row a text, or for `entities` one row a word."""
        found = outputs(self.about.task, self._tensors, self._layers, states, real, where, shapes)
        rows: Rows = found.float().cpu().numpy()
        return rows


def _is_own(name: str) -> bool:
    return name.split(".")[0] in {"head", "mix", "shape"}


class Heads:
    """Several heads on one encoder. May be shared by threads."""

    def __init__(self, encoder: Encoder) -> None:
        """Raises ModelUnavailable, ModelCorrupt for an encoder on which no head can stand."""
        self._trunk = Trunk(encoder)
        self._heads: dict[str, Head] = {}

    def add(self, name: str, folder: Path) -> None:
        """Open a head. Raises ModelUnavailable, ModelCorrupt."""
        self._heads[name] = Head(folder, self._trunk)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the heads there are."""
        return tuple(self._heads)

    def about(self, name: str) -> About:
        """What the head of this name is."""
        return self._heads[name].about

    def read(
        self,
        texts: Sequence[str],
        names: Sequence[str],
        words: Sequence[Sequence[Word]] | None = None,
    ) -> dict[str, list[Rows]]:
        """What the named heads say of each text: a row, or for `entities` a row for each word.

        Words behind the first `LONGEST` tokens are left out. The layers below all of these heads
        are computed once.
        """
        heads = [self._heads[name] for name in names]
        found: dict[str, list[Rows]] = {name: [] for name in names}
        given = words if words is not None else [words_of(text) for text in texts]
        for start in range(0, len(texts), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            rows = _batch(self._trunk, heads, texts[part], given[part])
            for name, more in zip(names, rows, strict=True):
                found[name] += more
        return found


def _batch(
    trunk: Trunk, heads: Sequence[Head], texts: Sequence[str], words: Sequence[Sequence[Word]]
) -> list[list[Rows]]:
    """For each head the rows of each text."""
    import torch

    tokens = trunk.tokens(texts)
    ids = tokens["input_ids"]
    maps = [places(row, spans) for row, spans in zip(words, tokens["offset_mapping"], strict=True)]
    widest = max(1, *(len(row) for row in words))
    device = trunk.model.device
    where = stacked(maps, (widest, max(len(row) for row in ids))).to(device)
    shapes = stacked([shapes_of(row) for row in words], (widest, SHAPES)).to(device)
    lowest = min(head.about.lower for head in heads)
    out: list[list[Rows]] = []
    with torch.inference_mode():
        states, real = trunk.lower(ids, lowest)
        for head in heads:
            more = trunk.model.encoder.layer[lowest : head.about.lower]
            rows = head.outputs(through(more, states, real), real, where, shapes)
            if head.about.task == "entities":
                read = [int((row.sum(1) > 0).sum()) for row in maps]
                out.append([row[:count] for row, count in zip(rows, read, strict=True)])
            else:
                out.append(list(rows))
    return out
