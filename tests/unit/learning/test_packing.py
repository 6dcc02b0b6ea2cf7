"""Packing: nothing lost, nothing mixed, positions count from zero in each document."""

import numpy as np
import pytest

from chatbot.learning.packing import pack, pieces


def document(first, size):
    return list(range(first, first + size)), [i % 2 == 0 for i in range(size)]


def test_every_token_is_kept_once():
    documents = [document(100 * i + 1, size) for i, size in enumerate((5, 9, 3, 16, 7, 1), 1)]
    windows = pack(documents, 16, pad=0)
    kept = sorted(windows.ids[windows.segments > 0].tolist())
    assert kept == sorted(token for ids, _ in documents for token in ids)


def test_documents_stay_apart():
    windows = pack([document(1, 4), document(11, 6)], 16, pad=0)
    assert windows.segments[0].tolist() == [1] * 4 + [2] * 6 + [0] * 6
    assert windows.positions[0].tolist() == [*range(4), *range(6), *[0] * 6]


def test_padding_is_never_learned():
    windows = pack([document(1, 3), document(9, 14)], 16, pad=0)
    assert not windows.learn[windows.segments == 0].any()
    assert windows.learn.sum() == 2 + 7


def test_long_document_is_cut():
    cut = list(pieces(document(1, 37), 16))
    assert [len(ids) for ids, _ in cut] == [16, 16, 5]
    assert pack([document(1, 37)], 16, pad=0).ids.shape == (3, 16)


def test_many_windows_fill_well():
    sizes = np.random.default_rng(3).integers(3, 60, 400)
    windows = pack([document(1, int(size)) for size in sizes], 64, pad=0)
    assert (windows.segments > 0).mean() > 0.9


def test_nothing_to_pack_is_refused():
    with pytest.raises(ValueError, match="no text to pack"):
        pack([], 16, pad=0)
