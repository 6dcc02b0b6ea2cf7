"""A vocabulary of single bytes, as a real tokenizer: it can write every text in one way."""

from functools import cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from chatbot.backends.shaping import Shaping

END = 256


class Letters:
    """What a guide needs of a tokenizer: an entry for each byte, and an end."""

    ends = frozenset({END})

    def __init__(self):
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer = Tokenizer(models.BPE({_sign(n): n for n in range(256)}, []))
        tokenizer.pre_tokenizer, tokenizer.decoder = level, decoders.ByteLevel()
        tokenizer.add_special_tokens(["<end>"])
        self._rules = tokenizer.to_str()

    def rules(self):
        return self._rules

    def pieces(self):
        raise AssertionError("the library knows a byte-level tokenizer by its rules")


def _sign(number):
    """The sign that stands for a byte in a byte-level vocabulary."""
    shown = (*range(33, 127), *range(161, 173), *range(174, 256))
    if number in shown:
        return chr(number)
    hidden = [n for n in range(256) if n not in shown]
    return chr(256 + hidden.index(number))


@cache
def shaping():
    return Shaping(Letters())


def guided(schema, text):
    """A guide after a text; None where it may not come."""
    guide = shaping().guide(schema, ())
    for byte in text.encode():
        if byte not in guide.next().allowed:
            return None
        guide.take(byte)
    return guide


def takes(schema, text):
    """Whether a whole text may come."""
    guide = guided(schema, text)
    return guide is not None and END in guide.next().allowed
