"""Files on their way to the server, piece by piece: a request may carry 8 MiB, a file 50 MB.

A file belongs to the person who sends it, under a key that their page made up. It lies in a folder
of its own that nobody else can read until it was taken or left; its name is never part of a path.
"""

import base64
import binascii
import contextlib
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock

from chatbot.documents import LARGEST
from chatbot.errors import Busy, NotFound, Refused
from chatbot.views import Person

PIECE = 4_000_000
"""Bytes of a piece at most."""
KEPT = 600.0
"""Seconds after its last piece in which a file must be taken."""
EACH = 4
"""Files of one person on their way at the same time."""
ALL = 40
"""Those of all people."""


@dataclass(slots=True)
class _Upload:
    path: Path
    size: int
    got: int = 0
    seen: float = field(default_factory=time.monotonic)


class Uploads:
    """The files of one process. Blocking; may be shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._folder: Path | None = None
        self._uploads: dict[tuple[int, str], _Upload] = {}

    def put(self, person: Person, key: str, name: str, size: int, start: int, data: str) -> int:
        """Append a piece (base64) that begins at a byte of the file; how many bytes are here.

        Raises Refused, Busy.
        """
        if not 0 < size <= LARGEST:
            raise Refused(f"A file of {size / 1e6:,.0f} MB is too large: 50 MB are read at most.")
        with self._lock:
            upload = self._begun(person, key, name, size) if start == 0 else self._of(person, key)
            piece = _piece(data)
            if upload.got != start or start + len(piece) > upload.size or len(piece) > PIECE:
                raise Refused("The pieces of the file do not fit together. Add the file again.")
            with upload.path.open("ab") as file:
                file.write(piece)
            upload.got += len(piece)
            upload.seen = time.monotonic()
            return upload.got

    def take(self, person: Person, key: str) -> Path:
        """A file that is here in full. Whoever takes it removes it. Raises NotFound, Refused."""
        with self._lock:
            upload = self._of(person, key)
            if upload.got != upload.size:
                raise Refused("The file did not arrive in full. Add it again.")
            del self._uploads[person.id, key]
            return upload.path

    def look(self, person: Person, key: str) -> Path:
        """The same, of a file that stays here. Raises NotFound, Refused."""
        with self._lock:
            upload = self._of(person, key)
            if upload.got != upload.size:
                raise Refused("The file did not arrive in full. Add it again.")
            upload.seen = time.monotonic()
            return upload.path

    def close(self) -> None:
        """Throw away what was not taken."""
        with self._lock:
            self._uploads.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _begun(self, person: Person, key: str, name: str, size: int) -> _Upload:
        self._forget()
        self._drop((person.id, key))
        own = sum(owner == person.id for owner, _ in self._uploads)
        if own >= EACH or len(self._uploads) >= ALL:
            raise Busy("Several files are being sent just now. Try again in a moment.")
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="chatbot-files-"))
        suffix = PurePosixPath(name).suffix.lower()
        suffix = suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) < 12 else ""
        handle, path = tempfile.mkstemp(suffix=suffix, dir=self._folder)
        with contextlib.closing(open(handle, "wb")):  # noqa: PTH123  it is open already
            upload = self._uploads[person.id, key] = _Upload(Path(path), size)
        return upload

    def _of(self, person: Person, key: str) -> _Upload:
        upload = self._uploads.get((person.id, key))
        if upload is None:
            raise NotFound("The file is not here any more. Add it again.")
        return upload

    def _forget(self) -> None:
        late = time.monotonic() - KEPT
        for key in [key for key, one in self._uploads.items() if one.seen < late]:
            self._drop(key)

    def _drop(self, key: tuple[int, str]) -> None:
        if upload := self._uploads.pop(key, None):
            upload.path.unlink(missing_ok=True)


def _piece(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Refused("A piece of the file did not arrive whole. Add the file again.") from None
