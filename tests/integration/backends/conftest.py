"""A tiny random checkpoint, made once, and the model opened on it."""

import pytest

from chatbot.backends.checkpoint import read_manifest
from chatbot.backends.local import LocalModel
from tests.support import tiny_model


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny@1"
    tiny_model.make(folder)
    return folder


@pytest.fixture(scope="session")
def reference(checkpoint):
    """The same weights and tokenizer as transformers alone opens them."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype="float32")
    return model.eval(), AutoTokenizer.from_pretrained(checkpoint)


@pytest.fixture(scope="session")
def model(checkpoint):
    model = LocalModel.load(checkpoint, read_manifest(checkpoint))
    yield model
    model.close()
