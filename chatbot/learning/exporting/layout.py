"""How GGUF names what a Llama-like checkpoint holds: settings, tensors, tokens.

The names are the format's own (docs/gguf.md of ggml; `gguf.constants`). Llama's query and key
weights are stored with the two halves of each head interleaved, which is how llama.cpp turns them
(convert_hf_to_gguf.py, `permute`); Qwen2's are stored as they are. What is not known here is
refused: a file that answers differently is worse than none.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chatbot.errors import Refused

Array = npt.NDArray[Any]

KINDS = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2"}
"""Name of the architecture in GGUF by `model_type`."""
_INTERLEAVED = "llama"
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)\.(weight|bias)")
_WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_IN_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def architecture(config: Mapping[str, Any]) -> str:
    """The architecture's name in GGUF. Raises Refused for one that we cannot write."""
    kind = str(config.get("model_type"))
    if kind not in KINDS:
        raise Refused(
            f"A model of the kind {kind:.40} cannot be written as GGUF here; "
            f"{', '.join(KINDS)} can. Export it as a folder."
        )
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    scaled = str(rope.get("rope_type", rope.get("type", "default")))
    if scaled != "default":
        raise Refused(
            f"Its positions are scaled ({scaled:.40}), which cannot be written as GGUF here. "
            "Export it as a folder."
        )
    return KINDS[kind]


def tensor_name(name: str) -> str:
    """A tensor's name in GGUF. Raises Refused for one that is not known."""
    if name in _WHOLE:
        return _WHOLE[name]
    found = _LAYER.fullmatch(name)
    if found is None or found[2] not in _IN_LAYER:
        raise Refused(
            f"The tensor {name:.80} has no place in GGUF that is known here. Export it as a folder."
        )
    return f"blk.{found[1]}.{_IN_LAYER[found[2]]}.{found[3]}"


def placed(name: str, values: Array, config: Mapping[str, Any]) -> Array:
    """A tensor as GGUF keeps it: Llama's queries and keys with their halves interleaved."""
    heads = int(config["num_attention_heads"])
    if KINDS[str(config["model_type"])] != _INTERLEAVED:
        return values
    if ".q_proj." in name:
        return interleaved(values, heads)
    if ".k_proj." in name:
        return interleaved(values, int(config.get("num_key_value_heads") or heads))
    return values


def interleaved(values: Array, heads: int) -> Array:
    """Rows of each head in the order 0, half, 1, half + 1 …"""
    rest = values.shape[1:]
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *rest)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def pre_tokenizer(tokenizer: Mapping[str, Any]) -> str:
    """What GGUF calls the way in which a text is cut before pairs are merged.

    Raises Refused for one that llama.cpp would cut otherwise.
    """
    model, cuts = tokenizer.get("model") or {}, _cuts(tokenizer.get("pre_tokenizer") or {})
    plain = model.get("type") == "BPE" and not model.get("byte_fallback")
    composed = (tokenizer.get("normalizer") or {"type": "NFC"}) == {"type": "NFC"}
    if plain and composed and cuts in _CUTS:
        return _CUTS[cuts]
    raise Refused(
        "Its tokenizer cuts texts in a way that cannot be told in GGUF here. Export it as a folder."
    )


def _cuts(node: Mapping[str, Any]) -> tuple[str, ...]:
    kind = node.get("type")
    if kind == "Sequence":
        return tuple(cut for one in node.get("pretokenizers", ()) for cut in _cuts(one))
    if kind == "Digits":
        return ("each digit",) if node.get("individual_digits") else ("digits",)
    if kind == "Split":
        return (str((node.get("pattern") or {}).get("Regex")),)
    if kind == "ByteLevel":
        space = ("space before",) if node.get("add_prefix_space") else ()
        return (*space, "gpt2") if node.get("use_regex", True) else space
    return (json.dumps(node, sort_keys=True),)


_LLAMA3 = (
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
    " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
)
_CUTS = {
    ("gpt2",): "gpt-2",
    ("each digit", "gpt2"): "smollm",
    (_LLAMA3,): "llama-bpe",
    (_LLAMA3.replace("{1,3}", ""),): "qwen2",
}
"""By llama.cpp's names of them (llama-vocab.cpp): `smollm` takes each digit for itself."""
