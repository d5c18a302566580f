"""Stage 1 on a whole photo: several scales of the same network, merged into one probability map.

The application does the same in Rust; the rule is written down in `models/README.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from training.support import GRID_PX

# Long side in px above which a coarser level joins.
LEVEL_ABOVE_PX = ((1, 0), (2, 1400), (4, 2800), (8, 10000))
# A coarse hit counts where native probability is at least this share of it.
NATIVE_SUPPORT = 0.4
# A region only coarse levels see counts from about this width; the window is odd.
WIDE_WINDOW_PX = 7


def levels_of(height: int, width: int) -> list[int]:
    """The divisors at which a photo of this size is looked at."""
    return [divisor for divisor, above in LEVEL_ABOVE_PX if divisor == 1 or max(height, width) > above]


def pad_to_grid(x: Tensor) -> Tensor:
    """Mirrors (B, C, H, W) at the bottom and the right up to multiples of 64, repeatedly for tiny photos."""
    height, width = x.shape[-2:]
    target_height, target_width = (math.ceil(side / GRID_PX) * GRID_PX for side in (height, width))

    def mirrored(length: int, target: int) -> Tensor:
        if length == 1:
            return torch.zeros(target, dtype=torch.long)
        period = 2 * (length - 1)
        index = torch.arange(target) % period
        return torch.minimum(index, period - index)

    return x[..., mirrored(height, target_height), :][..., mirrored(width, target_width)]


def merge_levels(native: Tensor, coarse: list[Tensor]) -> Tensor:
    """One probability map (B, 1, H, W) from the native map and coarser ones of any size.

    At every threshold t a pixel is marked when native p >= t, or a coarse p >= t and native p >= 0.4 t, or
    when it lies in a region of coarse p >= t at least about 6 px wide. Never a plain maximum: it fattens lines.
    """
    if not coarse:
        return native
    size = native.shape[-2:]
    ups = [F.interpolate(level, size=size, mode="bilinear", align_corners=False) for level in coarse]
    highest = torch.stack(ups).amax(dim=0)
    pad = WIDE_WINDOW_PX // 2
    narrowed = -F.max_pool2d(-highest, WIDE_WINDOW_PX, stride=1, padding=pad)
    wide = F.max_pool2d(narrowed, WIDE_WINDOW_PX, stride=1, padding=pad)
    supported = torch.minimum(highest, (native / NATIVE_SUPPORT).clamp_max(1.0))
    return torch.maximum(torch.maximum(native, supported), wide)


def detect(run: Callable[[Tensor], Tensor], photo: Tensor, *, levels: list[int] | None = None) -> Tensor:
    """Probability map (1, 1, H, W) of a photo (1, 3, H, W); `run` maps a padded photo to its probability map."""
    height, width = photo.shape[-2:]
    maps = []
    for divisor in levels or levels_of(height, width):
        size = (max(1, round(height / divisor)), max(1, round(width / divisor)))
        scaled = photo if divisor == 1 else F.interpolate(photo, size=size, mode="area")
        maps.append(run(pad_to_grid(scaled))[..., : size[0], : size[1]])
    return merge_levels(maps[0], maps[1:])
