"""The child process that converts a checkpoint.

    python -m chatbot.backends.builder SOURCE TARGET PRECISION

Runs onnxruntime-genai's builder on local files, never on program code of a checkpoint and never
over the network. It prints the builder's own lines, from which the parent reads how far it is, and
ends when the parent ends, however that ends. Caches and checksums are the parent's affair
(`converting.py`).
"""

import os
import sys
import threading

OPTIONS = ["prune_lm_head=true", "windowed_kv_cache=false", "hf_token=false"]
"""Logits of the last token alone; caches of one form."""

QUANTISED = ["accuracy_level=4", "block_size=128"]
"""Products of 8-bit whole numbers, a scale for 128 weights: the fastest, and no worse in bench/."""


MODEST = 10
"""Niceness of a conversion."""


def main(source: str, target: str, precision: str) -> None:
    """The child's work. Whatever fails ends the process with a traceback."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(max(0, MODEST - os.nice(0)))  # answers come first
    convert(source, target, precision)


def convert(source: str, target: str, precision: str) -> None:
    """Write the form of the checkpoint folder `source` into the folder `target`."""
    from onnxruntime_genai.models.builder import create_model, parse_extra_options

    options = OPTIONS + ([] if precision == "fp32" else QUANTISED)
    prepared = parse_extra_options("", source, target, precision, "cpu", target, options)
    create_model("", source, target, precision, "cpu", target, **prepared)


def _end_with_the_parent() -> None:
    """The parent holds the other end of our input and writes nothing: it closes when it dies."""
    os.read(sys.stdin.fileno(), 1)  # not its buffer, whose lock would outlive the interpreter
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
