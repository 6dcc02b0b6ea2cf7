"""Opens a model in a process of the cluster, by the registry as everywhere."""

from pathlib import Path
from typing import Literal

from chatbot.backends.base import ChatModel
from chatbot.backends.fast import Fast
from chatbot.backends.registry import Registry

Runtime = Literal["auto", "transformers", "int8", "int4", "fp32"]


def opened(model: str, models: str, runtime: Runtime, conversions: str) -> ChatModel:
    """The open model. `models`: the folder of added ones; `runtime` as CHATBOT_RUNTIME says it.

    Raises UnknownModel, ModelUnavailable, ModelCorrupt.
    """
    fast = None
    if runtime == "auto":
        fast = Fast(Path(conversions))
    elif runtime in ("int8", "int4", "fp32"):
        fast = Fast(Path(conversions), runtime, wait=True)
    scripted = model.partition("@")[0] == "scripted"
    return Registry(Path(models), default=model, scripted=scripted, fast=fast).open(model)
