"""From a verified checkpoint folder to a ready runtime and tokenizer.

On a CPU the fast runtime where it knows the architecture (`fast.py`), transformers otherwise. Local
files and safetensors only; program code in a checkpoint is never run. Whatever a foreign
folder does wrong comes out as one typed error with a sentence.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer

from chatbot.backends.chat_tokens import ChatTokens, named_ends
from chatbot.backends.checkpoint import Manifest
from chatbot.backends.converting import NoFastRuntime, Say, quiet
from chatbot.backends.fast import Fast
from chatbot.backends.memory import too_large
from chatbot.backends.opening import OPENING
from chatbot.backends.runtimes.base import Request, Runtime, Sampling
from chatbot.errors import BackendError, ModelCorrupt, ModelUnavailable

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

THREADS = torch.get_num_threads()
"""Asked before anything sets it: the setting is one for the whole process."""

ALL_THAT_WAS_SAID = (
    "{% for message in messages %}{{ message['content'] }}"
    "{% if not loop.last %}{{ '\n' }}{% endif %}{% endfor %}{{ eos_token }}"
)
"""The chat template of encoder–decoder models that have none: they read one text."""

_Faster = Callable[[Say, Event], Runtime]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint ready to be driven. `defaults`: sampling that its authors advise.

    `faster` makes and opens the fast runtime, where that takes too long to wait for; it raises
    converting.Stopped or NoFastRuntime. `why`: why there is no fast one.
    """

    runtime: Runtime
    tokens: ChatTokens
    context: int
    defaults: dict[str, float]
    faster: _Faster | None = None
    why: str = ""


def load(
    folder: Path,
    manifest: Manifest,
    *,
    keep_bytes: int,
    fast: Fast | None = None,
    say: Say = quiet,
) -> Loaded:
    """Open a checkpoint folder whose files were verified; `say` is told how a conversion goes.

    Raises ModelUnavailable, ModelCorrupt.
    """
    with _in_words(folder):
        with OPENING:
            config = _config(folder)
            tokens = _tokens(folder, config)
        text_config = config.get_text_config(decoder=True)
        context = int(getattr(text_config, "max_position_embeddings", None) or 2**31)
        runtime, faster, why = None, None, ""
        if fast is not None and not torch.cuda.is_available():
            way = _FastWay(fast, folder, manifest, config, tokens, context, keep_bytes)
            runtime, faster, why = way.look(say)
        if runtime is None:
            runtime = _by_transformers(folder, config, keep_bytes)
            _warm_up(runtime, tokens)
        return Loaded(runtime, tokens, context, _advised(folder), faster, why)


@dataclass(frozen=True, slots=True)
class _FastWay:
    """The fast runtime of one checkpoint that is being loaded."""

    fast: Fast
    folder: Path
    manifest: Manifest
    config: Any
    tokens: ChatTokens
    context: int
    keep_bytes: int

    def look(self, say: Say) -> tuple[Runtime | None, _Faster | None, str]:
        """The runtime, or what makes it later, or why there is none."""
        why = self.fast.why_not(self.folder)
        if why:
            return None, None, why
        try:
            runtime = self._now(say)
        except NoFastRuntime as error:
            return None, None, str(error)
        return runtime, None if runtime else self.later, ""

    def _now(self, say: Say) -> Runtime | None:
        """Where the converted form is there, or worth waiting for. Raises NoFastRuntime."""
        made = self.fast.find(self.folder, self.manifest)
        if made is None and self.fast.wait:
            _weights(self.folder, self.config)  # the builder would make missing ones up
            made = self.fast.make(self.folder, self.manifest, say, Event())
        return self._open(made) if made is not None else None

    def later(self, say: Say, stop: Event) -> Runtime:
        """Beside answers by transformers. Raises NoFastRuntime, Stopped."""
        return self._open(self.fast.make(self.folder, self.manifest, say, stop))

    def _open(self, made: Path) -> Runtime:
        runtime = self.fast.open(
            made, context=self.context, threads=THREADS, keep_bytes=self.keep_bytes
        )
        try:
            _warm_up(runtime, self.tokens)
        except Exception as error:  # whatever a graph may raise
            raise NoFastRuntime("onnxruntime cannot run its converted form") from error
        return runtime


