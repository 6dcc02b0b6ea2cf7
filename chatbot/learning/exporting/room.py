"""A place for what is being written: whole under its name, or not there at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import Refused

MARGIN = 1.05
"""A little more than the files: folders and journals take room too."""


@contextmanager
def becoming(target: Path, size: int, *, file: bool = False) -> Iterator[Path]:
    """A folder beside `target` that becomes it at the end of the block; removed when that fails.

    With `file`, what it holds under the target's name does. `size`: bytes that will be written.
    Raises Refused: it is there already, or the disk is full or closed to us.
    """
    with _told(target):
        refuse_taken(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        require_room(target.parent, size)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with _told(target):
            yield draft
            _settle(draft)
            refuse_taken(target)
            (draft / target.name if file else draft).rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_taken(target: Path) -> None:
    """Let nothing be overwritten. Raises Refused."""
    if os.path.lexists(target):
        raise Refused(f"{target} is there already. Name another place.")


def require_room(folder: Path, size: int) -> None:
    """See that a disk takes so many bytes. Raises Refused."""
    free = shutil.disk_usage(folder).free
    if free < size * MARGIN:
        raise Refused(
            f"This needs {size * MARGIN / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free at "
            f"{folder}. Free some space, then try again."
        )


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(
                f"The disk is full, so {target.name} was not written. Free some space, then try "
                "again."
            ) from error
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise Refused(f"{target} is there already. Name another place.") from error
        raise Refused(
            f"{target} cannot be written: {error.strerror or type(error).__name__}."
        ) from error


def _settle(folder: Path) -> None:
    """Readable as other folders are, and on the disk: a crash leaves no empty file behind."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        else:
            path.chmod(0o644)
            with path.open("rb") as file:
                os.fsync(file.fileno())
