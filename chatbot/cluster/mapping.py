"""A function over many parts on Ray Data: processes of the cluster, results in order, streamed.

Each process opens the function once, which may load a model, and is given one part after another.
Ray keeps the processes busy, holds results back while they are not taken, and works on a part again
whose machine died. Knows nothing of what the parts are.
"""

import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from chatbot.cluster.joining import go_out, joined

P = TypeVar("P")
R = TypeVar("R")


class _Worker:
    """Opens the function in a process of the cluster and applies it there."""

    def __init__(self, opening: bytes) -> None:
        go_out()
        self._function = pickle.loads(opening)()  # noqa: S301  our own

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = [self._function(pickle.loads(part)) for part in batch["part"]]  # noqa: S301
        return {"result": [pickle.dumps(one) for one in done]}


@contextmanager
def mapped(
    parts: Sequence[P], opening: Callable[[], Callable[[P], R]], processes: int
) -> Iterator[Iterator[R]]:
    """The results of all parts, in order, as they come. `opening` has to be picklable.

    On the cluster in RAY_ADDRESS, as Ray's own commands; without it on this machine. Raises
    Refused.
    """
    with joined(os.environ.get("RAY_ADDRESS", ""), processors=processes):
        yield _results(parts, opening, processes) if parts else iter(())


def _results(
    parts: Sequence[P], opening: Callable[[], Callable[[P], R]], processes: int
) -> Iterator[R]:
    from ray import cloudpickle, data

    for name in ("ray.data", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)  # its progress is not ours
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    pickled = [{"part": pickle.dumps(part)} for part in parts]
    done = data.from_items(pickled, override_num_blocks=len(pickled)).map_batches(
        _Worker,
        batch_size=1,
        fn_constructor_args=(cloudpickle.dumps(opening),),
        compute=data.ActorPoolStrategy(min_size=1, max_size=processes),
        num_cpus=1,
    )
    for row in done.iter_rows():
        yield pickle.loads(row["result"])  # noqa: S301  what our own processes made
