"""A team on one server: many answers at once, twice what one person may, and a long soak.

    python bench/load.py [--streams 50] [--tokens 500] [--rate 20] [--soak 20] [--json]
    python bench/load.py --replicas 3

The server is a process of its own with accounts; people have tabs on it (no browser: what the
page's scripts ask, over loopback) and the scripted model writes at a fixed rate. Beside it, in the
same run and with the same arrivals, a bare server streams the same words: the difference is ours.
Each client's question holds a canary. Afterwards the texts on its screen, in its export and in the
database are compared: nothing lost, doubled or crossed. `--soak` takes minutes. A run is no
measurement when this process was short of a processor; then it says so.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import _replicas
import httpx
import psutil
import uvicorn
from _report import Report, median, options, percentile
from _served import Server, served
from _tabs import Refused, Seen, Tab

from chatbot.allowance import UNLIMITED
from chatbot.backends.scripted import Say, Script, Wait
from chatbot.bootstrap import build
from chatbot.settings import Settings

FIRST_MS = 150.0
"""Most milliseconds that we may add to the first token, at the 95th percentile."""
GAP_MS = 200.0
"""Most milliseconds between two growths of a text, at the 99th percentile."""
RECOVERY_S = 10.0
GROWTH = 0.05
"""How much memory may grow in a soak, as a share."""
BUSY = 0.7
"""Share of a processor above which this process itself may have been late."""
ARRIVALS = 5.0
"""Seconds over which the clients of a round arrive."""
TYPING = 1.0
"""Seconds between opening a tab and asking."""
SETTLED = 20.0
"""Seconds after the first question in which a server loads what it reads moods with, once."""
TABS_EACH = 5
PASSWORD = "nine lamps in a row"
FROM = {"user-agent": "bench"}


@dataclass
class Team:
    """People of a server: a client for each, with their login."""

    clients: list[httpx.AsyncClient]
    config: dict

    def tab(self, number: int) -> Tab:
        """A tab of one of them."""
        return Tab(self.clients[number % len(self.clients)], self.config, f"tab-{number}")


async def main() -> None:
    """Measure and print."""
    chosen = _chosen()
    if chosen.bare or chosen.replicas:
        await (_replicas.measure(chosen) if chosen.replicas else _serve_bare())
        return
    report = Report("load", as_json=chosen.json)
    people = max(2, -(-2 * chosen.streams // TABS_EACH))
    with tempfile.TemporaryDirectory() as folder:
        tokens = _add_people(Path(folder), people)
        ours = served(Path(folder), "scripted", CHATBOT_AUTH="accounts")
        with _bare() as bare, ours as server:
            async with _logged_in(server.address, tokens) as team:
                await _round(team.tab(0), "!tokens 20 warm", "warm 0001", 0)
                await asyncio.sleep(SETTLED)
                await _streams(report, bare, server, team, Path(folder), chosen)
                await _overload(report, team)
                if chosen.soak:
                    await _soak(report, server, team, chosen)
    report.finish()


def _chosen() -> argparse.Namespace:
    parser = options(__doc__)
    parser.add_argument("--streams", type=int, default=50, help="answers at once")
    parser.add_argument("--tokens", type=int, default=500, help="of an answer")
    parser.add_argument("--rate", type=int, default=20, help="tokens a second")
    parser.add_argument("--soak", type=float, default=0, help="minutes at half load")
    parser.add_argument("--replicas", type=int, default=0, help="compare so many servers with one")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


# People and servers -------------------------------------------------------------------------------


def _add_people(home: Path, count: int) -> list[str]:
    """Make accounts in a new home; the token of a login of each."""
    product = build(Settings(home=home, model="scripted", auth="accounts"))
    try:
        product.options.set(product.person(), UNLIMITED, 0)  # the server is measured, not a rule
        return [_person(product, f"person{number}") for number in range(count)]
    finally:
        product.close()


def _person(product, login: str) -> str:  # noqa: ANN001  a Product
    accounts = product.accounts
    accounts.add(
        product.person(), login=login, name=login.title(), roles=("chatter",), password=PASSWORD
    )
    return str(accounts.sign_in(login, PASSWORD, address="127.0.0.1", agent="bench").token)


@asynccontextmanager
async def _logged_in(address: str, tokens: list[str]) -> AsyncIterator[Team]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with AsyncExitStack() as open_:
        clients = [
            await open_.enter_async_context(
                httpx.AsyncClient(
                    base_url=address,
                    headers=FROM | {"origin": address},
                    cookies={"chatbot_session": token},
                    timeout=120,
                    limits=limits,
                )
            )
            for token in tokens
        ]
        config = (await clients[0].get("/config")).raise_for_status().json()
        yield Team(clients, config)


@contextmanager
def _bare() -> Iterator[str]:
    """The address of a server that streams words and does nothing else."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--bare"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


