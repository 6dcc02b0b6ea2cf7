"""What authors wait for: a rendering in the sandbox, a preview after a keystroke, a long history.

    python bench/prompting.py [--rounds 300] [--versions 10000] [--cases 50] [--json]

Rendering through a worker stands beside `prompts.render` in this process, in turn, with the same
values. A preview is all that the editor asks after a change: lint, reading, messages, and tokens of
a model in the starter's shape. A prompt with many versions is opened in turn with one of ten. A
matrix of 3 versions x 2 models (scripted; one over HTTP) x cases tells how far it is.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from _report import Report, median, options, percentile
from _talks import SENTENCE
from runtime import checkpoint

import prompts
from chatbot.backends.checkpoint import adopt
from chatbot.bootstrap import Product, build
from chatbot.looking import Texts
from chatbot.settings import HostedModel, Settings
from chatbot.testing import Column
from prompts.sandbox import Limits, Sandbox
from store import prompts as rows
from tests.support.scripted_server import MODEL, ScriptedServer

RENDER_MS = 15.0
"""Most milliseconds of a rendering in a warm worker, at the 95th percentile."""
PREVIEW_MS = 150.0
"""Most milliseconds from a changed text to its preview, at the 95th percentile."""
LONGER = 1.3
"""How much more opening a prompt may cost with many versions than with ten."""
COLUMNS = 6
DELAY_S = 0.05
"""Seconds before each scripted answer begins."""

numbers = itertools.count()


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--cases", type=int, default=50)
    chosen = parser.parse_args()
    report = Report("prompting", as_json=chosen.json)
    _renders(report, chosen.rounds)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-") as home,
        ScriptedServer() as server,  # type: ignore[no-untyped-call]
        closing(_opened(Path(home), server.url)) as product,
    ):
        _previews(report, product, chosen.rounds)
        _histories(report, product, chosen.versions, chosen.rounds)
        asyncio.run(_matrix(report, product, chosen.cases))
    report.finish()


def _opened(home: Path, url: str) -> Product:
    folder = home / "models" / "random@1"
    folder.parent.mkdir()
    checkpoint(folder)
    adopt(folder, parameters={"max_tokens": 64})
    hosted = HostedModel(name="remote", model=MODEL, base_url=url, max_tokens=64)
    settings = Settings(home=home, model="random", scripted=True, hosted=(hosted,))
    return build(settings)


def _timed(call: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def _pair(report: Report, name: str, times: Sequence[float]) -> None:
    report.add(f"{name}, p50", median(times), "ms")
    report.add(f"{name}, p95", percentile(times, 0.95), "ms")


# Rendering ----------------------------------------------------------------------------------------


def _renders(report: Report, rounds: int) -> None:
    """Support's prompt with passages and 20 messages, in a worker and here; then a first use."""
    prompt = prompts.library()["support"]
    past = [{"role": ("user", "assistant")[n % 2], "content": SENTENCE * 4} for n in range(20)]
    passages = [{"title": f"Source {n}", "text": SENTENCE * 10} for n in range(5)]
    values = {**prompts.samples(prompt), "history": past, "passages": passages}
    begun = time.perf_counter()
    with closing(Sandbox(Limits())) as box:
        box.serve(prompt, values)
        report.add("first rendering, with the start of processes", _since(begun), "ms")
        there: list[float] = []
        here: list[float] = []
        for _ in range(rounds):
            asked = {**values, "question": f"{next(numbers)} {SENTENCE}"}
            here.append(_timed(lambda asked=asked: prompts.render(prompt, asked)))  # type: ignore[misc]
            there.append(_timed(lambda asked=asked: box.serve(prompt, asked)))  # type: ignore[misc]
        _pair(report, "rendering here", here)
        report.add("rendering in a worker, p50", median(there), "ms")
        report.bound("rendering in a worker, p95", percentile(there, 0.95), RENDER_MS, "ms")
        for worker in (box._turns.take(1), box._turns.take(1)):  # noqa: SLF001
            box._turns.give(worker, sound=False)  # noqa: SLF001
        report.add(
            "rendering after a worker was killed", _timed(lambda: box.serve(prompt, values)), "ms"
        )


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


# The preview --------------------------------------------------------------------------------------


