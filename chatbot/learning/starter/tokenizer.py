"""The starter's own tokenizer: byte-level BPE, every digit alone, chat template inside.

Knows nothing of data sets or training; it turns text into ids and back.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.values import TAGS_A_TYPE, TYPES

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

PAD, BOS, SYSTEM, USER, ASSISTANT, END = (
    "<|pad|>",
    "<|bos|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
)
SPECIAL = (PAD, BOS, SYSTEM, USER, ASSISTANT, END)
BYTES = 256
WORD = re.compile("Ġ[A-Za-z]{3,}")
ROLES = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}

TAGS = tuple(f"⟨{kind} {n}⟩" for kind in TYPES for n in range(1, TAGS_A_TYPE + 1))

CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{%- if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{- raise_exception('This model knows the roles system, user and assistant.') }}"
    "{%- endif %}"
    "{{- '<|' + message['role'] + '|>' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{%- else %}"
    "{{- message['content'] + '<|end|>' }}"
    "{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> "Tokenizer":
    """Learn a byte-level BPE of `vocabulary` entries, special tokens and tags included."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(TAGS),
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in TAGS])
    return tokenizer


def with_template(tokenizer: "Tokenizer", context: int) -> "PreTrainedTokenizerFast":
    """Dress the tokenizer for transformers: special tokens named, chat template inside."""
    from transformers import PreTrainedTokenizerFast

    dressed = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    dressed.chat_template = CHAT_TEMPLATE
    return dressed


class Encoder:
    """Turns texts and chats into ids exactly as the chat template would.

    Markers such as `<|user|>` inside a text stay plain text: data never opens a role.
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True
        self._ids = {token: _number(tokenizer, token) for token in SPECIAL}
        self.pad, self.bos, self.end = (self._ids[token] for token in (PAD, BOS, END))

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Read a `tokenizer.json`."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(path)))

    def plain(self, text: str) -> list[int]:
        """Return the ids of a text without any marker."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def words(self) -> list[int]:
        """Return the ids of whole words that may follow another, in their order."""
        vocabulary = self._tokenizer.get_vocab()
        whole = [n for token, n in vocabulary.items() if WORD.fullmatch(token)]
        return sorted(whole)

    def ordinary(self) -> list[int]:
        """Return the ids of all that is neither a mark nor a single byte, tags included."""
        first = len(SPECIAL) + BYTES
        return list(range(first, self._tokenizer.get_vocab_size()))

    def text(self, text: str) -> tuple[list[int], list[bool]]:
        """Return a document's ids and what is learned of them: all but the first mark."""
        ids = [self._ids[BOS], *self.plain(text), self._ids[END]]
        return ids, [False] + [True] * (len(ids) - 1)

    def chat(
        self, messages: Sequence[dict[str, str]], *, replies_only: bool
    ) -> tuple[list[int], list[bool]]:
        """Return a chat's ids and which of them are learned.

        With `replies_only` these are exactly the assistant's words and end marks;
        otherwise everything except the role marks.
        """
        ids, learn = [self._ids[BOS]], [False]
        for message in messages:
            body = [*self.plain(message["content"]), self._ids[END]]
            learned = message["role"] == "assistant" or not replies_only
            ids += [self._ids[ROLES[message["role"]]], *body]
            learn += [False] + [learned] * len(body)
        return ids, learn


def _number(tokenizer: "Tokenizer", token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ValueError(f"This tokenizer has no {token}: it was not made by the recipe.")
    return number
