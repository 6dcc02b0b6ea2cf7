"""A function over many parts on Ray Data: processes of the cluster, results in order, streamed.

Each process opens the function once, which may load a model, and is given one part after another.
Ray keeps the processes busy, holds results back while they are not taken, and works on a part again
whose machine died. Parts and results are texts, so nothing of ours is pickled but the function's
opening, which Ray sends. Knows nothing of what the texts say.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chatbot.cluster.joining import go_out, joined

Work = Callable[[str], str]


class _Worker:
    """Opens the function in a process of the cluster and applies it there."""

    def __init__(self, opening: Callable[[], Work]) -> None:
        go_out()
        self._work = opening()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {"result": [self._work(str(part)) for part in batch["part"]]}


@contextmanager
def mapped(
    parts: Sequence[str], opening: Callable[[], Work], processes: int
) -> Iterator[Iterator[str]]:
    """The results of all parts, in order, as they come. `opening` has to be picklable.

    On the cluster in RAY_ADDRESS, as Ray's own commands; without it on this machine. Raises
    Refused.
    """
    with joined(os.environ.get("RAY_ADDRESS", ""), processors=processes):
        yield _results(parts, opening, processes) if parts else iter(())


def _results(parts: Sequence[str], opening: Callable[[], Work], processes: int) -> Iterator[str]:
    from ray import data

    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)  # its progress is not ours
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    rows = [{"part": part} for part in parts]
    done = data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        _Worker,
        batch_size=1,
        fn_constructor_args=(opening,),
        compute=data.ActorPoolStrategy(min_size=1, max_size=processes),
        num_cpus=1,
    )
    for row in done.iter_rows():
        yield str(row["result"])
