"""Worker processes for a sandbox: started, lent, killed, replaced. Knows nothing of prompts.

    Server ── socket ──▶ prompts.forking ── fork ──▶ workers
    Worker ── two pipes ──▶ one worker: `ask` sends a request and waits as long as it may

A worker is forked in a few milliseconds, so one that was killed is replaced when the next is asked
for. Time that a worker did not get, because the machine is crowded, is not held against it.
"""

import contextlib
import errno
import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Condition, Lock
from typing import ClassVar

from prompts.wire import COMMAND, LENGTH, PID, Limits

START_S = 20.0
"""Seconds that the first worker may take to be there, on a machine that has much else to do."""
PATIENCE = 20
"""How many times its time limit a worker gets at most, on a machine that has no time for it."""
_NEARLY = 0.9
"""Share of its time limit that a worker has had when the clock decides. Before, it stops itself."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE)
"""This process has too many files open: no reason to end those that work."""
_ROOT = Path(__file__).resolve().parents[1]
_CODE = "import sys; sys.path.insert(0, sys.argv[3]); from prompts.forking import main; main()"
_MOST = 64 * 1024 * 1024


class NoWorker(Exception):
    """No process could be started, or its time was up before one was free. Has a sentence."""


class Died(Exception):
    """The worker ended without an answer."""


class TooSlow(Exception):
    """The worker's time was up."""


STOPPING = "Prompts are not rendered any more: the chat is stopping."


class Server:
    """The process that forks workers; started when the first is wanted, and again if it ends.

    Sandboxes with the same limits share one: `of` it, and `leave` it.
    """

    _all: ClassVar[dict[Limits, "Server"]] = {}
    _counting = Lock()

    @classmethod
    def of(cls, limits: Limits) -> "Server":
        """The server for these limits, made where there is none."""
        with cls._counting:
            server = cls._all.setdefault(limits, cls(limits))
            server.users += 1
            return server

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.users = 0
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def fork(self, nice: int) -> "Worker":
        """A new worker. Raises NoWorker."""
        with self._lock:
            if self._closed:
                raise NoWorker(STOPPING)
            try:
                return self._forked(nice)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise _none(error) from None
                self._end()
            try:
                return self._forked(nice)
            except OSError as error:
                self._end()
                raise _none(error) from None

    def kill(self, pid: int) -> None:
        """End a worker at once."""
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                self._control.sendall(COMMAND.pack(b"K", pid))

    def leave(self) -> None:
        """End the process and all workers, for good, unless somebody else uses them."""
        with self._counting:
            self.users -= 1
            if self.users:
                return
            del self._all[self._limits]
        with self._lock:
            self._closed = True
            self._end()

    def _forked(self, nice: int) -> "Worker":
        control = self._control or self._start()
        theirs_in, requests = os.pipe()
        replies, theirs_out = os.pipe()
        try:
            socket.send_fds(control, [COMMAND.pack(b"F", nice)], [theirs_in, theirs_out])
            pid = _told(control)
        except BaseException:
            os.close(requests)
            os.close(replies)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return Worker(pid, requests, replies)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            limits = json.dumps(asdict(self._limits))
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own program, nothing given
                    [sys.executable, "-I", "-c", _CODE, str(theirs.fileno()), limits, str(_ROOT)],
                    env={},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(START_S)
        self._control = ours
        _told(ours)  # it is ready
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


class Worker:
    """One process, for one request at a time."""

    def __init__(self, pid: int, requests: int, replies: int) -> None:
        self.pid = pid
        self._requests = requests
        self._replies = replies
        os.set_blocking(requests, False)
        os.set_blocking(replies, False)

    @property
    def waiting(self) -> bool:
        """Whether it is there and has nothing more to say."""
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        return not poll.poll(0)

    def ask(self, request: bytes, wall_s: float) -> bytes:
        """Send a request, return the reply. Raises Died, TooSlow: the worker is of no more use."""
        clock = _Clock(self.pid, wall_s)
        try:
            rest = memoryview(request)
            while rest:
                clock.wait(self._requests, select.POLLOUT)
                rest = rest[os.write(self._requests, rest) :]
            size = LENGTH.unpack(self._read(LENGTH.size, clock))[0]
            if size > _MOST:
                raise Died
            return self._read(size, clock)
        except BrokenPipeError:
            raise Died from None

    def close(self) -> None:
        """Let go of the pipes, at which a worker that waits ends."""
        os.close(self._requests)
        os.close(self._replies)

    def _read(self, size: int, clock: "_Clock") -> bytes:
        chunks = []
        while size:
            clock.wait(self._replies, select.POLLIN)
            chunk = os.read(self._replies, size)
            if not chunk:
                raise Died
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)


