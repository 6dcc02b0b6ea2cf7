"""Whether the disk has room for what a run writes. Knows sizes; writes nothing."""

import shutil
from pathlib import Path

from chatbot.errors import Refused
from chatbot.learning.finetune.plan import Plan

SPARE = 64 * 2**20
"""Bytes that are left to others."""


def needed(plan: Plan) -> int:
    """Bytes that a run of this plan writes in its folder at most. Raises Refused."""
    stored = sum(path.stat().st_size for path in plan.base.glob("*.safetensors"))
    if not stored:
        raise Refused(f"{plan.base.name} holds no safetensors file. Choose another base model.")
    if plan.method == "lora":
        return stored * 2
    # fp32 of weights and of AdamW's two moments, twice for the moment of change; the best; out.
    # trl keeps two and writes a third.
    kept = 3 * 2 + 1 if plan.method == "full" else 3 * 3
    return stored * 2 * kept + stored


def refuse_without(folder: Path, wanted: int, what: str) -> None:
    """Raises Refused where the disk of `folder` has less than `wanted` bytes to give."""
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE:
        raise Refused(
            f"The disk is too full for {what}: it needs {_megabytes(wanted)}, and "
            f"{_megabytes(free)} are free. Make room and go on; nothing is lost."
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
