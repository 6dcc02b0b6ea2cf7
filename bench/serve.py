"""What the API costs: its overhead, a model through it against the same raw, any other server.

    python bench/serve.py [--rate 50] [--seconds 20] [--json]
    python bench/serve.py [--rounds 5] [--tokens 96] [--shape starter|0.5b]
    python bench/serve.py --against http://127.0.0.1:8080/v1 --peer-model NAME [--keep FOLDER]

Overhead: requests at a fixed rate to the scripted model, which answers at once, so that all time is
ours; the server has one core to itself where there are two. Raw against API: a checkpoint of random
weights in the starter's shape, or in that of a model of 0.5 billion parameters, whose answers do
not end early; rounds of both alternate and the median of each counts, the server idle while the raw
runtime computes. `--against` asks another OpenAI-compatible server the same, such as llama-server
on the checkpoint that `--keep` leaves in a folder. The key for it is in PEER_KEY. Results also go
to bench/out/serve.json.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from _report import Report, median, options, percentile
from _served import Server, served
from runtime import checkpoint

from chatbot.backends.base import Ask
from chatbot.backends.cancel import CancelToken
from chatbot.backends.checkpoint import adopt, read_manifest
from chatbot.backends.fast import Fast
from chatbot.backends.local import LocalModel
from chatbot.bootstrap import build
from chatbot.settings import Settings

OVERHEAD_MS = 15.0
"""Most milliseconds of the API at the 95th percentile."""
SHARE = 0.9
"""Least of the raw runtime's speed that is to be left."""
SETTLED = 4.0
"""Seconds after which nothing of the start is left to do."""
LABEL = "bench@1"
QUESTION = "Where is my parcel, and when will it be here? " * 5
TALK = [{"role": "user", "content": QUESTION}]


@dataclass
class Round:
    """One answer: seconds to the first token, tokens a second behind it."""

    first: float
    rate: float


def main() -> None:
    arguments = _arguments()
    report = Report("serve", as_json=arguments.json)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        home = Path(folder)
        model = Path(arguments.keep) if arguments.keep else home / "models" / LABEL
        checkpoint(model, arguments.shape)
        adopt(model, name="bench", version="1", context=1024)
        if arguments.keep:
            (home / "models").mkdir()
            (home / "models" / LABEL).symlink_to(model.resolve())
        keys = _keys(home)
        raw = _raw(home, model)
        quiet = {"CHATBOT_SCRIPTED": "true", "CHATBOT_RUNTIME": "int8", "CHATBOT_ENCODER": "none"}
        server = ends.enter_context(served(home, LABEL, **quiet))
        _wait(server)
        asyncio.run(_measure(arguments, report, server, keys, raw))
        raw.close()
    report.finish()


async def _measure(
    arguments: argparse.Namespace,
    report: Report,
    server: Server,
    keys: dict[str, str],
    raw: LocalModel,
) -> None:
    base = f"{server.address}/v1"
    async with httpx.AsyncClient(timeout=120) as client:
        await _api(client, base, keys["kept not"], LABEL, arguments.tokens)  # opens the model
        for kind, key in keys.items():
            await _overhead(client, base, key, kind, arguments, report, server)
        raws, apis = [], []
        for _ in range(arguments.rounds):
            raws.append(await _raw_round(raw, arguments.tokens))
            apis.append(await _api(client, base, keys["kept not"], LABEL, arguments.tokens))
        _compare(report, raws, apis)
        if arguments.against:
            peer = arguments.peer_model, os.environ.get("PEER_KEY", "none")
            found = [
                await _api(client, arguments.against, peer[1], peer[0], arguments.tokens)
                for _ in range(arguments.rounds + 1)
            ][1:]
            report.add("first token, the other server", _first(found), "ms")
            report.add("tokens a second, the other server", _rate(found), "/s")


