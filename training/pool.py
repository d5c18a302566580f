"""Uses every synthetic crop more than once: pools of batches, shuffled, mirrored and turned; it synthesises nothing."""

from __future__ import annotations

from collections.abc import Iterator
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


def minibatches(pool: Crops, *, batch: int, repeats: int, generator: torch.Generator) -> Iterator[Crops]:
    """Passes over the pool in random order; from the second pass on the crops are turned or mirrored."""
    count = pool.clean.shape[0]
    for repeat in range(repeats):
        order = torch.randperm(count, generator=generator).to(pool.clean.device)
        for chosen in order.split(batch):
            crops = Crops(*(value[chosen] for value in pool))
            turn = int(torch.randint(1, 8, (), generator=generator)) if repeat else 0
            yield turned(crops, turn) if turn else crops
