"""Processes that are there to be killed, born quickly: forked from one that imported everything.

process = start(turn_process.main, home, url, …)     a function that can be imported
process.lines                                        what it prints, line by line
process.kill()                                       SIGKILL, and its end awaited
"""

import io
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "tests.support.turn_process",
        "tests.support.desk_process",
        "tests.support.mail_process",
        "tests.support.run_process",
        "chatbot.backends.scripted",
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
    ]
)


@dataclass(frozen=True, slots=True)
class Forked:
    """One process; it has the arguments as text, as a program has."""

    process: BaseProcess
    lines: io.TextIOWrapper

    @property
    def id(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.lines.close()


def start(work: Callable[..., None], *arguments: object) -> Forked:
    reader, writer = CONTEXT.Pipe(duplex=False)
    given = [str(each) for each in arguments]
    process = CONTEXT.Process(target=_born, args=(writer, work, given), daemon=True)
    process.start()
    writer.close()
    lines = os.fdopen(os.dup(reader.fileno()), "r", encoding="utf-8")
    reader.close()
    return Forked(process, lines)


@contextmanager
def started(work: Callable[..., None], *arguments: object) -> Iterator[Forked]:
    """The same, killed at the end of the block."""
    process = start(work, *arguments)
    try:
        yield process
    finally:
        process.kill()


def _born(writer: Connection, work: Callable[..., None], given: list[str]) -> None:
    os.dup2(writer.fileno(), 1)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    work(*given)
