"""What Gradio and Python would do over and over on the way of every update, done once instead.

Found by a profile of bench/load.py with fifty answers at once; docs/decisions/0023 has what it came
to. Knows Gradio's insides, no page and no product.
"""

import asyncio
import functools
import gc
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import gradio as gr

TURN_S = 0.0005
"""Seconds that a thread may keep the interpreter while another waits for it."""
LOOK_S = 3.0
"""Seconds between two looks whether it is a good moment to collect garbage."""
OFTEN_S = 30.0
"""Seconds after which all memory is looked through when nobody waits for words,"""
LONGEST_S = 120.0
"""and after which it is in any case."""
NEVER = 1_000_000
"""Collections of the middle generation before Python looks through everything by itself."""
MANY_MODULES = 100
"""So many new modules are worth leaving out of further looks: a model's library, an encoder's."""


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


async def keep_collecting(is_busy: Callable[[], bool], every: float = LOOK_S) -> None:
    """Look through all memory for garbage while nothing `is_busy`, until cancelled.

    Python would do it in the middle of answers, and the more of them run, the more often: each
    time nothing moves for a quarter of a second. The young objects are looked through as ever.
    What was loaded stays to the server's end: it is left out from then on.
    """
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], NEVER)
    gc.freeze()  # without a look: what is garbage of it already is little, and stays
    frozen = seen = len(sys.modules)
    waited = 0.0
    try:
        while True:
            await asyncio.sleep(every)
            waited += every
            loading, seen = len(sys.modules) > seen, len(sys.modules)
            if seen - frozen >= MANY_MODULES and not loading and not is_busy():
                frozen = seen
                gc.freeze()
            if waited >= LONGEST_S or (waited >= OFTEN_S and not is_busy()):
                waited = 0.0
                gc.collect()
    finally:
        gc.set_threshold(*before)


def take_turns() -> None:
    """Let the event loop have its turn soon, however many threads are busy with the database.

    A thread that computes keeps the interpreter for as long as this, and the loop, which gives it
    away at every wait, has to ask for it again each time: at Python's five milliseconds a question
    spends most of its way waiting.
    """
    sys.setswitchinterval(TURN_S)
