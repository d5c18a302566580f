"""Uses every synthetic crop more than once: pools of batches, shuffled, mirrored and turned; it synthesises nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Crops(NamedTuple):
    """The fields of `training.synthesis.Batch`, (B, C, H, W) each; see there for their meaning."""

    clean: Tensor
    clean_no_grain: Tensor
    damaged: Tensor
    target: Tensor
    ignore: Tensor
    width: Tensor
    transmission: Tensor
    noise: Tensor


def turned(crops: Crops, turn: int) -> Crops:
    """One of the eight mirrorings and quarter turns of square crops."""

    def one(value: Tensor) -> Tensor:
        if turn & 4:
            value = value.flip(-1)
        return value.rot90(turn & 3, (-2, -1)).contiguous()

    return Crops(*(value if value.shape[-1] == 1 else one(value) for value in crops))


def pool_of(synthesizer: Any, *, batches: int, batch: int, crop_px: int) -> Crops:
    """`batches` × `batch` fresh crops."""
    made = [synthesizer.batch(batch, crop_px) for _ in range(batches)]
    return Crops(*(torch.cat([getattr(one, name) for one in made]) for name in Crops._fields))


class PoolMaker:
    """Makes the next pool on a thread while the current one is used; one pool ahead, never more."""

    def __init__(self, synthesizer: Any, *, batches: int, batch: int, crop_px: int) -> None:
        self._synthesizer, self._shape = synthesizer, {"batches": batches, "batch": batch, "crop_px": crop_px}
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="synthesis")
        self._pending: Future[Crops] | None = None
        # The synthesizer's state before the pool that comes next: what a checkpoint between pools must hold.
        self.state = copy.deepcopy(synthesizer.state_dict())

    def next(self, *, difficulty: float) -> Crops:
        """The next pool; the one after it is begun with this difficulty."""
        if self._pending is None:
            self._begin(difficulty)
        pool = self._pending.result()
        self._begin(difficulty)
        return pool

    def _begin(self, difficulty: float) -> None:
        self._synthesizer.difficulty = difficulty
        self.state = copy.deepcopy(self._synthesizer.state_dict())
        self._pending = self._executor.submit(pool_of, self._synthesizer, **self._shape)

    def close(self) -> None:
        """Waits for the pool under way and drops it."""
        self._executor.shutdown(wait=True)


def minibatches(pool: Crops, *, batch: int, repeats: int, generator: torch.Generator) -> Iterator[Crops]:
    """Passes over the pool in random order; from the second pass on the crops are turned or mirrored."""
    count = pool.clean.shape[0]
    for repeat in range(repeats):
        order = torch.randperm(count, generator=generator).to(pool.clean.device)
        for chosen in order.split(batch):
            crops = Crops(*(value[chosen] for value in pool))
            turn = int(torch.randint(1, 8, (), generator=generator)) if repeat else 0
            yield turned(crops, turn) if turn else crops
