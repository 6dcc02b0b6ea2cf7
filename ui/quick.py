"""What Gradio and Python would do over and over on the way of every update, done once instead.

Found by a profile of bench/load.py with fifty answers at once; docs/decisions/0023 has what it came
to. Knows Gradio's insides, no page and no product.
"""

import functools
import gc
import importlib.util
import sys
from typing import Any

import gradio as gr


def forget_matplotlib() -> None:
    """Let `import matplotlib` fail at once where it is not installed.

    Gradio tries it before and after every update, and Python looks through its whole path each time
    for a module that is not there.
    """
    if "matplotlib" not in sys.modules and importlib.util.find_spec("matplotlib") is None:
        sys.modules["matplotlib"] = None  # type: ignore[assignment]  # Python's own way to say no


def keep_configs(blocks: gr.Blocks) -> None:
    """Let every finished component say the same configuration again without working it out.

    Gradio asks all components of all pages whenever a tab opens.
    """
    for block in blocks.blocks.values():
        block.get_config = functools.partial(_copied, block.get_config())


def _copied(config: dict[str, Any]) -> dict[str, Any]:
    return dict(config)  # Gradio drops empty properties from what it gets


def freeze() -> None:
    """Leave everything that is in memory now out of later garbage collections.

    What a server has loaded stays to its end; to look through it stops every answer meanwhile.
    """
    gc.collect()
    gc.freeze()
