"""What a local model gives here, against transformers alone and any server, in the same run.

    python bench/runtime.py [--shape starter|0.5b] [--precision int8] [--rounds 5] [--tokens 96]
                            [--streams 1,8] [--against URL --peer-model NAME]

Weights are random, in the starter's shape or that of Qwen2.5-0.5B, with the starter's tokenizer;
no answer ends early. Greedy, prompts of about 64 tokens. Rounds of all kinds alternate and the
median of each counts. `generate` is transformers in bf16, its streams one static batch; `runtime`
is ours without threads and text, `astream` what the product does. `--against` puts the same load on
a server that speaks OpenAI's API, such as llama-server on the same weights (`--keep FOLDER` leaves
the checkpoint there to convert). Then: the first token of the 2nd and the 20th turn, the time until
ready, and how far greedy answers of the shipped starter in each precision are those of fp32.
Results also go to bench/out/runtime.json.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, Qwen2Config

from chatbot.backends.checkpoint import MANIFEST, Manifest, adopt, read_manifest
from chatbot.backends.converting import quiet
from chatbot.backends.fast import Fast
from chatbot.backends.local import LocalModel
from chatbot.backends.registry import STARTER
from chatbot.backends.runtimes.base import Request, Runtime, Sampling
from chatbot.backends.runtimes.torch_runtime import ALL_THREADS

OUT = Path(__file__).parent / "out"
SENTENCE = "The parcel left our house on Monday and should arrive within three working days. "
QUESTIONS = (
    "What can you help me with?",
    "Who are you?",
    "My parcel has not arrived. What should I do?",
    "I want my money back.",
    "How do I change my password?",
    "Can you write a poem about code?",
    "Thank you, that was kind.",
    "The lamp I bought is broken.",
    "Do you open on Sundays?",
    "I was charged twice for one order.",
)
QWEN = {
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
Figures = dict[str, dict[str, float]]


def main() -> None:
    """Measure, print, keep."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as home:
        folder = (arguments.keep or Path(home)) / "random@1"
        reference = checkpoint(folder, arguments.shape)
        fast = Fast(Path(home) / "converted", arguments.precision, wait=True)
        manifest = adopt(folder)
        model = LocalModel.load(folder, manifest, fast=fast)
        millions = reference.num_parameters() / 1e6
        print(f"{millions:.1f} M parameters, {model.runtime}, {ALL_THREADS} threads")
        results: Figures = {}
        for streams in map(int, arguments.streams.split(",")):
            runtime = _runtime(fast, folder, manifest)
            results[f"{streams} streams"] = _throughput(
                reference, runtime, model, streams, arguments
            )
        _print_growth(results)
        results["first token"] = _first_token(model, arguments.rounds)
        model.close()
        results["ready"] = _ready(folder, fast, arguments.rounds)
        results["agreement"] = _agreement(Path(home) / "converted")
    OUT.mkdir(exist_ok=True)
    (OUT / f"runtime-{arguments.shape}.json").write_text(json.dumps(results, indent=1))


def _runtime(fast: Fast, folder: Path, manifest: Manifest, keep_bytes: int = 0) -> Runtime:
    made = fast.make(folder, manifest, quiet, Event())
    context = AutoConfig.from_pretrained(folder, local_files_only=True).max_position_embeddings
    return fast.open(made, context=context, threads=ALL_THREADS, keep_bytes=keep_bytes)


def _throughput(
    reference: PreTrainedModel,
    runtime: Runtime,
    model: LocalModel,
    streams: int,
    arguments: argparse.Namespace,
) -> dict[str, float]:
    """Tokens a second over all streams, prompts included."""
    tokens = arguments.tokens
    talks = [[{"role": "user", "content": SENTENCE * 3 + str(n)}] for n in range(streams)]
    prompts = [model._tokens.encode(talk) for talk in talks]  # noqa: SLF001 (the same prompts)
    ids = torch.tensor([prompt[: min(map(len, prompts))] for prompt in prompts])
    rounds = iter(range(10**6))  # no two prompts alike: no cache is found for them

    async def every() -> None:
        fresh = f"{next(rounds)} "
        await asyncio.gather(
            *(
                _stream(model, [{"role": "user", "content": fresh + talk[0]["content"]}], tokens)
                for talk in talks
            )
        )

    kinds: dict[str, Callable[[], object]] = {
        "generate": lambda: _generate(reference, ids, tokens),
        "runtime": lambda: _drive(runtime, ids, tokens),
        "astream": lambda: asyncio.run(every()),
    }
    if arguments.against:
        kinds["against"] = lambda: asyncio.run(_peer(arguments, talks, tokens))
    medians = _medians(kinds, arguments.rounds)
    figures = {name: streams * tokens / seconds for name, seconds in medians.items()}
    for name, rate in figures.items():
        ratio = rate / figures["generate"]
        print(f"{streams} streams  {name:9} {rate:7.1f} tokens/s  x{ratio:.2f}")
    return figures


