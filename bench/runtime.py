"""What our path to a local model costs and gains, against `transformers.generate` in the same run.

    python bench/runtime.py [--rounds 5] [--tokens 96] [--streams 1,8]

Weights are random, in the starter's shape and with its tokenizer, so that no answer ends early;
greedy, fp32. Prints tokens a second over all streams, the ratio, and milliseconds to the first
token with and without a kept cache. Rounds of ours and theirs alternate; the best of each counts.
Results also go to bench/out/runtime.json.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from chatbot.backends.checkpoint import MANIFEST, adopt
from chatbot.backends.local import LocalModel
from chatbot.backends.registry import STARTER
from chatbot.backends.runtimes.base import Request, Sampling
from chatbot.backends.runtimes.torch_runtime import ALL_THREADS, TorchRuntime

OUT = Path(__file__).parent / "out"
SENTENCE = "The parcel left our house on Monday and should arrive within three working days. "


def main() -> None:
    """Measure, print, keep."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "random@1"
        reference = checkpoint(folder)
        model = LocalModel.load(folder, adopt(folder))
        millions = reference.num_parameters() / 1e6
        print(f"{millions:.1f} M parameters, {model.runtime}, {ALL_THREADS} threads")
        results = {}
        for streams in map(int, arguments.streams.split(",")):
            results[f"{streams} streams"] = _throughput(reference, model, streams, arguments)
        results["first token, ms"] = _first_token(reference, model, arguments.rounds)
        model.close()
    OUT.mkdir(exist_ok=True)
    (OUT / "runtime.json").write_text(json.dumps(results, indent=1))


def _throughput(
    reference: PreTrainedModel, model: LocalModel, streams: int, arguments: argparse.Namespace
) -> dict[str, float]:
    """Tokens a second of generate, of our runtime alone, and through LangChain's stream."""
    tokens = arguments.tokens
    talks = [[{"role": "user", "content": SENTENCE * 3 + str(n)}] for n in range(streams)]
    prompts = [model._tokens.encode(talk) for talk in talks]  # noqa: SLF001 (the same prompts)
    ids = torch.tensor([prompt[: min(map(len, prompts))] for prompt in prompts])

    async def every() -> None:
        await asyncio.gather(*(_stream(model, talk, tokens) for talk in talks))

    kinds: dict[str, Callable[[], object]] = {
        "generate": lambda: _generate(reference, ids, tokens),
        "runtime": lambda: _drive(reference, ids, tokens),
        "astream": lambda: asyncio.run(every()),
    }
    best = _best(kinds, arguments.rounds)
    figures = {name: streams * tokens / seconds for name, seconds in best.items()}
    for name, rate in figures.items():
        print(
            f"{streams} streams  {name:9} {rate:7.0f} tokens/s  x{rate / figures['generate']:.2f}"
        )
    return figures


def _generate(reference: PreTrainedModel, ids: torch.Tensor, tokens: int) -> None:
    torch.set_num_threads(ALL_THREADS)  # its default; our runtime chooses for itself
    mask = torch.ones_like(ids)
    out = reference.generate(ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False)
    assert out.shape[1] == ids.shape[1] + tokens


def _drive(reference: PreTrainedModel, ids: torch.Tensor, tokens: int) -> None:
    """The runtime without thread, text or LangChain."""
    engine = TorchRuntime(reference, keep_bytes=0)
    given = {Request(row.tolist(), Sampling()): 0 for row in ids}
    for request in given:
        engine.start(request)
    while given:
        for stepped in engine.step():
            given[stepped.request] += 1
            if given[stepped.request] == tokens:
                engine.stop(stepped.request)
                del given[stepped.request]


async def _stream(model: LocalModel, talk: list[dict[str, str]], tokens: int) -> None:
    """An answer as the product asks for it."""
    usage = None
    async for chunk in model.astream(talk, max_tokens=tokens, temperature=0):
        usage = chunk.usage_metadata or usage
    assert usage is not None
    assert usage["output_tokens"] == tokens


def _first_token(reference: PreTrainedModel, model: LocalModel, rounds: int) -> dict[str, float]:
    """The second turn of a long conversation: computed anew by generate, and with a kept cache."""
    talk = [{"role": "user", "content": SENTENCE * 40}]
    answer = model.invoke(talk, max_tokens=8, temperature=0).content
    asked = [{"role": "assistant", "content": answer}, {"role": "user", "content": "When?"}]
    ids = torch.tensor([model._tokens.encode(talk + asked)])  # noqa: SLF001 (the same prompt)

    turns = iter(range(10**6))  # no two prompts alike

    def kept() -> None:
        question = {"role": "user", "content": f"{next(turns)}?"}
        asyncio.run(_stream(model, [*talk, asked[0], question], 1))

    def anew() -> None:
        other = {"role": "user", "content": f"{next(turns)} {talk[0]['content']}"}
        asyncio.run(_stream(model, [other, *asked], 1))

    kinds = {"generate": lambda: _generate(reference, ids, 1), "anew": anew, "kept": kept}
    best = _best(kinds, rounds)
    for name, seconds in best.items():
        ratio = seconds / best["generate"]
        print(f"first token of {ids.shape[1]}  {name:9} {seconds * 1000:7.1f} ms  x{ratio:.2f}")
    return {name: seconds * 1000 for name, seconds in best.items()}


def _best(kinds: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least seconds of each, taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    with torch.inference_mode():
        for _ in range(rounds + 1):
            for name, run in kinds.items():
                begun = time.perf_counter()
                run()
                taken[name].append(time.perf_counter() - begun)
    return {name: min(seconds[1:]) for name, seconds in taken.items()}


def checkpoint(folder: Path) -> PreTrainedModel:
    """Random weights in the starter's shape; control tokens are never the likeliest."""
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns("*.safetensors", MANIFEST))
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.initializer_range, config.dtype = 0.6, torch.float32
    torch.manual_seed(0)
    transformers.utils.logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        model.get_input_embeddings().weight[:16] = 0.0
    model.save_pretrained(folder)
    model.generation_config.eos_token_id = None
    return model


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--streams", default="1,8")
    return parser.parse_args()


if __name__ == "__main__":
    main()
