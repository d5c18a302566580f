"""Stage 1 on a whole photo: several scales of the same network, merged into one 8-bit probability map.

The application does the same in Rust (`src/restore/merge.rs` and `coarse.rs`); the rule is written down in
`models/README.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.support import GRID_PX

# Long side in px above which a coarser level joins. ×1/2 joins early: it raised AP on 512-px crops from 0.50 to 0.53.
COARSE_ABOVE_PX = (700, 2800, 9000)
# A seed at threshold t grows where native probability is at least this share of t.
GROW_SHARE = 0.4
# A region only a coarse level sees counts from this width in native px.
MIN_WIDTH_PX = 6
# How far native support reaches, in px of the coarse level.
SUPPORT_REACH = 2


def levels_of(height: int, width: int) -> list[int]:
    """The levels at which a photo of this size is looked at, as powers of two; 0 is native."""
    return [0] + [index + 1 for index, above in enumerate(COARSE_ABOVE_PX) if max(height, width) > above]


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


def block_means(photo: Tensor, level: int) -> Tensor:
    """The photo (1, C, H, W) at a level: means of blocks of 2^level px, the last ones possibly cut."""
    step = 1 << level
    return F.avg_pool2d(photo, step, ceil_mode=True, count_include_pad=False)


def reconstruct(marker: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Grey-scale reconstruction by dilation of `marker` under `limit`, 8-connected, u8. Source: L. Vincent 1993."""
    kernel = np.ones((3, 3), np.uint8)
    current = np.minimum(marker, limit)
    while True:
        grown = np.minimum(cv2.dilate(current, kernel, iterations=1), limit)
        if np.array_equal(grown, current):
            return current
        current = grown


def mask_at(native: np.ndarray, threshold: int) -> np.ndarray:
    """`merge_levels(native, []) >= threshold` of a u8 map, found by connected components: quick for one threshold."""
    growth = (np.minimum(native.astype(np.uint16) * 5 // 2, 255) >= threshold).astype(np.uint8)
    count, labels = cv2.connectedComponents(growth, connectivity=8)
    seeded = np.zeros(count, bool)
    seeded[labels[native >= threshold]] = True
    seeded[0] = False
    return seeded[labels]


def _slide(values: np.ndarray, before: int, after: int, *, largest: bool) -> np.ndarray:
    """Largest or smallest value over the square from `before` px left and above to `after` px right and below."""
    kernel = np.ones((before + after + 1,) * 2, np.uint8)
    operation = cv2.dilate if largest else cv2.erode
    return operation(values, kernel, anchor=(before, before))


def coarse_only(coarse: np.ndarray, growth: np.ndarray, reach: int) -> np.ndarray:
    """What only a coarse level (repeated to native size) sees: unsupported regions at least MIN_WIDTH_PX wide."""
    alone = np.where(_slide(growth, reach, reach, largest=True) >= coarse, 0, coarse).astype(np.uint8)
    alone = _slide(alone, 0, MIN_WIDTH_PX - 1, largest=False)
    alone = _slide(alone, MIN_WIDTH_PX - 1, 0, largest=True)
    return np.minimum(_slide(alone, reach, reach, largest=True), coarse)


def merge_levels(native: np.ndarray, coarse: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """One u8 map (H, W) from the native map and pairs of level and coarser map.

    At every threshold t: seeds p >= t on any level grow inside native p >= 0.4 t; a region only a coarse level sees
    counts from 6 native px of width.
    """
    height, width = native.shape
    growth = np.minimum(native.astype(np.uint16) * 5 // 2, 255).astype(np.uint8)
    repeated = [
        (1 << level, np.repeat(np.repeat(values, 1 << level, 0), 1 << level, 1)[:height, :width]) for level, values in coarse
    ]
    marker = native
    for _, values in repeated:
        marker = np.maximum(marker, values)
    merged = reconstruct(marker, growth)
    for step, values in repeated:
        merged = np.maximum(merged, coarse_only(values, growth, SUPPORT_REACH * step))
    return merged


def to_byte_map(probability: Tensor) -> np.ndarray:
    """(1, 1, H, W) in [0, 1] to (H, W) u8."""
    return (probability[0, 0].clamp(0, 1) * 255.0).round().byte().numpy()


def detect(run: Callable[[Tensor], Tensor], photo: Tensor, *, levels: list[int] | None = None) -> Tensor:
    """Merged probability (1, 1, H, W), in steps of 1/255, of a photo (1, 3, H, W).

    `run` maps a photo whose sides are multiples of 64 to its probability (1, 1, H, W).
    """
    maps = []
    for level in levels or levels_of(*photo.shape[-2:]):
        scaled = block_means(photo, level) if level else photo
        height, width = scaled.shape[-2:]
        maps.append((level, to_byte_map(run(pad_to_grid(scaled))[..., :height, :width])))
    merged = merge_levels(maps[0][1], maps[1:])
    return torch.from_numpy(merged.astype(np.float32) / 255.0)[None, None]