def _print_growth(results: Figures) -> None:
    """What more streams give over one, by our runtime."""
    one = results.get("1 streams")
    for name, figures in results.items():
        if one is not None and figures is not one:
            print(f"{name} over 1, runtime  x{figures['runtime'] / one['runtime']:.2f}")


def _generate(reference: PreTrainedModel, ids: torch.Tensor, tokens: int) -> None:
    torch.set_num_threads(ALL_THREADS)
    mask = torch.ones_like(ids)
    out = reference.generate(ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False)
    assert out.shape[1] == ids.shape[1] + tokens


def _drive(runtime: Runtime, ids: torch.Tensor, tokens: int) -> dict[Request, list[int]]:
    """The runtime without thread, text or LangChain."""
    requests = [Request(row.tolist(), Sampling()) for row in ids]
    return run(runtime, requests, tokens)


def run(runtime: Runtime, requests: list[Request], tokens: int) -> dict[Request, list[int]]:
    """All at once, each to its end."""
    given: dict[Request, list[int]] = {request: [] for request in requests}
    for request in requests:
        runtime.start(request)
    left = set(requests)
    while left:
        for stepped in runtime.step():
            given[stepped.request].append(stepped.token)
            if len(given[stepped.request]) == tokens:
                runtime.stop(stepped.request)
                left.remove(stepped.request)
    return given


async def _stream(model: LocalModel, talk: list[dict[str, str]], tokens: int) -> None:
    """An answer as the product asks for it."""
    usage = None
    async for chunk in model.astream(talk, max_tokens=tokens, temperature=0):
        usage = chunk.usage_metadata or usage
    assert usage is not None
    assert usage["output_tokens"] == tokens


async def _peer(
    arguments: argparse.Namespace, talks: list[list[dict[str, str]]], tokens: int
) -> None:
    """The same load on another server; `ignore_eos` is llama.cpp's and vLLM's word."""
    url = arguments.against.rstrip("/") + "/chat/completions"
    asked = {"model": arguments.peer_model, "max_tokens": tokens, "temperature": 0}
    asked |= {"stream": True, "ignore_eos": True, "cache_prompt": False}
    async with httpx.AsyncClient(timeout=600) as client:

        async def one(talk: list[dict[str, str]]) -> None:
            async with client.stream("POST", url, json=asked | {"messages": talk}) as answer:
                answer.raise_for_status()
                pieces = [line async for line in answer.aiter_lines() if line.startswith("data:")]
            assert len(pieces) >= tokens / 2, "the server ended early"

        await asyncio.gather(*map(one, talks))


def _first_token(model: LocalModel, rounds: int) -> dict[str, float]:
    """Milliseconds to the first token of a turn that follows 1 and 19 others."""
    figures = {}
    for turns in (2, 20):
        taken = []
        for number in range(rounds + 1):
            talk = [{"role": "user", "content": f"{number} of {turns}. Where is my parcel?"}]
            for _ in range(turns - 1):
                answer = str(model.invoke(talk, max_tokens=12, temperature=0).content)
                more = {"role": "user", "content": "And then?"}
                talk += [{"role": "assistant", "content": answer}, more]
            begun = time.perf_counter()
            asyncio.run(_stream(model, talk, 1))
            taken.append((time.perf_counter() - begun) * 1000)
        figures[f"turn {turns}"] = statistics.median(taken[1:])
    ratio = figures["turn 20"] / figures["turn 2"]
    print(*(f"first token of {name} {value:.1f} ms " for name, value in figures.items()), end=" ")
    print(f"x{ratio:.2f}")
    return figures


