"""Makes a tiny random Llama with a real tokenizer and a chat template, in a second or two.

Its answers are nonsense, but deterministic: everything around a model can be tested with it.
With `trained_on_tags=True` its tokenizer has the tags of `chatbot.values`.
`python -m tests.support.tiny_model FOLDER` leaves one on disk.
"""

import sys
from pathlib import Path

from chatbot.backends.checkpoint import Manifest, adopt
from chatbot.values import TAGS_A_TYPE, TYPES

ROLES = ["<|system|>", "<|user|>", "<|assistant|>"]
SPECIAL = ["<|pad|>", "<|bos|>", "<|end|>", *ROLES]
TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|' + message['role'] + '|>' + message['content'] }}"
    "{%- if not loop.last or add_generation_prompt or message['role'] != 'assistant' %}"
    "{{- '<|end|>' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)
TAGS = [f"⟨{kind} {number}⟩" for kind in TYPES for number in range(1, TAGS_A_TYPE + 1)]
TEXT = """The parcel left our house on Monday and should arrive in three days.
Thank you for your message. We are sorry that the order 10482 is late; here is what we can do.
Größe, naïve café, 東京, Ελλάδα, привет, 😀 and 👩‍💻 are words and signs like others.
Please send us the number on the invoice, and we will look for it at once."""


def make(folder: Path, *, seed: int = 0, context: int = 512, **manifest: object) -> Manifest:
    """Write the checkpoint with its manifest into `folder` (made when missing)."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(context)
    if manifest.get("trained_on_tags"):
        tokenizer.add_tokens(TAGS)
    tokenizer.save_pretrained(folder)
    _model(len(tokenizer), seed, context).save_pretrained(folder)
    (folder / "training_notes.md").write_text("Random weights.\n")
    return adopt(folder, description="Random weights for tests.", context=context, **manifest)


def make_pair(folder: Path, **manifest: object) -> Manifest:
    """Write a tiny random T5, encoder and decoder, without a chat template."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(512)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        initializer_factor=2.0,
        pad_token_id=SPECIAL.index("<|pad|>"),
        eos_token_id=SPECIAL.index("<|end|>"),
        decoder_start_token_id=SPECIAL.index("<|pad|>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        T5ForConditionalGeneration(config).save_pretrained(folder)
    return adopt(folder, description="Random weights for tests.", context=512, **manifest)


def _tokenizer(context: int):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=480,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT.splitlines(), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|bos|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=ROLES,
        model_max_length=context,
    )
    fast.chat_template = TEMPLATE
    return fast


def _model(vocabulary: int, seed: int, context: int):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        initializer_range=0.6,  # far-apart logits: two ways to add floats pick the same token
        bos_token_id=SPECIAL.index("<|bos|>"),
        eos_token_id=SPECIAL.index("<|end|>"),
        pad_token_id=SPECIAL.index("<|pad|>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config).eval()
    never_said = [number for number, token in enumerate(SPECIAL) if token != "<|end|>"]
    with torch.no_grad():
        model.get_input_embeddings().weight[never_said] = 0.0
    return model


if __name__ == "__main__":
    print(make(Path(sys.argv[1])).name)