async def _overhead(
    client: httpx.AsyncClient,
    base: str,
    key: str,
    kind: str,
    arguments: argparse.Namespace,
    report: Report,
    server: Server,
) -> None:
    """Requests at a fixed rate, whether or not earlier ones are answered."""
    asked = {"model": "scripted", "messages": [{"role": "user", "content": "!say one two three"}]}
    took: list[float] = []

    async def one() -> None:
        begun = time.perf_counter()
        answer = await client.post(f"{base}/chat/completions", json=asked, headers=_shown(key))
        answer.raise_for_status()
        took.append((time.perf_counter() - begun) * 1000)

    for _ in range(20):
        await one()
    await asyncio.sleep(SETTLED)  # what was loaded is put aside once, which stops everything
    took.clear()
    core = _pin(server)
    worked, begun = server.worked(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(arguments.rate * arguments.seconds):
            await asyncio.sleep(max(0.0, begun + number / arguments.rate - time.perf_counter()))
            group.create_task(one())
    busy = (server.worked() - worked) / (time.perf_counter() - begun)
    _unpin(server)
    name = f"{arguments.rate} requests/s, {kind}"
    report.add(f"{name}, median", median(took), "ms", core)
    report.bound(f"{name}, p95", percentile(took, 0.95), OVERHEAD_MS, "ms")
    report.add(f"{name}, share of a core", busy)


async def _api(client: httpx.AsyncClient, base: str, key: str, model: str, tokens: int) -> Round:
    """One streamed answer, its pieces timed as they come."""
    asked = {"model": model, "messages": TALK, "max_tokens": tokens, "temperature": 0}
    asked |= {"stream": True, "stream_options": {"include_usage": True}}
    begun, first, last, count = time.perf_counter(), None, 0.0, 0
    address = f"{base}/chat/completions"
    async with client.stream("POST", address, json=asked, headers=_shown(key)) as answer:
        if answer.status_code != 200:
            raise SystemExit(f"{base}: {answer.status_code} {(await answer.aread())[:300]!r}")
        async for line in answer.aiter_lines():
            if not line.startswith("data: {"):
                continue
            piece = json.loads(line[6:])
            if piece.get("usage"):
                count = piece["usage"]["completion_tokens"]
            if any(choice["delta"].get("content") for choice in piece["choices"]):
                last = time.perf_counter()
                first = first or last
    assert first is not None, "nothing came"
    return Round(first - begun, (count - 1) / (last - first))


async def _raw_round(model: LocalModel, tokens: int) -> Round:
    """The same by the runtime in this process."""
    ask = Ask(TALK, tokens, (), CancelToken(), continue_final=False, options={"temperature": 0.0})
    begun, first, last, count = time.perf_counter(), None, 0.0, 0
    async for delta in model.deltas(ask):
        if delta.text:
            last = time.perf_counter()
            first = first or last
        count = delta.reply_tokens or count
    assert first is not None, "nothing came"
    return Round(first - begun, (count - 1) / (last - first))


def _compare(report: Report, raws: list[Round], apis: list[Round]) -> None:
    report.add("first token, raw", _first(raws), "ms")
    report.add("first token, through the API", _first(apis), "ms")
    _least(report, "first token: raw / API", _first(raws) / _first(apis))
    report.add("tokens a second, raw", _rate(raws), "/s")
    report.add("tokens a second, through the API", _rate(apis), "/s")
    _least(report, "tokens a second: API / raw", _rate(apis) / _rate(raws))


def _least(report: Report, name: str, value: float) -> None:
    report.add(name, round(value, 3), "", f"{'ok' if value >= SHARE else 'UNDER'}, least {SHARE}")


def _first(rounds: list[Round]) -> float:
    return median([one.first for one in rounds]) * 1000


def _rate(rounds: list[Round]) -> float:
    return median([one.rate for one in rounds])


def _keys(home: Path) -> dict[str, str]:
    """Two keys without limits: what the one asks is kept as conversations."""
    product = build(Settings(home=home, model=LABEL, scripted=True, encoder="none"))
    by = product.person()
    made = {
        kind: product.keys.add(by, name=kind, requests_minute=0, stores=stores).token
        for kind, stores in (("kept not", False), ("kept", True))
    }
    product.close()
    return made


def _raw(home: Path, model: Path) -> LocalModel:
    known = read_manifest(model)
    assert known is not None
    return LocalModel.load(model, known, fast=Fast(home / "converted", "int8", wait=True))


def _wait(server: Server) -> None:
    while b"true" not in server.get("/readyz") and server.age() < 300:
        time.sleep(0.2)


def _shown(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _pin(server: Server) -> str:
    """The server on one core and this process on another, where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        return "one core for both"
    for one in (server.process, *server.process.children(recursive=True)):
        one.cpu_affinity(cores[:1])
    return "one core for the server"


def _unpin(server: Server) -> None:
    if hasattr(os, "sched_getaffinity"):
        for one in (server.process, *server.process.children(recursive=True)):
            one.cpu_affinity(sorted(os.sched_getaffinity(0)))


def _arguments() -> argparse.Namespace:
    parser = options(__doc__)
    parser.add_argument("--rate", type=int, default=50, help="requests a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--shape", choices=("starter", "0.5b"), default="starter")
    parser.add_argument("--against", help="an OpenAI-compatible server, ending in /v1")
    parser.add_argument("--peer-model", default="default", help="the model's name there")
    parser.add_argument("--keep", help="leave the checkpoint in this new folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