def _ready(folder: Path, fast: Fast, rounds: int) -> dict[str, float]:
    """Seconds of a fresh process until ready, and until it has imported and read the file alone."""
    made = fast.find(folder, read_manifest(folder) or adopt(folder))
    assert made is not None
    alone = (
        "import onnxruntime, pathlib, sys, torch, transformers.models.auto;"
        "from transformers import AutoConfig, AutoTokenizer;"
        "AutoConfig.from_pretrained(sys.argv[2]);"  # which imports that kind of model
        "pathlib.Path(sys.argv[1], 'model.onnx.data').read_bytes()"
    )
    ours = (
        "import sys; from pathlib import Path;"
        "from chatbot.backends.checkpoint import read_manifest, verify;"
        "from chatbot.backends.fast import Fast; from chatbot.backends.local import LocalModel;"
        "folder, cache = Path(sys.argv[2]), Path(sys.argv[1]).parent; made = read_manifest(folder);"
        "verify(folder, made);"
        f"model = LocalModel.load(folder, made, fast=Fast(cache, {fast.precision!r}));"
        "assert 'onnxruntime' in model.runtime; model.close()"
    )

    def start(program: str) -> Callable[[], object]:
        command = [sys.executable, "-c", program, str(made), str(folder)]
        return lambda: subprocess.run(command, check=True)

    medians = _medians({"alone": start(alone), "ready": start(ours)}, min(rounds, 3))
    ratio = medians["ready"] / medians["alone"]
    print(f"import and read {medians['alone']:.2f} s, ready {medians['ready']:.2f} s  x{ratio:.2f}")
    return medians


def _agreement(cache: Path, tokens: int = 40) -> dict[str, float]:
    """How much of the starter's greedy answers is that of fp32, by precision."""
    manifest = read_manifest(STARTER)
    assert manifest is not None
    answers: dict[str, list[list[int]]] = {}
    figures = {}
    for precision in ("fp32", "int8", "int4"):
        fast = Fast(cache, precision, wait=True)
        model = LocalModel.load(STARTER, manifest, fast=fast)
        prompts = [model._tokens.encode([{"role": "user", "content": q}]) for q in QUESTIONS]  # noqa: SLF001
        model.close()
        given = run(
            _runtime(fast, STARTER, manifest),
            [Request(prompt, Sampling()) for prompt in prompts],
            tokens,
        )
        answers[precision] = list(given.values())
        shares = [
            _common(one, other) / tokens
            for one, other in zip(answers[precision], answers["fp32"], strict=True)
        ]
        figures[precision] = statistics.mean(shares)
        alike = sum(share == 1 for share in shares)
        print(
            f"starter in {precision}: {figures[precision]:.0%} of the tokens before the first that "
            f"differs from fp32, {alike} of {len(shares)} answers alike"
        )
    return figures


def _common(one: list[int], other: list[int]) -> int:
    """The length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=True))
    return next((place for place, (a, b) in pairs if a != b), len(one))


def _medians(kinds: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each, taken in turn after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    with torch.inference_mode():
        for _ in range(rounds + 1):
            for name, run_once in kinds.items():
                begun = time.perf_counter()
                run_once()
                taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(seconds[1:]) for name, seconds in taken.items()}


def checkpoint(folder: Path, shape: str = "starter") -> PreTrainedModel:
    """Random weights on disk, and open in bf16; control tokens are never the likeliest."""
    shutil.copytree(
        STARTER,
        folder,
        ignore=shutil.ignore_patterns("*.safetensors", MANIFEST, "*.md", "evaluation.json"),
    )
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    if shape == "0.5b":
        config = Qwen2Config(**QWEN, eos_token_id=config.eos_token_id, bos_token_id=1)
    config.initializer_range = 0.6 if shape == "starter" else 0.1
    torch.manual_seed(0)
    transformers.utils.logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        model.get_input_embeddings().weight[:16] = 0.0
    model = model.to(torch.bfloat16)
    model.save_pretrained(folder)
    model.generation_config.eos_token_id = None
    return model


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--shape", choices=("starter", "0.5b"), default="starter")
    parser.add_argument("--precision", choices=("int8", "int4", "fp32"), default="int8")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--streams", default="1,8")
    parser.add_argument("--against", help="an OpenAI-compatible server, ending in /v1")
    parser.add_argument("--peer-model", default="default", help="the model's name there")
    parser.add_argument("--keep", type=Path, help="leave the random checkpoint in this folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
