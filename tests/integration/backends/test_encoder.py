"""Vectors of sentences: their form, the cache, threads, other people's folders, and MiniLM."""

import importlib.util
import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from chatbot.backends import encoder as module
from chatbot.backends.checkpoint import adopt
from chatbot.backends.encoder import Encoder, missing, open_encoder
from chatbot.errors import ModelUnavailable
from chatbot.settings import Settings
from tests.support import tiny_encoder

TEXTS = [
    "where is my parcel?",
    "",
    "when will it arrive",
    "where is my parcel?",
    "where " * 200,
    "thank you! the order café 東京",
    "half a \ud83d surrogate",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_encoder.make(tmp_path_factory.mktemp("encoder") / "tiny")


def test_rows_are_unit_vectors_in_the_order_of_the_texts(folder):
    rows = Encoder(folder).encode(TEXTS)
    assert rows.shape == (len(TEXTS), tiny_encoder.WIDTH)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    for text, row in zip(TEXTS, rows, strict=True):
        [alone] = Encoder(folder).encode([text])
        np.testing.assert_allclose(row, alone, atol=1e-5)


def test_no_texts_give_no_rows(folder):
    assert Encoder(folder).encode([]).shape == (0, tiny_encoder.WIDTH)


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token"])
def test_pooling_is_the_authors(pooling, tmp_path):
    import torch
    from transformers import AutoModel, AutoTokenizer

    made = tiny_encoder.make(tmp_path / "tiny", pooling=pooling)
    tokens = AutoTokenizer.from_pretrained(made)("when will it arrive", return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(made)(**tokens).last_hidden_state[0]
    pooled = (states.mean(0) if pooling == "mean_tokens" else states[0]).numpy()

    [row] = Encoder(made).encode(["when will it arrive"])

    np.testing.assert_allclose(row, pooled / np.linalg.norm(pooled), atol=1e-5)


def test_what_was_computed_is_remembered_up_to_a_bound(folder, monkeypatch):
    computed = []
    compute = module._vectors

    def counted(tokenizer, model, texts, *rest):
        computed.extend(texts)
        return compute(tokenizer, model, texts, *rest)

    monkeypatch.setattr(module, "_vectors", counted)
    encoder = Encoder(folder, kept=2)
    encoder.encode(["where", "when", "where"])
    encoder.encode(["where"])
    assert sorted(computed) == ["when", "where"], "each text once"
    encoder.encode(["order"])  # forgets `when`, which was asked for longest ago
    encoder.encode(["where", "order"])
    assert len(computed) == 3
    encoder.encode(["when"])
    assert computed[3:] == ["when"]


def test_more_texts_than_are_remembered(folder):
    many = [f"where {'my ' * n}" for n in range(20)]
    np.testing.assert_allclose(
        Encoder(folder, kept=3).encode(many), Encoder(folder).encode(many), atol=1e-5
    )


def test_threads_share_one_encoder(folder):
    encoder = Encoder(folder, kept=4)
    expected = Encoder(folder).encode(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        for rows in pool.map(encoder.encode, [TEXTS] * 24):
            np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_a_folder_is_opened_by_setting(folder):
    settings = Settings(encoder=str(folder))
    assert missing(settings) == ""
    assert open_encoder(settings).encode(["where"]).shape == (1, tiny_encoder.WIDTH)


def test_a_changed_file_is_refused_where_checksums_are_known(tmp_path, caplog):
    made = tiny_encoder.make(tmp_path / "tiny@1")
    adopt(made)
    assert open_encoder(Settings(encoder=str(made))) is not None
    (made / "config.json").write_text((made / "config.json").read_text() + "\n")
    with caplog.at_level(logging.WARNING):
        assert open_encoder(Settings(encoder=str(made))) is None
    assert "does not have its checksum" in missing(Settings(encoder=str(made)))


def test_damaged_weights_are_an_error_with_a_sentence(tmp_path):
    made = tiny_encoder.make(tmp_path / "tiny")
    weights = made / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelUnavailable, match="cannot be opened as a sentence encoder"):
        Encoder(made).encode(["where"])


@pytest.mark.parametrize(
    ("made_with", "says"),
    [({"pooling": "max_tokens"}, "max_tokens"), ({"layers": ("Transformer", "Dense")}, "Dense")],
)
def test_other_endings_are_refused(made_with, says, tmp_path):
    made = tiny_encoder.make(tmp_path / "tiny", **made_with)
    assert says in missing(Settings(encoder=str(made)))
    assert open_encoder(Settings(encoder=str(made))) is None


@pytest.fixture(scope="module")
def minilm():
    if importlib.util.find_spec(module.PACKAGE) is None:
        pytest.skip(f"no sentence encoder here: {module.INSTALL}")
    return open_encoder(Settings(encoder="minilm"))


def test_minilm_tells_meanings_apart(minilm):
    rows = minilm.encode(
        [
            "Where is my parcel?",
            "I would like to know when the package gets here.",
            "How do I close my account?",
            "Bread needs flour, water, salt and time.",
        ]
    )
    assert rows.shape == (4, 384)
    alike = rows[0] @ rows[1:].T
    assert alike[0] > 0.4 > alike[1] > alike[2]
