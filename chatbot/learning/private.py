"""Files that hold what people said, or what a model learned of it: for their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def private() -> Iterator[None]:
    """Folders that this process makes in the block are 0700, files 0600, whoever writes them."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