def load_to_look_inside(folder: Path) -> tuple["PreTrainedModel", ChatTokens]:
    """The bare model, which tells its attention weights, and its tokens. Raises like `load`."""
    with _in_words(folder), OPENING:
        config = _config(folder)
        return _weights(folder, config, "eager"), _tokens(folder, config)


def load_to_train(
    folder: Path, dtype: torch.dtype, template: str
) -> tuple["PreTrainedModel", ChatTokens, str]:
    """The bare model in this precision, its tokens, and the chat template that they use.

    `template` stands in where a causal checkpoint has none. Raises like `load`.
    """
    with _in_words(folder), OPENING:
        from chatbot.backends.reference import weights

        config = _config(folder)
        tokens, used = _tokens_by(folder, config, template)
        return weights(folder, config, dtype=dtype), tokens, used


def stored_dtype(folder: Path) -> torch.dtype:
    """The precision that a checkpoint's settings name; fp32 where they name none."""
    return AutoConfig.from_pretrained(folder, **_SAFE).dtype or torch.float32


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Whatever fails inside comes out as an error with a sentence."""
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except BackendError:
        raise
    except SafetensorError as error:
        raise ModelCorrupt(f"{folder.name}: its weights are damaged. Install it again.") from error
    except MemoryError as error:
        raise too_large(folder.name) from error
    except Exception as error:  # a foreign checkpoint may fail in any way
        if "memory" in str(error).lower():
            raise too_large(folder.name) from error
        raise ModelUnavailable(
            f"{folder.name} cannot be opened ({type(error).__name__}). It may be damaged, or of a "
            "kind that this version does not know."
        ) from error


def _by_transformers(folder: Path, config: Any, keep_bytes: int) -> Runtime:
    with OPENING:
        from chatbot.backends.runtimes.torch_runtime import TorchRuntime

        if config.is_encoder_decoder:
            from chatbot.backends.runtimes.pair_runtime import PairRuntime

            return PairRuntime(_weights(folder, config))
    return TorchRuntime(_weights(folder, config), keep_bytes=keep_bytes)


def _weights(folder: Path, config: Any, attention: str | None = None) -> "PreTrainedModel":
    with OPENING:
        from chatbot.backends.reference import weights

        return weights(folder, config, attention)


def _config(folder: Path) -> Any:
    if not list(folder.glob("*.safetensors")):
        raise ModelUnavailable(f"{folder.name} holds no safetensors file. Convert its weights.")
    return AutoConfig.from_pretrained(folder, **_SAFE)


def _tokens(folder: Path, config: Any) -> ChatTokens:
    return _tokens_by(folder, config, "")[0]


def _tokens_by(folder: Path, config: Any, template: str) -> tuple[ChatTokens, str]:
    tokenizer = AutoTokenizer.from_pretrained(folder, **_SAFE)
    if not tokenizer.chat_template:
        tokenizer.chat_template = ALL_THAT_WAS_SAID if config.is_encoder_decoder else template
    named = _generation(folder).get("eos_token_id")
    ends = named_ends(named, config.eos_token_id, tokenizer.eos_token_id)
    return ChatTokens(tokenizer, ends), tokenizer.chat_template


def _warm_up(runtime: Runtime, tokens: ChatTokens) -> None:
    """The first steps of a process are slow; let no person wait for them. Also a first test."""
    request = Request(tokens.encode([{"role": "user", "content": "Hello"}]), Sampling())
    runtime.start(request)
    for _ in range(3):
        for stepped in runtime.step():
            if stepped.error is not None:
                raise stepped.error
    runtime.stop(request)
    runtime.reset()


def _advised(folder: Path) -> dict[str, float]:
    """Sampling parameters in generation_config.json, where the authors mean sampling at all."""
    advice = _generation(folder)
    if not advice.get("do_sample"):
        return {}
    names = ("temperature", "top_p", "top_k", "repetition_penalty")
    return {name: advice[name] for name in names if isinstance(advice.get(name), (int, float))}


def _generation(folder: Path) -> dict[str, Any]:
    """generation_config.json; empty where there is none that can be read."""
    try:
        found = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
