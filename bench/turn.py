"""What our path of a turn costs: before the first token, while it streams, in a long conversation.

    python bench/turn.py [--rounds 40] [--repeats 5] [--tokens 128] [--database URL] [--json]

The path is everything between a page's request and the runtime: checks, the commit of the question,
prompt, history, budget, LangChain, threads, snapshots, saving. Beside it the same prompts go to the
bare runtime (no text, no thread, no LangChain) in the same process, in turn. The local model has
random weights in the starter's shape, so that no answer ends early.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from _report import Report, median, options, percentile
from _talks import SENTENCE, conversation
from runtime import checkpoint
from sqlalchemy import update

from chatbot.backends.base import Ask
from chatbot.backends.cancel import CancelToken
from chatbot.backends.checkpoint import adopt
from chatbot.backends.local import KEEP_BYTES, LocalModel
from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.torch_runtime import TorchRuntime
from chatbot.backends.scripted import ScriptedModel
from chatbot.bootstrap import Product, build
from chatbot.settings import Settings
from store.models import User

ADDED_MS = 25.0
"""Most milliseconds that the path may add to the first token, at the 95th percentile."""
LOST = 0.10
"""Most of the bare runtime's tokens a second that the path may cost."""
LONGER = 1.3
"""How much more sending may cost at message 1,000 than at message 10."""

SAMPLING = Sampling(temperature=0.7, top_p=0.95)
QUESTION = SENTENCE * 3

numbers = itertools.count()


@dataclass
class Bench:
    """A product with both models, and the runtimes that they stand on."""

    product: Product
    engine: TorchRuntime
    local: LocalModel
    scripted: ScriptedModel


async def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="first tokens to measure")
    parser.add_argument("--repeats", type=int, default=5, help="of each throughput")
    parser.add_argument("--tokens", type=int, default=128, help="length of an answer")
    parser.add_argument("--database", default="", help="URL; a new SQLite file by default")
    chosen = parser.parse_args()
    report = Report("turn", as_json=chosen.json)
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-") as home:
        bench = _opened(Path(home), chosen.database, chosen.tokens)
        try:
            await _first_tokens(report, bench, chosen.rounds)
            for streams in (1, 8):
                await _throughput(report, bench, streams, chosen.tokens, chosen.repeats)
            await _lengths(report, bench, chosen.rounds)
        finally:
            await bench.product.chat.close()
            bench.product.close()
    report.finish()


def _opened(home: Path, database: str, tokens: int) -> Bench:
    folder = home / "models" / "random@1"
    folder.parent.mkdir()
    reference = checkpoint(folder).float()
    settings = {"temperature": SAMPLING.temperature, "top_p": SAMPLING.top_p, "max_tokens": tokens}
    adopt(folder, parameters=settings)
    product = build(
        Settings(
            home=home,
            model="random",
            scripted=True,
            database_url=database,
            runtime="transformers",  # the same as the bare one
        )
    )
    local, scripted = product.registry.open("random"), product.registry.open("scripted")
    assert isinstance(local, LocalModel)
    assert isinstance(scripted, ScriptedModel)
    return Bench(product, TorchRuntime(reference, keep_bytes=KEEP_BYTES), local, scripted)


# The first token ----------------------------------------------------------------------------------


async def _first_tokens(report: Report, bench: Bench, rounds: int) -> None:
    kinds = {
        "scripted": (lambda: _bare_scripted(bench), lambda: _ours(bench, "scripted")),
        "local": (lambda: _bare_local(bench), lambda: _ours(bench, "random")),
    }
    for name, (bare, ours) in kinds.items():
        await bare()
        await ours()
        commits = []
        pairs = []
        for _ in range(rounds):
            commits.append(_bare_commit(bench) * 1000)
            pairs.append((await bare(), await ours()))
        added = [(path - alone) * 1000 for alone, path in pairs]
        report.add(f"first token, {name}, bare, p50", median([a for a, _ in pairs]) * 1000, "ms")
        report.add(
            f"first token, {name}, our path, p50", median([b for _, b in pairs]) * 1000, "ms"
        )
        report.add(f"added to the first token, {name}, p50", median(added), "ms")
        report.bound(
            f"added to the first token, {name}, p95", percentile(added, 0.95), ADDED_MS, "ms"
        )
        report.add("  of it one row, committed to this disk, p50", median(commits), "ms")
        report.add("  of it one row, committed to this disk, p95", percentile(commits, 0.95), "ms")


def _asked() -> str:
    """A question like no other, so that no cache knows it."""
    return f"{next(numbers)} {QUESTION}"


def _messages(bench: Bench, question: str) -> list[dict[str, str]]:
    """What the path sends for a question that begins a conversation."""
    from chatbot.answering import values_of
    from chatbot.chain import Plan, render

    releases = bench.product.releases
    prompt = releases.prompt(max(releases.current("assistant").weights))
    return render(Plan(prompt, values_of(prompt, question, ""))).messages


async def _ours(bench: Bench, model: str) -> float:
    """Seconds from the request to the first text that a reader of the turn sees."""
    chat, person = bench.product.chat, bench.product.person()
    question, key = _asked(), f"first {next(numbers)}"
    begun = time.perf_counter()
    turn = await chat.start_turn(person, None, question, key, model=model)
    async with aclosing(turn.follow()) as looks:
        async for look in looks:
            if look.text:
                break
    taken = time.perf_counter() - begun
    await chat.stop(person, turn.reply)
    return taken