async def _serve_bare() -> None:
    """The same words at the same rate, straight from the script to the socket."""

    async def app(scope, _receive, send) -> None:  # noqa: ANN001  an ASGI application
        if scope["type"] != "http":
            return
        script = bytes(scope["query_string"]).decode().replace("+", " ")
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for step in Script.parse(script).steps():
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds or 0)
            elif isinstance(step, Say):
                line = f"data: {json.dumps(step.text)}\n\n".encode()
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve([listener])


# Many answers at once -----------------------------------------------------------------------------


async def _streams(
    report: Report,
    bare: str,
    server: Server,
    team: Team,
    home: Path,
    chosen: argparse.Namespace,
) -> None:
    arrivals = _arrivals(chosen.streams)
    scripts = [_script(number, chosen) for number in range(chosen.streams)]
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=None)) as client:
        alone = await asyncio.gather(
            *(
                _alone(client, bare, text, late)
                for text, late in zip(scripts, arrivals, strict=True)
            )
        )
    me = psutil.Process()
    before, began = sum(me.cpu_times()[:2]), time.perf_counter()
    worked = server.worked()
    ours = await asyncio.gather(
        *(
            _round(team.tab(number), text, f"load {number:05}", late)
            for number, (text, late) in enumerate(zip(scripts, arrivals, strict=True))
        )
    )
    took = time.perf_counter() - began
    busy = (sum(me.cpu_times()[:2]) - before) / took
    name = f"{chosen.streams} streams"
    firsts = [times[0] * 1000 for times in alone], [seen.times[0] * 1000 for seen in ours]
    for kind, values in zip(("bare", "ours"), firsts, strict=True):
        for share in (0.5, 0.95, 0.99):
            shown = f"first token, {name}, {kind}, p{share * 100:.0f}"
            report.add(shown, percentile(values, share), "ms")
    added = percentile(firsts[1], 0.95) - percentile(firsts[0], 0.95)
    report.bound(f"added to the first token, {name}, p95", added, FIRST_MS, "ms")
    gaps = [(b - a) * 1000 for times in alone for a, b in pairwise(times)]
    report.add(f"gap, {name}, bare, p99", percentile(gaps, 0.99), "ms")
    gaps = [gap * 1000 for seen in ours for gap in seen.gaps]
    report.add(f"gap, {name}, ours, p50", median(gaps), "ms")
    report.bound(f"gap, {name}, ours, p99", percentile(gaps, 0.99), GAP_MS, "ms")
    report.add(f"server, {name}", (server.worked() - worked) / took, "", "of a processor")
    report.add(f"server's memory, {name}", server.memory(), "MiB")
    report.add(f"this process, {name}", busy, "", "of a processor" + _late(busy))
    wrong = await _compared(team, home, scripts, list(ours))
    report.bound(
        f"lost, doubled or crossed, {name}",
        sum(wrong.values()),
        0,
        "",
    )
    if wrong:
        report.say(f"  {dict(wrong)}")


def _late(busy: float) -> str:
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    if busy > BUSY or load > 1.5:
        return f"; NO MEASUREMENT: it was late itself, or others were busy (load {load:.1f} each)"
    return ""


def _arrivals(count: int) -> list[float]:
    """Seconds at which clients arrive: as people do, not all at once and not in step."""
    chance = random.Random(7)
    return sorted(chance.uniform(0, ARRIVALS) for _ in range(count))


def _script(number: int, chosen: argparse.Namespace) -> str:
    return f"!tokens {chosen.tokens} !rate {chosen.rate} canary-{number}-end"


async def _alone(client: httpx.AsyncClient, address: str, text: str, late: float) -> list[float]:
    """When the bare server's words came, in seconds since they were asked for."""
    await asyncio.sleep(late)
    begun = time.perf_counter()
    query = text.replace(" ", "+")
    async with client.stream("GET", f"{address}/?{query}") as answer:
        lines = (line async for line in answer.aiter_lines() if line.startswith("data:"))
        return [time.perf_counter() - begun async for _ in lines]


async def _round(tab: Tab, text: str, key: str, late: float) -> Seen:
    """A person opens a tab, asks and reads the answer to its end."""
    await asyncio.sleep(late)
    async with tab.watching():
        await asyncio.sleep(TYPING if late else 0)
        return await tab.ask(text, key)


def _whole(script: str) -> str:
    """What the scripted model says to this."""
    return "".join(step.text for step in Script.parse(script).steps() if isinstance(step, Say))


