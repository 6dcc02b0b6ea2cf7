"""Several servers on one PostgreSQL behind Debian's nginx, all real, for tests to kill and restart.

with replicated(folder, url, count=3, auth="accounts") as house:
    house.address           what people open: nginx
    house.servers[0].kill()
    house.servers[0].start()
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from store.engine import Database
from store.models import Message, Replica

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

_OUTSIDE = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/chatbot.conf;
}}
"""


class Nursery:
    """One process that has everything ready, of which servers are forked."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        self._log = log.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.replica_process", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._told("ready")

    def born(self, port: int) -> tuple[int, int]:
        """Start a server; its process and its port."""
        assert self._process.stdin
        self._process.stdin.write(f"{port}\n")
        self._process.stdin.flush()
        told = self._told("at", "born")
        return told["born"], told["at"]

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()

    def _told(self, *words: str) -> dict[str, int]:
        assert self._process.stdout
        lines = [self._process.stdout.readline().split() for _ in words]
        assert sorted(line[0] for line in lines if line) == sorted(words), f"see {self._log.name}"
        return {word: int(number) for word, number in lines}


@dataclass(slots=True)
class Server:
    """One of them. It comes back at the same port."""

    nursery: Nursery
    pid: int = 0
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.pid, self.port = self.nursery.born(self.port)
        _until(lambda: httpx.get(f"{self.address}/healthz", timeout=30).status_code == 200)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As whoever restarts it; returns when it has left."""
        self._end(signal.SIGTERM)

    def _end(self, sign: signal.Signals) -> None:
        pid, self.pid = self.pid, 0
        if pid:
            os.kill(pid, sign)
            _until(lambda: not Path(f"/proc/{pid}").exists())


@dataclass(slots=True)
class House:
    """nginx and the servers behind it."""

    address: str
    servers: list[Server]
    folder: Path = field(repr=False)

    def writer_of(self, database: Database, reply: str | None = None) -> Server:
        """The server that writes an answer (public id); the only one there is, if None."""
        asked = select(Replica.pid).join(Message, Message.writer == Replica.id)
        one = Message.status == "streaming" if reply is None else Message.public_id == reply
        with database.reading() as session:
            pid = session.scalars(asked.where(one)).one()
        return next(each for each in self.servers if each.pid == pid)


@contextmanager
def replicated(folder: Path, url: str, count: int = 3, **settings: Any) -> Iterator[House]:
    assert NGINX
    folder.mkdir(exist_ok=True)
    port = _free_port()
    given = {"home": str(folder), "database_url": url, "model": "scripted", **settings}
    nursery = Nursery(given | {"forwarded": ["127.0.0.1"]}, folder / "servers.log")
    servers = [Server(nursery) for _ in range(count)]
    proxy = None
    try:
        for one in servers:
            one.start()
        proxy = _nginx(folder, port, servers)
        yield House(f"http://127.0.0.1:{port}", servers, folder)
    finally:
        if proxy is not None:
            proxy.terminate()
            proxy.wait(10)
        for one in servers:
            one.kill()
        nursery.close()


def _nginx(folder: Path, port: int, servers: list[Server]) -> "subprocess.Popen[bytes]":
    """Debian's nginx with the configuration that we ship, but for the addresses."""
    shipped = (DEPLOY / "nginx.conf").read_text()
    (folder / "chatbot.conf").write_text(shipped.replace("listen 8080", f"listen 127.0.0.1:{port}"))
    how = (DEPLOY / "chatbot-upstream.conf").read_text().splitlines()[-1].split(" ", 2)[2]
    lines = [f"server 127.0.0.1:{one.port} {how}" for one in servers]
    (folder / "chatbot-upstream.conf").write_text("\n".join(lines) + "\n")
    (folder / "outside.conf").write_text(_OUTSIDE.format(folder=folder))
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "outside.conf")]
    started = subprocess.Popen([*command, "-e", str(folder / "error.log")])
    _until(lambda: httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200)
    return started


def _until(found: Callable[[], bool], most: float = 60) -> None:
    end = time.monotonic() + most
    while True:
        try:
            if found():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