def _bare_commit(bench: Bench) -> float:
    """Seconds of the least that a database can do to keep something: one row in a small table."""
    accounts = bench.product.archive.main
    begun = time.perf_counter()
    with accounts.writing() as session:
        session.execute(update(User).values(name=f"You {next(numbers)}"))
    return time.perf_counter() - begun


async def _bare_scripted(bench: Bench) -> float:
    asked = _messages(bench, _asked())
    begun = time.perf_counter()
    ask = Ask(asked, None, (), CancelToken(), continue_final=False, options={})
    async with aclosing(bench.scripted.deltas(ask)) as deltas:
        await anext(deltas)
    return time.perf_counter() - begun


async def _bare_local(bench: Bench) -> float:
    prompt = bench.local._tokens.encode(_messages(bench, _asked()))  # noqa: SLF001
    begun = time.perf_counter()
    request = Request(prompt, SAMPLING)
    bench.engine.start(request)
    while not bench.engine.step():
        pass
    taken = time.perf_counter() - begun
    bench.engine.stop(request)
    return taken


# Tokens a second ----------------------------------------------------------------------------------


async def _throughput(
    report: Report, bench: Bench, streams: int, tokens: int, repeats: int
) -> None:
    bare, ours = [], []
    for repeat in range(repeats + 1):
        alone, path = _drive(bench, streams, tokens), await _talk(bench, streams, tokens)
        if repeat:  # the first is to warm up
            bare.append(alone)
            ours.append(path)
    lost = 1 - median([path / alone for alone, path in zip(bare, ours, strict=True)])
    name = f"{streams} stream{'s' if streams > 1 else ''}"
    report.add(f"tokens a second, {name}, bare", round(median(bare)))
    report.add(f"tokens a second, {name}, our path", round(median(ours)))
    report.bound(f"lost of the bare runtime's, {name}", lost, LOST)


def _drive(bench: Bench, streams: int, tokens: int) -> float:
    """Tokens a second of the runtime alone."""
    encode = bench.local._tokens.encode  # noqa: SLF001
    prompts = [encode(_messages(bench, _asked())) for _ in range(streams)]
    begun = time.perf_counter()
    made = {Request(prompt, SAMPLING): 0 for prompt in prompts}
    for request in made:
        bench.engine.start(request)
    while made:
        for stepped in bench.engine.step():
            made[stepped.request] += 1
            if made[stepped.request] == tokens:
                bench.engine.stop(stepped.request)
                del made[stepped.request]
    return streams * tokens / (time.perf_counter() - begun)


async def _talk(bench: Bench, streams: int, tokens: int) -> float:
    """Tokens a second of as many conversations at once, each with a reader, all saved."""
    chat, person = bench.product.chat, bench.product.person()
    questions = [_asked() for _ in range(streams)]
    begun = time.perf_counter()

    async def one(question: str) -> None:
        turn = await chat.start_turn(person, None, question, f"talk {next(numbers)}")
        async for _ in turn.follow():
            pass
        assert (turn.status, turn.saved) == ("truncated", True), turn.error

    await asyncio.gather(*(one(question) for question in questions))
    return streams * tokens / (time.perf_counter() - begun)


# Short and long conversations ---------------------------------------------------------------------


async def _lengths(report: Report, bench: Bench, rounds: int) -> None:
    """Sending and answering at message 10 and at message 1,000, in turn."""
    short = [conversation(bench.product, 10) for _ in range(rounds + 1)]
    long = [conversation(bench.product, 1000) for _ in range(2)]
    for step, name in ((_saved, "question saved"), (_answered, "whole turn")):
        taken: dict[int, list[float]] = {10: [], 1000: []}
        for number in range(rounds + 1):
            for length, talks in ((10, short), (1000, long)):
                seconds = await _timed(step, bench, talks[number % len(talks)])
                if number:
                    taken[length].append(seconds * 1000)
        for length, values in taken.items():
            report.add(f"{name}, at message {length:,}, p50", median(values), "ms")
        ratio = median(taken[1000]) / median(taken[10])
        report.bound(f"{name}, message 1,000 / message 10", ratio, LONGER)


async def _timed(
    step: Callable[[Bench, str], Awaitable[Callable[[], Awaitable[object]]]],
    bench: Bench,
    conversation: str,
) -> float:
    """Seconds of a step; what it leaves to do is done outside the time."""
    begun = time.perf_counter()
    rest = await step(bench, conversation)
    taken = time.perf_counter() - begun
    await rest()
    return taken


async def _saved(bench: Bench, conversation: str) -> Callable[[], Awaitable[object]]:
    key = f"saved {next(numbers)}"
    person = bench.product.person()
    turn = await bench.product.chat.start_turn(person, conversation, "!say yes", key)
    return turn.finished


async def _answered(bench: Bench, conversation: str) -> Callable[[], Awaitable[object]]:
    rest = await _saved(bench, conversation)
    await rest()
    return rest


if __name__ == "__main__":
    asyncio.run(main())