async def _compared(team: Team, home: Path, scripts: list[str], ours: list[Seen]) -> Counter[str]:
    """What is wrong on the screens, in the exports and in the database."""
    wrong: Counter[str] = Counter()
    with closing(sqlite3.connect(home / "chatbot.db")) as database:
        rows = database.execute(
            "SELECT c.public_id, m.role, m.content, m.status FROM messages m "
            "JOIN conversations c ON c.id = m.conversation_id ORDER BY c.id, m.sequence"
        ).fetchall()
    stored: dict[str, list[tuple[str, str, str]]] = {}
    for conversation, *message in rows:
        if "canary-" in message[1]:
            stored.setdefault(UUID(conversation).hex, []).append(tuple(message))
    for number, (script, seen) in enumerate(zip(scripts, ours, strict=True)):
        text = _whole(script)
        wanted = [("user", script, "complete"), ("assistant", text, "complete")]
        wrong["screen"] += seen.text != text or seen.status != "complete"
        wrong["database"] += stored.pop(UUID(seen.conversation).hex, None) != wanted
        told = await team.tab(number).call("export", conversation=seen.conversation, form="json")
        messages = json.loads(told["text"])["messages"]
        said = [(one["role"], one["content"], one["status"]) for one in messages]
        wrong["export"] += said != wanted
    wrong["surplus"] += len(stored)
    return +wrong


# Too much -----------------------------------------------------------------------------------------


async def _overload(report: Report, team: Team) -> None:
    """One person asks for twice what one person may have open at once."""
    from ui.bindings import CALLS, EACH, EVENTS

    client = team.clients[0]
    statuses: Counter[int] = Counter()
    unsaid = 0
    most = 2 * max(EVENTS, EACH)
    tabs = [Tab(client, team.config, f"over-{number}") for number in range(most)]
    async with AsyncExitStack() as open_:

        async def one(tab: Tab) -> None:
            nonlocal unsaid
            try:
                await open_.enter_async_context(tab.watching())
                statuses[200] += 1
            except Refused as refused:
                statuses[refused.status] += 1
                unsaid += refused.retry_after is None

        for start in range(0, most, CALLS // 2):
            await asyncio.gather(*(one(tab) for tab in tabs[start : start + CALLS // 2]))
        calls = await asyncio.gather(
            *(tabs[0].call("list", offset=0) for _ in range(2 * CALLS)), return_exceptions=True
        )
        for told in calls:
            refused = isinstance(told, Refused)
            statuses[told.status if refused else 200] += 1
            unsaid += refused and told.retry_after is None
        other = Tab(team.clients[1], team.config, "beside")
        async with other.watching():
            seen = await other.ask("!tokens 5 still here", "beside 0001")
        report.add("another person meanwhile", seen.status)
    ended = time.perf_counter()
    refusals = sum(count for status, count in statuses.items() if status in (429, 503))
    report.add("twice as many: answered", statuses[200])
    report.add("twice as many: refused with 429 or 503", refusals)
    odd = sum(statuses.values()) - statuses[200] - refusals
    report.bound("twice as many: refused otherwise, or without Retry-After", odd + unsaid, 0)
    while True:
        try:
            tab = Tab(client, team.config, "after")
            async with tab.watching():
                await tab.ask("!tokens 5 after it", f"after {time.perf_counter()}")
            break
        except Refused:
            await asyncio.sleep(0.2)
    report.bound("recovery after it", time.perf_counter() - ended, RECOVERY_S, "s")


# A long time --------------------------------------------------------------------------------------


async def _soak(report: Report, server: Server, team: Team, chosen: argparse.Namespace) -> None:
    """Half the streams, again and again; memory after a tenth of the time, and at the end."""
    until = time.perf_counter() + chosen.soak * 60
    warm = time.perf_counter() + chosen.soak * 6
    done, first = 0, 0.0

    async def person(number: int) -> None:
        nonlocal done
        while time.perf_counter() < until:
            script = _script(number, chosen)
            seen = await _round(team.tab(number), script, f"soak {number} {done} {time.time()}", 0)
            assert seen.text == _whole(script), f"client {number} got another text"
            done += 1

    async def look() -> None:
        nonlocal first
        await asyncio.sleep(warm - time.perf_counter())
        first = server.memory()

    await asyncio.gather(look(), *(person(number) for number in range(chosen.streams // 2)))
    name = f"{chosen.soak:g} minutes, {chosen.streams // 2} streams"
    last = server.memory()
    report.add(f"answers, {name}", done)
    report.add(f"memory after a tenth, {name}", first, "MiB")
    report.add(f"memory at the end, {name}", last, "MiB")
    report.bound(f"growth, {name}", last / first - 1, GROWTH)
    report.add("open files", server.process.num_fds())


if __name__ == "__main__":
    asyncio.run(main())
