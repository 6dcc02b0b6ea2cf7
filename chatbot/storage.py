"""How much room the data of a running server takes. Reads sizes alone; knows no rows."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from chatbot.archive import told
from store.engine import Database


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes: of the database, of each folder in the home, and free on the home's disk."""

    database: int
    folders: dict[str, int]
    free: int


def storage(database: Database, home: Path) -> Storage:
    """Look at all of it. What vanishes meanwhile counts nothing. Raises StoreUnavailable."""
    with told():
        size = database.size()
    folders = {each.name: _bytes(each) for each in sorted(home.iterdir()) if each.is_dir()}
    return Storage(size, folders, shutil.disk_usage(home).free)


def _bytes(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  Path is slow
            except OSError:
                continue
    return total
