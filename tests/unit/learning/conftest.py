"""A small tokenizer of the starter's kind, trained once on the project's own passages."""

from random import Random

import pytest

from chatbot.learning.starter import situations
from chatbot.learning.starter.tokenizer import Encoder, train_tokenizer, with_template


@pytest.fixture(scope="session")
def tokenizer():
    return train_tokenizer(map(str, situations.passages(Random(1))), 900)


@pytest.fixture
def encoder(tokenizer):
    from tokenizers import Tokenizer

    return Encoder(Tokenizer.from_str(tokenizer.to_str()))


@pytest.fixture
def dressed(tokenizer):
    from tokenizers import Tokenizer

    return with_template(Tokenizer.from_str(tokenizer.to_str()), 256)