class _Clock:
    """Counts what a worker takes: by the clock, unless the machine gave it nearly no time."""

    def __init__(self, pid: int, wall_s: float) -> None:
        self._pid = pid
        self._wall_s = wall_s
        self._began = time.monotonic()
        self._until = self._began + wall_s
        self._used = _cpu_s(pid)

    def wait(self, fd: int, event: int) -> None:
        """Return when the pipe is ready. Raises TooSlow."""
        poll = select.poll()
        poll.register(fd, event)
        while not poll.poll(max(0.0, self._until - time.monotonic()) * 1000):
            now = time.monotonic()
            if now < self._until:
                continue
            starved = _cpu_s(self._pid) - self._used < self._wall_s * _NEARLY
            if not starved or now - self._began >= self._wall_s * PATIENCE:
                raise TooSlow
            self._until = now + self._wall_s / 4


def _cpu_s(pid: int) -> float:
    """Seconds of a processor that a process has had; infinite where nothing tells."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return float("inf")
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Lane:
    """Workers for one kind of callers. `kept` stay ready; under load there are up to `most`."""

    def __init__(self, server: Server, *, kept: int, most: int, nice: int) -> None:
        self._server = server
        self._kept = kept
        self._most = most
        self._nice = nice
        self._free: list[Worker] = []
        self._out = 0
        self._closed = False
        self._changed = Condition()

    def take(self, wait_s: float) -> Worker:
        """A free worker. Raises NoWorker when there is none in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free or self._out < self._most, wait_s):
                raise NoWorker("Too many prompts are being rendered at once. Try again.")
            if self._closed:
                raise NoWorker(STOPPING)
            self._out += 1
            while self._free:
                worker = self._free.pop()
                if worker.waiting:
                    return worker
                self._server.kill(worker.pid)  # it has ended: this gives its number back
                worker.close()
        try:
            return self._server.fork(self._nice)
        except BaseException:
            self._left()
            raise

    def give(self, worker: Worker, *, sound: bool) -> None:
        """Take a worker back, or end it."""
        with self._changed:
            keep = sound and not self._closed and len(self._free) < self._kept
            if keep:
                self._free.append(worker)
        if not keep:
            self._server.kill(worker.pid)
            worker.close()
        self._left()

    def fill(self) -> None:
        """Have workers ready before anybody asks. Raises NoWorker."""
        taken: list[Worker] = []
        try:
            while len(taken) < self._kept:
                taken.append(self.take(0))
        finally:
            for worker in taken:
                self.give(worker, sound=True)

    def close(self) -> None:
        """End those that are free; those in use end when they are given back."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
        for worker in free:
            self._server.kill(worker.pid)
            worker.close()

    def _left(self) -> None:
        with self._changed:
            self._out -= 1
            self._changed.notify()


def _told(control: socket.socket) -> int:
    """The number that the server says. Raises OSError where it cannot."""
    data = b""
    while len(data) < PID.size:
        chunk = control.recv(PID.size - len(data))
        if not chunk:
            raise OSError("it ended at once")
        data += chunk
    number: int = PID.unpack(data)[0]
    if number == 0:
        raise OSError("the machine has no room for another one")
    return number


def _none(error: OSError) -> NoWorker:
    reason = error.strerror or str(error)
    if isinstance(error, TimeoutError):
        reason = f"it was not ready in {START_S:.0f} seconds"
    return NoWorker(
        f"Prompts cannot be rendered now: no process for them could be started ({reason}). "
        "Try again, or ask whoever runs this chat."
    )
