"""Makes a tiny random BERT with a real tokenizer: a sentence encoder in form, in no time.

Its vectors mean nothing, but they are deterministic: everything around an encoder can be tested.
"""

import json
from pathlib import Path

TEXT = "where is my parcel the order café 東京 when will it arrive thank you ? . !"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WIDTH, LONGEST = 16, 24


def make(folder: Path, *, pooling: str | None = None, layers: tuple[str, ...] = ()) -> Path:
    """Write the encoder into `folder`; `pooling` as sentence-transformers names its modes."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    _tokenizer().save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(SPECIAL) + len(TEXT.split()),
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=LONGEST,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    if pooling:
        (folder / "1_Pooling").mkdir()
        modes = {"word_embedding_dimension": WIDTH, f"pooling_mode_{pooling}": True}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    if layers:
        named = [{"type": f"sentence_transformers.models.{layer}"} for layer in layers]
        (folder / "modules.json").write_text(json.dumps(named))
    return folder


def _tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = {word: number for number, word in enumerate([*SPECIAL, *TEXT.split()])}
    tokenizer = Tokenizer(models.WordLevel(names, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", names["[CLS]"]), ("[SEP]", names["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]"
    )
