"""Which SQLite journal is safe with this library. docs/decisions has the measurements."""

from dataclasses import dataclass
from typing import Final

WAL_REPAIRED: Final = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal mode, how hard a commit is pressed to the disk, and why this one."""

    mode: str
    synchronous: str
    reason: str


def journal_for(library: tuple[int, ...]) -> Journal:
    """Choose by the version of the SQLite library. Both choices survive power loss."""
    if library >= WAL_REPAIRED:
        return Journal("wal", "FULL", "This SQLite has no known defect in its write-ahead log.")
    return Journal(
        "truncate",
        "FULL",
        "SQLite before 3.51.3 can damage a write-ahead log that several connections use, "
        "so a rollback journal is kept instead.",
    )
