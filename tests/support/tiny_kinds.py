"""Tiny random models of many kinds, none of them with a tokenizer."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SIZE = {
    "vocab_size": 99,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "initializer_range": 0.6,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
WINDOW = {"sliding_window": 8}
KINDS = {
    "gpt2": {"n_positions": 256},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {},
    "gpt_neox": {},
    "qwen2": GROUPED,
    "qwen3": GROUPED,
    "mistral": GROUPED | WINDOW,
    "gemma2": GROUPED | WINDOW | {"query_pre_attn_scalar": 8},
    "gemma3_text": GROUPED | WINDOW | {"query_pre_attn_scalar": 8, "sliding_window_pattern": 2},
    "smollm3": GROUPED,
    "mamba": {"state_size": 8},
    "lfm2": GROUPED | {"layer_types": ["conv", "full_attention"]},
}


def tiny(kind):
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **SIZE | KINDS[kind])
    return AutoModelForCausalLM.from_config(config).float().eval()
