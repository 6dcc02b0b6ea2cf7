"""A converted model as a function: tokens and rows of caches in, logits out, by onnxruntime.

Reads and writes the caches where they stand (`rows.py`): a step copies none of them. Needs the form
that onnxruntime-genai's builder writes for a CPU: float32 caches, GroupQueryAttention, logits of
the last token alone. Knows nothing of requests or sampling.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from chatbot.backends.runtimes.rows import Rows

MODEL, CONFIG = "model.onnx", "genai_config.json"

_QUIET = 3  # errors alone reach the log
_KNOWN = {"input_ids", "attention_mask", "position_ids"}


class UnsuitableGraph(Exception):
    """The file is a model, but not of the form that is needed."""


class Graph:
    """One session of so many threads. Raises UnsuitableGraph; onnxruntime's own on other faults."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.threads = threads
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL), _options(threads), providers=["CPUExecutionProvider"]
        )
        inputs = {one.name: one for one in self._session.get_inputs()}
        self._parts = [name for name in inputs if name.startswith("past_key_values.")]
        self._takes_positions = "position_ids" in inputs
        outputs = [one.name for one in self._session.get_outputs()]
        self._present = [name.replace("past_key_values.", "present.") for name in self._parts]
        strange = inputs.keys() - _KNOWN - set(self._parts)
        if strange or not self._parts or set(outputs) != {"logits", *self._present}:
            raise UnsuitableGraph("its inputs are not tokens, a mask and keys and values")
        if {inputs[name].type for name in self._parts} != {"tensor(float)"}:
            raise UnsuitableGraph("its keys and values are not float32")
        size = _size_of_a_head(folder)
        self.shapes = [(_heads(inputs[name].shape), size) for name in self._parts]
        self.vocabulary = int(self._session.get_outputs()[0].shape[-1])
        self._bound: tuple[Any, ...] = ()
        self._binding = self._session.io_binding()

    def step(self, rows: Rows, tokens: list[int]) -> np.ndarray:
        """Compute one more token of every row; logits of shape (rows, vocabulary).

        The returned memory is used again by the next step.
        """
        count = len(rows)
        rows.open_columns()
        self._bind(rows, count, 1, rows.columns)
        self._ids[:, 0] = tokens
        self._positions[:, 0] = rows.lengths
        self._session.run_with_iobinding(self._binding)
        rows.close_columns()
        return self._logits[:, 0]

    def fill(self, row: Rows, tokens: list[int]) -> np.ndarray:
        """Compute several more tokens of a single row; logits (1, vocabulary) after the last."""
        (length,) = row.lengths
        row.open_columns(len(tokens))
        self._bind(row, 1, len(tokens), length + len(tokens))
        self._ids[0] = tokens
        self._positions[0] = np.arange(length, length + len(tokens))
        self._session.run_with_iobinding(self._binding)
        row.close_columns(len(tokens))
        return self._logits[:, 0]

    def _bind(self, rows: Rows, count: int, length: int, width: int) -> None:
        """Tell onnxruntime where everything stands, unless that is where it stood before."""
        key = (rows.mask, count, length, width)  # a new mask comes with new blocks
        if self._bound and key[1:] == self._bound[1:] and key[0] is self._bound[0]:
            return
        self._ids = np.zeros((count, length), np.int64)
        self._positions = np.zeros((count, length), np.int64)
        self._logits = np.zeros((count, 1, self.vocabulary), np.float32)
        self._mask = rows.mask[:count, :width]
        binding = self._binding = self._session.io_binding()
        _put(binding.bind_input, "input_ids", self._ids)
        _put(binding.bind_input, "attention_mask", self._mask)
        if self._takes_positions:
            _put(binding.bind_input, "position_ids", self._positions)
        for past, present, part in zip(self._parts, self._present, rows.parts, strict=True):
            _put(binding.bind_input, past, part[:count])
            _put(binding.bind_output, present, part[:count])
        _put(binding.bind_output, "logits", self._logits)
        self._bound = key


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = _QUIET
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _heads(shape: list[int | str]) -> int:
    if not isinstance(shape[1], int):
        raise UnsuitableGraph("its number of heads is not fixed")
    return shape[1]


def _size_of_a_head(folder: Path) -> int:
    """The graph leaves it open, for caches packed in other ways; ours are not."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return int(config["model"]["decoder"]["head_size"])


def _put(bind: Callable[..., Any], name: str, array: np.ndarray) -> None:
    """Bind memory that stays ours; it must be one piece."""
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} does not lie in one piece")
    bind(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
