"""Made-up values in place of mask tags, so that a model learns to copy and not to remember."""

from collections.abc import Sequence
from random import Random


def fill(texts: Sequence[str], rng: Random) -> list[str]:
    """The texts with a made-up value for each tag, the same tag the same value in all of them."""
    raise NotImplementedError
