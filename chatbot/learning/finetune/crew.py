"""The processes of a run: one, or those that torchrun or accelerate launch started.

All of them read the same rows and plan the same steps; each computes its share of every step.
Knows accelerate and no rows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn

Item = TypeVar("Item")
Found = TypeVar("Found")


class Crew:
    """`rank` is this process's number, `size` how many there are, `main` whether it is the first.

    `sharded`: weights are spread over the processes (FSDP), and no one holds them all.
    """

    def __init__(self) -> None:
        from accelerate import Accelerator
        from accelerate.utils import DistributedType

        self._accelerator = Accelerator(cpu=not torch.cuda.is_available())
        self.rank = int(self._accelerator.process_index)
        self.size = int(self._accelerator.num_processes)
        self.main = self.rank == 0
        self.device = self._accelerator.device
        self.sharded = self._accelerator.distributed_type == DistributedType.FSDP

    def prepare(self, learner: nn.Module, optimiser: Any) -> tuple[nn.Module, Any]:
        """Both as this process uses them: on its device, wrapped where there are several."""
        made, stepping = self._accelerator.prepare(learner, optimiser)
        return made, stepping

    @contextmanager
    def backward(self, learner: nn.Module, *, last: bool) -> Iterator[None]:
        """Around a forward and backward pass; gradients are exchanged in the last of a step."""
        if last or self.size == 1 or self.sharded:
            yield
            return
        with self._accelerator.no_sync(learner):
            yield

    def clip(self, learner: nn.Module, most: float) -> None:
        """Shorten the gradient to a norm of `most`."""
        self._accelerator.clip_grad_norm_(learner.parameters(), most)

    def sums(self, *values: float) -> list[float]:
        """Each value summed over the processes."""
        if self.size == 1:
            return list(values)
        told = torch.tensor(values, dtype=torch.float64)
        told = told.to(self.device)
        torch.distributed.all_reduce(told)
        return [float(one) for one in told]

    def share(self, items: Sequence[Item], make: Callable[[Item], Found]) -> list[Found]:
        """`make` of every item, in order; each process makes its share. All must call it."""
        if self.size == 1:
            return [make(item) for item in items]
        own = [make(item) for item in items[self.rank :: self.size]]
        every: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(every, own)
        return [every[n % self.size][n // self.size] for n in range(len(items))]

    def agree(self, value: Item) -> Item:
        """What the first process says."""
        if self.size == 1:
            return value
        told: list[Any] = [value]
        torch.distributed.broadcast_object_list(told, src=0)
        agreed: Item = told[0]
        return agreed

    def release(self) -> None:
        """Let go of what was prepared."""
        self._accelerator.free_memory()

    def wait(self) -> None:
        """Until all have come here."""
        self._accelerator.wait_for_everyone()

    def close(self) -> None:
        """End what connects them."""
        if self.size > 1:
            self._accelerator.end_training()
