"""How the terminal door prints: JSON, rows, notes, progress. Text of people and models stays text.

Answers and titles may hold control characters and terminal escapes; here they become visible signs,
so that nothing that was said can move a cursor, set a colour or a clipboard. Knows no service.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import IO, Any

_LINES = 20
"""Lines of progress at most where no person watches, and how much is worth a line."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Every control character but tab and line feed."""


def plain(text: str) -> str:
    """The text with its control characters made visible: ESC as ␛, C1 controls as �."""
    return CONTROL.sub(_sign, text.replace("\r\n", "\n"))


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x7F:
        return "␡"
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def write(text: str, *, end: str = "\n") -> None:
    """Print text that people or models wrote."""
    sys.stdout.write(plain(text) + end)
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a line beside the data, on stderr."""
    if sys.stderr is not None:
        sys.stderr.write(plain(text) + "\n")
        sys.stderr.flush()


def write_json(value: Any) -> None:
    """Print one JSON value in UTF-8; nothing else belongs on stdout beside it."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_as_json)
    text = re.sub(r"[\x7f-\x9f]", lambda match: f"\\u{ord(match[0]):04x}", text)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="strict")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def write_rows(heads: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table on a terminal; lines with tabs elsewhere; `empty` on stderr when there is no row."""
    cells = [[plain(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        note(empty)
    elif is_terminal(sys.stdout):
        _table(heads, cells)
    else:
        for row in cells:
            sys.stdout.write("\t".join(cell.replace("\t", " ") for cell in row) + "\n")
        sys.stdout.flush()


def _table(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, markup=False, emoji=False).print(table)


@contextmanager
def working(sentence: str) -> Iterator[None]:
    """Say what takes a while: a moving line on a terminal; elsewhere a line, after a second."""
    if not is_terminal(sys.stderr):
        said = threading.Timer(1.0, note, [sentence])
        said.start()
        try:
            yield
        finally:
            said.cancel()
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False, markup=False).status(plain(sentence)):
        yield


@contextmanager
def progress(sentence: str) -> Iterator[Callable[[int, int], None]]:
    """What is told how far long work is (done, of; 0: not known): a bar, or some lines."""
    with bar(sentence, stays=False) as move:
        yield _lines(sentence) if move is None else lambda done, of: move(done, of, sentence)


@contextmanager
def bar(sentence: str, *, stays: bool = True) -> Iterator[Callable[[int, int, str], None] | None]:
    """What moves a bar (done, of; 0: not known; what is said of it); None where nobody watches.

    On stderr, so that stdout holds data alone. `stays`: it is still to be seen at the end.
    """
    if not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False, markup=False)
    with Progress(console=console, transient=not stays) as bars:
        task = bars.add_task(plain(sentence), total=None)

        def move(done: int, of: int, words: str) -> None:
            bars.update(task, completed=done, total=of or None, description=plain(words))

        yield move


def _lines(sentence: str) -> Callable[[int, int], None]:
    """A line at each twentieth, or at each power of two where the end is not known."""
    told = {0}

    def tell(done: int, of: int) -> None:
        step = done * _LINES // of if of else done.bit_length()
        if done >= _LINES and step not in told:
            told.add(step)
            note(f"{sentence}: {done}{f' of {of}' if of else ''}")

    return tell


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person sees this stream; False for a closed one."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
