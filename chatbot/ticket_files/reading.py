"""Read a file or a folder into threads. What cannot be read is named; the rest goes on."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from chatbot.documents import Tell
from chatbot.ticket_files import lines, tables
from chatbot.ticket_files.boxes import Threads, read_eml, read_mbox
from chatbot.ticket_files.incoming import Bad, Incoming
from chatbot.ticket_files.texts import LARGEST, Unreadable

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".eml", ".mbox")
_RECORDS = {
    ".csv": tables.threads,
    ".tsv": tables.threads,
    ".jsonl": lines.threads,
    ".ndjson": lines.threads,
    ".json": lines.threads_of_json,
}


def quiet(_done: int, _of: int) -> None:
    """Tell nobody."""


def read(
    path: Path, *, source: str = "file", own: Collection[str] = (), tell: Tell = quiet
) -> Iterator[Incoming | Bad]:
    """The threads of a file, or of every file of a folder that is named like one.

    Never raises for a bad file. `source`: what system it comes from; the same one and the same ids
    are the same tickets. `own`: addresses of ours, whose mails are the agent's. `tell`: done, of.
    """
    threads = Threads(source, frozenset(address.lower() for address in own))
    if not path.is_dir():
        yield from _read(path, path.name, threads, tell)
    else:
        files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES]
        if not files:
            yield Bad(path.name, f"The folder holds no file named {', '.join(SUFFIXES)}.")
        for number, file in enumerate(files, 1):
            yield from _read(file, str(file.relative_to(path)), threads, quiet)
            tell(number, len(files))
    yield from threads.all()


def _read(path: Path, name: str, threads: Threads, tell: Tell) -> Iterator[Incoming | Bad]:
    """The tickets of a file; mails go to `threads`."""
    try:
        yield from _by_suffix(path, name, threads, tell)
    except Unreadable as error:
        yield Bad(name, str(error))
    except OSError as error:
        yield Bad(name, f"It cannot be read: {error.strerror}.")


def _by_suffix(path: Path, name: str, threads: Threads, tell: Tell) -> Iterator[Incoming | Bad]:
    if not path.is_file():
        raise Unreadable("There is no such file.")
    suffix, facts = path.suffix.lower(), path.stat()
    when = datetime.fromtimestamp(facts.st_mtime, UTC)
    if not facts.st_size:
        raise Unreadable("The file is empty.")
    if suffix == ".eml":
        yield from read_eml(path, name, threads, when)
    elif suffix == ".mbox":
        yield from read_mbox(path, name, threads, when, tell)
    elif suffix not in _RECORDS:
        raise Unreadable(f"Files of tickets are named {', '.join(SUFFIXES)}.")
    elif facts.st_size > LARGEST:
        raise Unreadable(f"The file is larger than {LARGEST // 1_000_000} MB. Export it in parts.")
    else:
        yield from _RECORDS[suffix](path.read_bytes(), name, threads.source, when, tell)
