"""The room's list of public names is true."""

import prompts


def test_every_listed_name_exists_and_is_sorted_once() -> None:
    assert all(hasattr(prompts, name) for name in prompts.__all__)
    assert len(set(prompts.__all__)) == len(prompts.__all__)


def test_every_public_name_is_listed() -> None:
    ours = {
        name
        for name, value in vars(prompts).items()
        if not name.startswith("_") and type(value).__name__ != "module"
    }
    assert ours == set(prompts.__all__)
