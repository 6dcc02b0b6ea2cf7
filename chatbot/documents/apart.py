"""PDF and DOCX are read in a process of its own, with limits of time and memory.

    read_apart ─▶ python -I … main() ─▶ lines of JSON: [done, of] … {"parsed": …} | {"bad": …}

Their parsers are pure Python over formats made to be broken: a file may loop for ever or ask for
all memory. Then the process is ended and the file is refused; nothing else notices.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Timer
from typing import Any

from chatbot.documents.parsed import MOST_TEXT, Parsed, Section, Tell, Unreadable

SECONDS = 120
"""Of work for one file. pypdf reads some 30 pages a second."""
PATIENCE = 3
"""How many times that may pass on a machine that is busy otherwise."""
MEMORY = 2_000_000_000
"""Bytes of address space; what is used is far less."""
_LINE = 8 * MOST_TEXT

TOO_SLOW = "Reading it took over two minutes, so it was given up. Split it or save it anew."
TOO_MUCH = "Reading it broke off: it is damaged, or needs more memory than a document may."

_ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from chatbot.documents.apart import main; main(*sys.argv[2:])"
)


def read_apart(path: Path, source: str, tell: Tell, seconds: float = SECONDS) -> Parsed:
    """The article of a PDF or DOCX file. Raises Unreadable."""
    words = [str(_ROOT), str(path.resolve()), source, str(int(max(seconds, 1)))]
    with _process(words, seconds * PATIENCE) as (process, is_late):
        while process.stdout and (line := process.stdout.readline(_LINE)):
            told = _understood(line)
            if isinstance(told, list):
                tell(*told)
            elif "bad" in told:
                raise Unreadable(told["bad"])
            elif "parsed" in told:
                fields = told["parsed"]
                rows = (Section(tuple(row["heading"]), row["text"]) for row in fields["sections"])
                return Parsed(fields["title"], tuple(rows), source=source)
    raise Unreadable(TOO_SLOW if is_late.is_set() or process.returncode == -_XCPU else TOO_MUCH)


_XCPU = 24
"""The signal of a process whose time is up (SIGXCPU)."""


def _understood(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise Unreadable(TOO_MUCH) from None


@contextmanager
def _process(words: list[str], limit: float) -> "Iterator[tuple[subprocess.Popen[bytes], Event]]":
    is_late = Event()
    process = subprocess.Popen(  # noqa: S603  our own program; a path and a name are its arguments
        [sys.executable, "-I", "-c", _CODE, *words],
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        is_late.set()
        process.kill()

    timer = Timer(limit, end)
    timer.daemon = True
    timer.start()
    try:
        with process:
            yield process, is_late
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()


def main(path: str, source: str, seconds: str) -> None:
    """Read one file and print what it holds. For `read_apart` alone."""
    _limit(int(seconds))
    from chatbot.documents.pdf import parse_pdf
    from chatbot.documents.word import parse_docx

    def tell(done: int, of: int) -> None:
        sys.stdout.write(f"[{done}, {of}]\n")
        sys.stdout.flush()

    try:
        if path.lower().endswith(".pdf"):
            parsed = parse_pdf(Path(path), source, tell)
        else:
            parsed = parse_docx(Path(path), source)
        fields = {"title": parsed.title, "sections": [asdict(one) for one in parsed.sections]}
        sys.stdout.write(json.dumps({"parsed": fields}) + "\n")
    except Unreadable as error:
        sys.stdout.write(json.dumps({"bad": str(error)}) + "\n")
    except (MemoryError, RecursionError):
        sys.stdout.write(json.dumps({"bad": TOO_MUCH}) + "\n")


def _limit(seconds: int) -> None:
    import resource

    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most if what != resource.RLIMIT_CPU else most + 5))
