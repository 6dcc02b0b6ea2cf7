"""GGUF files, which llama.cpp and what is built on it run: written and read.

Written with our own mapping (`layout`), the precision kept as it is; read by transformers, which
knows many more architectures and the packed precisions. What the format cannot say of a checkpoint
of ours goes along under a key of our own, so that it comes back as it was.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chatbot.backends.checkpoint import Manifest, refuse_adapter
from chatbot.errors import ModelCorrupt, ModelUnavailable, Refused
from chatbot.learning.exporting import layout
from chatbot.learning.exporting.sources import read_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SUFFIX = ".gguf"
OURS = "chatbot.manifest"
TOKENIZER_KEY = "tokenizer.huggingface.json"
"""The format's key for a whole tokenizer.json."""
_TOKENIZER = "tokenizer.json"
_GENERATION = re.compile(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}")
"""Marks of transformers' chat templates for training, which other programs do not know."""
_NORMAL, _CONTROL, _OWN, _UNUSED = 1, 3, 4, 5
"""Types of tokens in GGUF."""


def library() -> ModuleType:
    """The package `gguf`, which comes as an extra. Raises Refused without it."""
    try:
        import gguf
    except ModuleNotFoundError:
        raise Refused('GGUF needs a package more: pip install "chatbot[gguf]"') from None
    return gguf  # type: ignore[no-any-return]


def refuse_unknown(folder: Path) -> None:
    """See that a checkpoint can be told in GGUF at all, before anything is written."""
    library()
    layout.architecture(read_json(folder / "config.json") or {})
    layout.pre_tokenizer(read_json(folder / _TOKENIZER) or {})


