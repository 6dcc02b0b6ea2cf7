import torch

from chatbot.backends.runtimes.prefixes import Prefixes
from chatbot.backends.runtimes.shelf import Shelf

LAYERS, HEADS, SIZE = 2, 1, 4


def row(start, length):
    """A cache whose entries say which token they belong to."""
    numbers = torch.arange(start, start + length, dtype=torch.float32)
    keys = numbers.view(1, 1, length, 1).expand(1, HEADS, length, SIZE).clone()
    return [(keys + layer, -keys - layer) for layer in range(LAYERS)]


def step(shelf, values):
    """One decode step writing these numbers; returns what the first layer saw."""
    shelf.open_column()
    new = torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, HEADS, 1, SIZE)
    seen = [shelf.update(new + layer, -new - layer, layer) for layer in range(LAYERS)]
    mask = shelf.mask(torch.device("cpu"))
    shelf.close_column()
    return seen[0][0], mask


def held(shelf, index):
    keys, values = shelf.row(index)[1]
    assert torch.equal(keys, -values)
    return [int(number) - 1 for number in keys[0, 0, :, 0]]


def test_rows_of_different_lengths_keep_what_is_theirs():
    shelf = Shelf()
    shelf.add(row(10, 3))
    shelf.add(row(20, 6))
    shelf.add(row(30, 1))
    step(shelf, [13, 26, 31])
    assert held(shelf, 0) == [10, 11, 12, 13]
    assert held(shelf, 1) == [20, 21, 22, 23, 24, 25, 26]
    assert held(shelf, 2) == [30, 31]


def test_mask_hides_what_is_not_a_row_s_own():
    shelf = Shelf()
    shelf.add(row(10, 3))
    shelf.add(row(20, 1))
    seen, mask = step(shelf, [13, 21])
    assert mask.tolist() == [[True] * 4, [False, False, True, True]]
    assert seen.shape[2] == 4


def test_rows_alike_need_no_mask():
    shelf = Shelf()
    shelf.add(row(10, 3))
    assert step(shelf, [13])[1] is None


def test_the_last_row_takes_the_place_of_one_that_leaves():
    shelf = Shelf()
    for start, length in ((10, 5), (20, 2), (30, 3)):
        shelf.add(row(start, length))
    shelf.remove(0)
    step(shelf, [33, 22])
    assert held(shelf, 0) == [30, 31, 32, 33]
    assert held(shelf, 1) == [20, 21, 22]


def test_columns_of_a_longest_row_are_given_back():
    shelf = Shelf()
    shelf.add(row(10, 2))
    shelf.add(row(20, 200))
    shelf.remove(1)
    seen, _ = step(shelf, [12])
    assert seen.shape[2] == 3


def test_it_grows_over_many_steps_and_joins():
    shelf = Shelf()
    shelf.add(row(0, 4))
    for number in range(4, 1000):
        step(shelf, [number])
    shelf.add(row(5000, 3000))
    step(shelf, [1000, 8000])
    assert held(shelf, 0) == list(range(1001))
    assert held(shelf, 1) == list(range(5000, 8001))


def test_empty_again_takes_a_first_row_of_any_length():
    shelf = Shelf()
    shelf.add(row(0, 4))
    shelf.remove(0)
    shelf.add(row(0, 900))
    assert held(shelf, 0) == list(range(900))


def test_a_row_is_a_copy():
    shelf = Shelf()
    shelf.add(row(0, 4))
    shelf.row(0)[0][0].zero_()
    assert held(shelf, 0) == [0, 1, 2, 3]


def prefix(tokens):
    return [(torch.zeros(1, 1, len(tokens), 2), torch.zeros(1, 1, len(tokens), 2))]


BYTES = 16
"""Of one token in `prefix`."""


def test_longest_common_beginning_is_found():
    kept = Prefixes(10_000)
    kept.put([1, 2, 3, 4], prefix("abcd"))
    kept.put([1, 2, 9], prefix("abc"))
    length, cache = kept.longest([1, 2, 3, 7, 8])
    assert length == 3
    assert cache[0][0].shape[2] == 3
    assert kept.longest([5]) == (0, [])
    assert kept.longest([]) == (0, [])


def test_a_longer_one_replaces_its_beginning():
    kept = Prefixes(10_000)
    kept.put([1, 2], prefix("ab"))
    kept.put([1, 2, 3], prefix("abc"))
    assert (len(kept), kept.size) == (1, 3 * BYTES)


def test_the_least_recently_used_goes_first():
    kept = Prefixes(6 * BYTES)
    kept.put([1, 1, 1], prefix("abc"))
    kept.put([2, 2, 2], prefix("abc"))
    kept.longest([1, 1])
    kept.put([3, 3, 3], prefix("abc"))
    assert kept.longest([2])[0] == 0
    assert kept.longest([1])[0] == 1
    assert kept.size == 6 * BYTES


def test_one_that_is_too_large_is_not_kept():
    kept = Prefixes(2 * BYTES)
    kept.put([1, 2, 3], prefix("abc"))
    assert (len(kept), kept.size) == (0, 0)
