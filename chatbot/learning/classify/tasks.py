"""The three tasks of a head: what it begins with, what it is punished for, how it is scored.

Scores are those of the tests that the quality page names: polarity for sentiment, accuracy with and
without what fits none for intents, F1 of whole entities for names.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from chatbot.backends.encoder import Encoder
from chatbot.backends.heads import Rows, Task
from chatbot.backends.tagging import SHAPES, Word, decode, tags_of, words_of
from chatbot.learning.classify.rows import Example

Tensors = dict[str, torch.Tensor]

POLAR = 0.075
"""Scores nearer to zero have no polarity: 0.3 on the scale from -4 to 4 of graded snippets."""
SMOOTH = 0.1
"""Label smoothing: Szegedy et al. 2016, section 7."""
FITS_NONE = 0.5
"""Weight of texts that fit no label: they are taught to be alike to all: Hendrycks et al. 2019,
"Deep anomaly detection with outlier exposure", section 3."""
MIXED = 192
"""Numbers in which a word and its neighbours are mixed."""
FROM_EACH = 20
"""Texts of a label whose mean it begins with."""
KEPT = 0.97
"""Part of the right answers that an intent's threshold keeps."""


class Work(Protocol):
    """One task on one data set."""

    labels: tuple[str, ...]

    def begin(self, encoder: Encoder, examples: Sequence[Example], /) -> Tensors:
        """The head's own tensors before the first step."""

    def loss(self, outputs: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """What the outputs of a batch are punished with."""

    def score(
        self, outputs: Sequence[Rows], examples: Sequence[Example]
    ) -> tuple[dict[str, float], float]:
        """Figures on held-out rows, the one that matters first; and the threshold."""


def work_of(task: Task, examples: Sequence[Example]) -> Work:
    """The task's work, with the labels that occur in the examples."""
    if task == "sentiment":
        return Sentiment()
    return Intents(examples) if task == "intent" else Names(examples)


class Sentiment:
    """A graded score, by its distance and by its sign."""

    labels: tuple[str, ...] = ()

    def begin(self, encoder: Encoder, _examples: Sequence[Example]) -> Tensors:
        """A layer of zeros: every text is neutral."""
        return {"head.weight": torch.zeros(1, 2 * encoder.width), "head.bias": torch.zeros(1)}

    def loss(self, outputs: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """Huber's loss of the score and cross entropy of its sign, both on the scale to 4."""
        wanted = torch.tensor([4 * example.score for example in examples], device=outputs.device)
        said = 4 * outputs[:, 0]
        sign = functional.binary_cross_entropy_with_logits(2 * said, torch.sigmoid(2.5 * wanted))
        return functional.smooth_l1_loss(said, wanted) + 0.5 * sign

    def score(
        self, outputs: Sequence[Rows], examples: Sequence[Example]
    ) -> tuple[dict[str, float], float]:
        """Accuracy of the polarity, and the correlation of the scores."""
        said = np.asarray([row[0] for row in outputs])
        wanted = np.asarray([example.score for example in examples])
        polar = np.abs(wanted) > POLAR
        right = (said > 0) == (wanted > 0)
        both = len(said) > 1 and said.std() > 0 and wanted.std() > 0
        return {
            "polarity": float(right[polar].mean()) if polar.any() else 0.0,
            "correlation": float(np.corrcoef(said, wanted)[0, 1]) if both else 0.0,
        }, 0.0


class Intents:
    """One of many labels, or none."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.labels = tuple(sorted({example.intent for example in examples} - {""}))
        self._numbers = {label: number for number, label in enumerate(self.labels)}

    def begin(self, encoder: Encoder, examples: Sequence[Example]) -> Tensors:
        """Each label is the mean of some of its texts."""
        some: list[tuple[str, str]] = []
        seen: Counter[str] = Counter()
        for example in examples:
            if example.intent and seen[example.intent] < FROM_EACH:
                seen[example.intent] += 1
                some.append((example.intent, example.text))
        vectors = encoder.encode([text for _, text in some])
        means = np.zeros((len(self.labels), encoder.width), np.float32)
        for (intent, _), vector in zip(some, vectors, strict=True):
            means[self._numbers[intent]] += vector
        return {
            "head.weight": functional.normalize(torch.from_numpy(means), dim=1),
            "head.bias": torch.zeros(len(self.labels)),
            "head.scale": torch.tensor([20.0]),
        }

    def loss(self, outputs: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """Cross entropy with smoothed labels; what fits none is to be alike to all."""
        numbers = [self._numbers.get(example.intent, -1) for example in examples]
        wanted = torch.tensor(numbers, device=outputs.device)
        fits = wanted >= 0
        loss = outputs.new_zeros(())
        if fits.any():
            named = functional.cross_entropy(outputs[fits], wanted[fits], label_smoothing=SMOOTH)
            loss = loss + named * fits.float().mean()
        if not fits.all():
            even = -functional.log_softmax(outputs[~fits], 1).mean(1)
            loss = loss + FITS_NONE * even.sum() / len(examples)
        return loss

    def score(
        self, outputs: Sequence[Rows], examples: Sequence[Example]
    ) -> tuple[dict[str, float], float]:
        """Accuracy of what fits a label; then of what is kept at the threshold, and of none.

        The threshold is on the greatest output. It keeps `KEPT` of the right answers.
        """
        rows = np.stack(outputs)
        wanted = np.asarray([self._numbers.get(example.intent, -1) for example in examples])
        fits, most, right = wanted >= 0, rows.max(1), rows.argmax(1) == wanted
        if not (right & fits).any():
            return {"accuracy": 0.0}, 0.0
        threshold = float(np.quantile(most[right & fits], 1 - KEPT))
        found = {"accuracy": float(right[fits].mean())}
        if not fits.all():
            kept = most >= threshold
            found["kept and right"] = float((kept & right)[fits].mean())
            found["none found"] = float((~kept)[~fits].mean())
            found |= _curve(most, right, fits)
        return found, threshold


def _curve(most: Rows, right: Any, fits: Any) -> dict[str, float]:
    """The best of each where the other reaches what the quality page asks for (0.955, 0.80)."""
    best = {"none found at 0.955 kept": 0.0, "kept at 0.80 none found": 0.0}
    for threshold in np.unique(most):
        kept = most >= threshold
        held = float((kept & right)[fits].mean())
        none = float((~kept)[~fits].mean())
        if held >= 0.955:
            best["none found at 0.955 kept"] = max(best["none found at 0.955 kept"], none)
        if none >= 0.80:
            best["kept at 0.80 none found"] = max(best["kept at 0.80 none found"], held)
    return best


class Names:
    """Names in a text, of several kinds; where a kind is not known, any or none is right."""

    def __init__(self, examples: Sequence[Example]) -> None:
        seen = {label for example in examples for span in example.spans for label in span.labels}
        self.labels = tuple(sorted(seen))
        self.tags = tags_of(self.labels)

    def begin(self, encoder: Encoder, _examples: Sequence[Example]) -> Tensors:
        """Small random layers."""
        wide = 3 * (encoder.width + SHAPES)
        made = torch.Generator().manual_seed(0)
        return {
            "shape.weight": torch.zeros(SHAPES, encoder.width),
            "mix.weight": torch.randn(MIXED, wide, generator=made) / wide**0.5,
            "mix.bias": torch.zeros(MIXED),
            "head.weight": torch.randn(len(self.tags), MIXED, generator=made) / MIXED**0.5,
            "head.bias": torch.zeros(len(self.tags)),
        }

    def loss(self, outputs: torch.Tensor, examples: Sequence[Example]) -> torch.Tensor:
        """Cross entropy of each word, where several tags may be right: their sum is."""
        may = torch.zeros(outputs.shape, dtype=torch.bool)
        for row, example in zip(may, examples, strict=True):
            right = self._may(example, words_of(example.text))[: len(row)]
            row[: len(right)] = torch.from_numpy(right)
        may = may.to(outputs.device)
        counted = may.any(-1) & ~may.all(-1)
        whole = torch.logsumexp(outputs, -1)
        right_ones = torch.logsumexp(outputs.masked_fill(~may, -1e9), -1)
        return (whole - right_ones)[counted].sum() / counted.sum().clamp(min=1)

    def _may(self, example: Example, words: Sequence[Word]) -> Any:
        """Which tags are right for each word."""
        may = np.zeros((len(words), len(self.tags)), bool)
        may[:, 0] = True
        for span in example.spans:
            inside = [at for at, word in enumerate(words) if span.start < word.end <= span.end]
            for at in inside:
                part = "B" if at == inside[0] else "I"
                may[at] = not span.labels
                for label in span.labels:
                    may[at, self.tags.index(f"{part}-{label}")] = True
        return may

    def score(
        self, outputs: Sequence[Rows], examples: Sequence[Example]
    ) -> tuple[dict[str, float], float]:
        """Precision, recall and F1 of whole entities of the right kind; unknown ones left out."""
        right = said = true = 0
        for rows, example in zip(outputs, examples, strict=True):
            words = words_of(example.text)[: len(rows)]
            found = {
                (words[first].start, words[behind - 1].end, label)
                for first, behind, label, _ in decode(rows, self.tags)
            }
            gold = {(span.start, span.end, span.labels) for span in example.spans if span.labels}
            right += sum((start, end, (label,)) in gold for start, end, label in found)
            said, true = said + len(found), true + len(gold)
        precision, recall = right / max(1, said), right / max(1, true)
        both = precision + recall
        return {
            "F1": 2 * precision * recall / both if both else 0.0,
            "precision": precision,
            "recall": recall,
        }, 0.0


def tensors_of(kept: Mapping[str, torch.Tensor], device: Any) -> Tensors:
    """Trainable copies of a head's tensors."""
    return {name: tensor.clone().to(device).requires_grad_() for name, tensor in kept.items()}