def write_gguf(folder: Path, manifest: Manifest, out: Path) -> None:
    """Write a checkpoint as one file. Raises Refused for what GGUF cannot tell."""
    gguf, config = library(), read_json(folder / "config.json") or {}
    writer = gguf.GGUFWriter(out, layout.architecture(config))
    try:
        _tell_settings(writer, config, manifest)
        _tell_tokens(writer, folder, config)
        for name, values, kind in _tensors(gguf, folder, config):
            writer.add_tensor(name, values, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _tell_settings(writer: Any, config: dict[str, Any], manifest: Manifest) -> None:
    heads = int(config["num_attention_heads"])
    width = int(config.get("head_dim") or config["hidden_size"] // heads)
    rope = config.get("rope_parameters") or {}
    writer.add_name(f"{manifest.name}@{manifest.version}")
    writer.add_description(manifest.description)
    writer.add_context_length(min(manifest.context, int(config["max_position_embeddings"])))
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_string(OURS, manifest.model_copy(update={"files": {}}).model_dump_json())


def _tell_tokens(writer: Any, folder: Path, config: dict[str, Any]) -> None:
    from tokenizers import Tokenizer

    text = (folder / _TOKENIZER).read_text(encoding="utf-8")
    told = json.loads(text)
    tokens, kinds = _vocabulary(told, int(config["vocab_size"]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(layout.pre_tokenizer(told))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([
        one if isinstance(one, str) else " ".join(one) for one in told["model"]["merges"]
    ])  # fmt: skip
    named = read_json(folder / "tokenizer_config.json") or {}
    places = {token: number for number, token in enumerate(tokens)}
    for tell, name in (
        (writer.add_bos_token_id, "bos"),
        (writer.add_eos_token_id, "eos"),
        (writer.add_pad_token_id, "pad"),
    ):
        number = _special(named.get(f"{name}_token"), places, config.get(f"{name}_token_id"))
        if number is not None:
            tell(number)
    begun = Tokenizer.from_str(text).encode("a").ids
    bos = _special(named.get("bos_token"), places, config.get("bos_token_id"))
    writer.add_add_bos_token(bool(begun) and begun[0] == bos)
    writer.add_chat_template(_GENERATION.sub(r"{#\1 \2#}", _template(folder, named)))
    writer.add_string(TOKENIZER_KEY, text)


def _vocabulary(told: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """The tokens by number and their types; numbers without a token are unused."""
    found = {number: (token, _NORMAL) for token, number in told["model"]["vocab"].items()}
    for one in told.get("added_tokens", ()):
        found[one["id"]] = (one["content"], _CONTROL if one.get("special") else _OWN)
    listed = [found.get(number, (f"[unused {number}]", _UNUSED)) for number in range(size)]
    return [token for token, _ in listed], [kind for _, kind in listed]


def _special(named: Any, places: dict[str, int], configured: Any) -> int | None:
    token = named.get("content") if isinstance(named, dict) else named
    if isinstance(token, str) and token in places:
        return places[token]
    if isinstance(configured, list):
        configured = configured[0] if configured else None
    return configured if isinstance(configured, int) else None


def _template(folder: Path, named: dict[str, Any]) -> str:
    beside = folder / "chat_template.jinja"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    template = named.get("chat_template")
    if not isinstance(template, str):
        raise Refused("It has no chat template that can be told in GGUF. Export it as a folder.")
    return template


def _tensors(
    gguf: ModuleType, folder: Path, config: dict[str, Any]
) -> Iterator[tuple[str, layout.Array, Any]]:
    """Each tensor by its name in GGUF, in the precision that it has; vectors in float32."""
    import torch
    from safetensors import safe_open

    kinds = gguf.GGMLQuantizationType
    known = {torch.float16: kinds.F16, torch.bfloat16: kinds.BF16}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118  no mapping
                if name == "lm_head.weight" and config.get("tie_word_embeddings"):
                    continue
                values = file.get_tensor(name)
                kind = kinds.F32 if values.ndim == 1 else known.get(values.dtype, kinds.F32)
                whole = layout.placed(name, values.float().numpy(), config)
                yield layout.tensor_name(name), gguf.quants.quantize(whole, kind), kind


def open_gguf(file: Path) -> "PreTrainedModel":
    """The model of a file by transformers, in float32. Raises Refused, ModelUnavailable."""
    import torch
    from transformers import AutoModelForCausalLM, modeling_gguf_pytorch_utils
    from transformers.utils import logging

    library()
    refuse_adapter(file.parent)
    logging.disable_progress_bar()
    modeling_gguf_pytorch_utils.tqdm = lambda each, **_: each  # no bars of its own
    try:
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
        )
    except Exception as error:  # a foreign file may fail in any way
        raise ModelUnavailable(
            f"{file.name} cannot be opened ({type(error).__name__}): it is damaged, or of a kind "
            "that this version does not know."
        ) from error
    model.hf_quantizer = None  # it is unpacked, and may be saved as any other
    return model.eval()


class Told:
    """What a file tells beside its weights. Raises ModelCorrupt for one that is not whole."""

    def __init__(self, file: Path) -> None:
        gguf = library()
        try:
            self._reader = gguf.GGUFReader(file)
        except Exception as error:  # a damaged file may fail in any way
            raise ModelCorrupt(f"{file.name} is no whole GGUF file. Copy it once more.") from error

    def text(self, key: str) -> str:
        """A text; "" where there is none."""
        found = self._found(key)
        return found if isinstance(found, str) else ""

    def number(self, key: str) -> int | None:
        """A number; None where there is none."""
        found = self._found(key)
        return found if isinstance(found, int) else None

    def precision(self) -> str:
        """The type that keeps the weights: their own, or float16 where they are packed."""
        tensors = self._reader.tensors
        found = next((one for one in tensors if one.name == "token_embd.weight"), None)
        name = found.tensor_type.name if found is not None else ""
        return {"BF16": "bfloat16", "F32": "float32"}.get(name, "float16")

    def ours(self) -> dict[str, Any]:
        """What a file that we wrote keeps of the manifest; empty in files of others."""
        try:
            found = json.loads(self.text(OURS) or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _found(self, key: str) -> object:
        field = self._reader.get_field(key)
        return None if field is None else field.contents()