def _previews(report: Report, product: Product, rounds: int) -> None:
    """The editor's request after each letter of a sentence that is typed into the prompt."""
    product.registry.open("random")
    prompt = prompts.library()["support"]
    values = {**prompts.samples(prompt), "question": SENTENCE}
    times = []
    for number in range(rounds + 1):
        typed = f"{prompt.source.rstrip()}\n{SENTENCE[: number % 60]} {number}\n"
        texts = Texts(typed, dict(prompt.partials))
        begun = time.perf_counter()
        looked = product.looking.look(texts, values, "random")
        if number:  # the first is to warm up
            times.append(_since(begun))
        assert looked.shown, looked.problems
        assert looked.total, "the model's tokens were not counted"
    report.add("preview after a change, p50", median(times), "ms")
    report.bound("preview after a change, p95", percentile(times, 0.95), PREVIEW_MS, "ms")


# History ------------------------------------------------------------------------------------------


def _histories(report: Report, product: Product, versions: int, rounds: int) -> None:
    """What the page asks to open a prompt: the newest version, its history, its releases."""
    for name, number in (("short", 10), ("long", versions)):
        _grow(product, name, number)
    person, authoring = product.person(), product.authoring

    def opened(name: str) -> None:
        authoring.open(person, name)
        authoring.history(person, name)
        authoring.releases(person, name)

    opened("short")
    opened("long")
    pairs = [
        (_timed(lambda: opened("short")), _timed(lambda: opened("long")))
        for _ in range(min(rounds, 60))
    ]
    short, long = median([one for one, _ in pairs]), median([two for _, two in pairs])
    report.add("opening a prompt with 10 versions, p50", short, "ms")
    report.add(f"opening a prompt with {versions:,} versions, p50", long, "ms")
    report.bound("  as many times as long", long / short, LONGER)
    listed = [_timed(lambda: authoring.list(person)) for _ in range(10)]
    report.add("the list of prompts beside them, p50", median(listed), "ms")


def _grow(product: Product, name: str, number: int) -> None:
    text = prompts.library()["rewrite"].source
    partials = dict(prompts.library()["rewrite"].partials)
    parent = None
    for begin in range(0, number, 1000):
        with product.archive.main.writing() as session:
            for each in range(begin, min(begin + 1000, number)):
                source = text.replace("name: rewrite", f"name: {name}\n# {each}")
                last = each == number - 1  # alone is read again
                sha = prompts.parse(source, partials).sha if last else f"{name} {each}"
                rows.save_version(
                    session,
                    sha=sha,
                    prompt=name,
                    kind="task",
                    source=source,
                    partials=partials,
                    examples=None,
                    author="Bench",
                    note="",
                    parent=parent,
                )
                parent = sha


# The matrix ---------------------------------------------------------------------------------------


async def _matrix(report: Report, product: Product, cases: int) -> None:
    """Cells of 3 versions under 2 models, at once; one after another they would add up."""
    person, authoring = product.person(), product.authoring
    source = (
        "---\nname: matrix\ninputs:\n  - {name: q, kind: text}\n---\n"
        "system:\nVersion %d.\nuser:\n!delay %s !say {{ q }}\n"
    )
    shas: list[str] = []
    for number in range(3):
        text = source % (number, DELAY_S)
        parent = shas[-1] if shas else None
        saved = authoring.save(person, "matrix", text, {}, None, parent=parent, note="")
        shas.append(saved.version.sha)
    tests = "".join(
        f"- description: case {n}\n  vars: {{q: word {n}}}\n"
        f"  assert: [{{type: contains, value: word {n}}}]\n"
        for n in range(cases)
    )
    authoring.save_tests(person, "matrix", tests, parent=None)
    columns = [Column(sha, model) for sha in shas for model in ("scripted", "remote")]
    await product.testing.run(person, "matrix", columns, cases=[0])  # to load what models need
    seen: list[int] = []
    begun = time.perf_counter()
    run = await product.testing.run(
        person, "matrix", columns, tell=lambda progress: seen.append(progress.done)
    )
    took = time.perf_counter() - begun
    cells = COLUMNS * cases
    waited = sum(
        output["latency_s"]
        for cell in product.testing.view(person, run).cells
        for output in cell.result.outputs
    )
    report.add(f"matrix of 3 versions, 2 models, {cases} cases", took, "s", f"{cells} answers")
    report.add("  one after another its answers take", waited, "s")
    report.add("  answers at the same time, on the average", waited / took)
    report.add("  looks at its progress", float(len(set(seen))), "", f"last {seen[-1]} of {cells}")


if __name__ == "__main__":
    main()
