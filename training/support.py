"""Measures how far a network looks and whether tiles reproduce the whole photo; it trains and exports nothing."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

GRID_PX = 64
# Sizes and tile origins lie on this grid; a halo is a radius rounded up to it.
CONTEXT_STRIDE_PX = 4


class Support(NamedTuple):
    """Measured reach of one output pixel, in px."""

    # Furthest input pixel from the output pixel.
    reach_px: int
    # Furthest input pixel outside the output pixel's own 64-px cell: what a halo must cover.
    radius_px: int
    # `radius_px` rounded up to the grid.
    halo_px: int


def example_inputs(stage: str, height: int, width: int, *, seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    """Made-up inputs of a stage: waves with noise, a mask of lines and blobs, small context values."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(height, dtype=torch.float64).view(1, 1, height, 1)
    x = torch.arange(width, dtype=torch.float64).view(1, 1, 1, width)
    colour = torch.arange(3, dtype=torch.float64).view(1, 3, 1, 1)
    photo = 0.5 + 0.25 * torch.sin(x / 9.0 + colour) * torch.cos(y / 13.0 - colour) + 0.1 * torch.sin((x + 2 * y) / 37.0)
    photo = photo + 0.05 * torch.randn(1, 3, height, width, generator=generator, dtype=torch.float64)
    line = ((x * 0.7 + y * 0.4) % 61.0) < 3.0
    photo = torch.where(line, photo * 0.4 + 0.55, photo)
    photo = (photo.clamp(0.0, 1.0) * 255.0).round() / 255.0
    if stage == "detect":
        return (photo.to(dtype),)
    blob = torch.sin(x / 17.0) * torch.sin(y / 23.0) > 0.93
    mask = (line | blob).to(dtype).expand(1, 1, height, width)
    context = 0.3 * torch.randn(1, 16, height // 4, width // 4, generator=generator, dtype=torch.float64)
    return photo.to(dtype), mask.contiguous(), ((context * 1e4).round() / 1e4).to(dtype)


def measure_support(model: nn.Module, stage: str, *, size: int = 448) -> Support:
    """Follows the gradient of single output pixels back to the inputs, in double precision, on random weights.

    Random weights are used because trained ones can hide a path by a chance zero; the architecture decides.
    """
    probe = copy.deepcopy(model).double().eval()
    randomise(probe)
    inputs = example_inputs(stage, size, size, dtype=torch.float64)
    if stage == "fill":
        # Inside the linear part of the hole's clip, and so little known that every push-pull level is looked at.
        inputs = (inputs[0], 0.85e-4 + 0.1e-4 * torch.rand_like(inputs[1]), inputs[2])
    inputs = tuple(value.requires_grad_() for value in inputs)
    photo_like, second = probe(*inputs)
    outputs = [photo_like, second]
    cell = (size // 2) // GRID_PX * GRID_PX
    reach = radius = 0
    for output in outputs:
        scale = size // output.shape[-1]
        last = cell + GRID_PX - 1
        for y, x in ((cell, cell), (last, last), (cell, last), (cell + 31, cell + 32), (cell + 13, cell + 50)):
            grads = torch.autograd.grad(output[0, :, y // scale, x // scale].sum(), inputs, retain_graph=True, allow_unused=True)
            for value, grad in zip(inputs, grads, strict=True):
                if grad is None:
                    continue
                step = size // value.shape[-1]
                rows, columns = grad[0].abs().sum(0).nonzero(as_tuple=True)
                if rows.numel() == 0:
                    continue
                for axis, pixel in ((rows, y), (columns, x)):
                    low, high = int(axis.min()) * step, int(axis.max()) * step + step - 1
                    reach = max(reach, pixel - low, high - pixel)
                    radius = max(radius, cell - low, high - last)
    return Support(reach, radius, math.ceil(radius / GRID_PX) * GRID_PX)


@torch.no_grad()
def randomise(model: nn.Module) -> None:
    """Fills every parameter with noise that keeps activations alive, so that no path is silent."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        fan_in = max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
        std = math.sqrt(1.5 / fan_in) if parameter.dim() > 1 else 0.1
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * std
        parameter.copy_(noise.to(parameter.dtype))


def tile_difference(run: Callable[..., list[Tensor]], stage: str, halo_px: int, *, size: int = 576) -> float:
    """Largest difference between the whole photo's outputs and those of aligned tiles with this halo.

    A tile in the middle and one at the photo's corner are compared; `run` maps inputs to the stage's outputs.
    """
    inputs = example_inputs(stage, size, size, seed=3)
    whole = run(*inputs)
    worst = 0.0
    for core in (0, (size // 2) // GRID_PX * GRID_PX, size - GRID_PX):
        start, end = max(0, core - halo_px), min(size, core + GRID_PX + halo_px)
        window = []
        for value in inputs:
            step = size // value.shape[-1]
            part = slice(start // step, end // step)
            window.append(value[:, :, part, part].contiguous())
        tile = run(*window)
        for got, want in zip(tile, whole, strict=True):
            step = size // want.shape[-1]
            low, high, offset = core // step, (core + GRID_PX) // step, start // step
            inner = got[:, :, low - offset : high - offset, low - offset : high - offset]
            worst = max(worst, float((inner - want[:, :, low:high, low:high]).abs().max()))
    return worst
