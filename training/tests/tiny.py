"""A small stand-in for the synthesis: generated photos with drawn lines, so that tests need no data folder."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class TinyBatch(NamedTuple):
    """The fields of `training.synthesis.Batch`."""

    clean: Tensor
    clean_no_grain: Tensor
    damaged: Tensor
    target: Tensor
    ignore: Tensor
    width: Tensor
    transmission: Tensor
    noise: Tensor


class TinySynthesizer:
    """Smooth waves with straight half-transparent white lines; deterministic by seed, resumable."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.difficulty = 0.0

    def batch(self, count: int, size: int) -> TinyBatch:
        def random(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=self.generator)

        axis = torch.arange(size, dtype=torch.float32)
        y, x = axis.view(1, 1, size, 1), axis.view(1, 1, 1, size)
        phase, speed = 6.3 * random(count, 3, 1, 1), 0.05 + 0.1 * random(count, 1, 1, 1)
        clean = 0.45 + 0.2 * torch.sin(speed * x + phase) * torch.cos(0.8 * speed * y)
        slope, offset = random(count, 1, 1, 1) - 0.5, size * (0.2 + 0.6 * random(count, 1, 1, 1))
        target = ((y - offset - slope * x).abs() < 2.0).float()
        transmission = 1.0 - 0.7 * target
        grain = 0.005 * torch.randn(clean.shape, generator=self.generator)
        damaged = (clean + grain) * transmission + (1.0 - transmission)
        zero = torch.zeros_like(target)
        return TinyBatch(clean + grain, clean, damaged, target, zero, 4.0 * target, transmission, zero[:, :, :1, :1] + 0.02)

    def state_dict(self) -> dict[str, Tensor]:
        return {"generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.generator.set_state(state["generator"])
